//! The machines that are known, from the files that say so.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use winsta_client::tls::Keys;
use winsta_client::{Dirs, SshSettings};
use winsta_inventory::{HostsFile, Inventory, Ssh, ansible};

use crate::report::Failure;

/// Names another file than those in the configuration folders.
const HOSTS_VAR: &str = "WINSTA_HOSTS";
/// Name of the file.
const FILE: &str = "hosts.toml";

/// What the files say.
pub(crate) struct Known {
    /// Hosts and groups.
    pub(crate) inventory: Inventory,
    /// How ssh is run.
    pub(crate) ssh: SshSettings,
    /// What this user has for hosts that are reached over TLS.
    pub(crate) keys: Keys,
    /// The files that were read.
    read: Vec<PathBuf>,
}

impl Known {
    /// Where hosts and groups can be looked up.
    pub(crate) fn hint(&self) -> String {
        match self.read.as_slice() {
            [] => format!("hosts and groups are defined in {}", wanted()),
            files => {
                let files: Vec<_> = files
                    .iter()
                    .map(|file| file.display().to_string())
                    .collect();
                format!(
                    "'winsta query termserver' lists those of {}",
                    files.join(" and ")
                )
            }
        }
    }
}

/// Reads the files. The user's own says first how a host is reached, then the system's, then
/// inventories that they name.
pub(crate) fn load() -> Result<Known, Failure> {
    let dirs = Dirs::from_env()
        .map_err(|error| Failure::local("there is no place for ssh's sockets", &error))?;
    let mut known = Known {
        inventory: Inventory::default(),
        ssh: SshSettings::new(dirs.runtime()),
        keys: Keys::of(&dirs),
        read: Vec::new(),
    };
    // ssh's masters get a folder in it.
    dirs.prepare_runtime()
        .map_err(|error| Failure::local("there is no place for ssh's sockets", &error))?;
    let mut ssh = Ssh::default();
    for path in files() {
        let Some(text) = read(&path)? else {
            continue;
        };
        let file = HostsFile::parse(&text, &path.display().to_string());
        let file = file.map_err(|error| wrong(&path, &error))?;
        let add = known.inventory.add(file.definitions);
        add.map_err(|error| wrong(&path, &error))?;
        let folder = path.parent().unwrap_or(Path::new("/"));
        let config = file.ssh.config.map(|config| beside(folder, &config));
        ssh.program = ssh.program.or(file.ssh.program);
        known.ssh.config = known.ssh.config.or(config);
        for other in &file.inventories {
            add_ansible(&mut known, &beside(folder, other))?;
        }
        known.read.push(path);
    }
    if let Some(program) = ssh.program {
        known.ssh.program = program.into();
    }
    Ok(known)
}

/// A path as the file in `folder` means it.
fn beside(folder: &Path, path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest),
        _ => folder.join(path),
    }
}

fn add_ansible(known: &mut Known, path: &Path) -> Result<(), Failure> {
    let Some(text) = read(path)? else {
        return Err(Failure::local(
            format!("cannot read the inventory {}", path.display()),
            &"there is no such file",
        ));
    };
    let definitions = ansible::parse(&text, &path.display().to_string());
    let definitions = definitions.map_err(|error| wrong(path, &error))?;
    let add = known.inventory.add(definitions);
    add.map_err(|error| wrong(path, &error))?;
    known.read.push(path.to_owned());
    Ok(())
}

fn read(path: &Path) -> Result<Option<String>, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::local(
            format!("cannot read the inventory {}", path.display()),
            &error,
        )),
    }
}

fn wrong(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    let text = error.to_string();
    let place = path.display().to_string();
    if text.starts_with(&place) {
        Failure::usage(text)
    } else {
        Failure::usage(format!("{place}: {text}"))
    }
}

fn files() -> Vec<PathBuf> {
    if let Some(path) = std::env::var_os(HOSTS_VAR) {
        return vec![path.into()];
    }
    own_folder()
        .into_iter()
        .map(|folder| folder.join("winsta").join(FILE))
        .chain([Path::new("/etc/winsta").join(FILE)])
        .collect()
}

fn own_folder() -> Option<PathBuf> {
    let absolute = |name| {
        let path = PathBuf::from(std::env::var_os(name)?);
        path.is_absolute().then_some(path)
    };
    absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join(".config")))
}

fn wanted() -> String {
    let files: Vec<_> = files()
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    files.join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_the_file_that_names_them() {
        let seen = |path| beside(Path::new("/etc/winsta"), path);
        assert_eq!(seen("/etc/ansible/hosts"), Path::new("/etc/ansible/hosts"));
        assert_eq!(seen("hosts.ini"), Path::new("/etc/winsta/hosts.ini"));
        if let Some(home) = std::env::var_os("HOME") {
            assert_eq!(seen("~/fleet"), Path::new(&home).join("fleet"));
        }
    }
}
