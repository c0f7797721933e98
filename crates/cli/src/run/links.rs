//! `install-links`, and what stands behind the link `reset`.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::grammar::unix::InstallLinks;
use crate::output;
use crate::report::{Exit, Failure, Outcome, Text};
use crate::tools::{Execute, links};

impl Execute for InstallLinks {
    fn execute(self) -> Outcome {
        let program = env::current_exe()
            .map_err(|error| Failure::local("cannot find this program", &error))?;
        let made = install(&self.dir, &program)?;
        let lines: Vec<String> = made
            .iter()
            .map(|link| format!("{} -> {}\n", link.display(), program.display()))
            .collect();
        output::text(&lines.concat()).map(|()| Exit::Done)
    }
}

/// Makes the links, or none if a name is taken by something else.
fn install(dir: &Path, program: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |path: &Path| {
        let what = format!("cannot make a link at {}", path.display());
        move |error: io::Error| Failure::local(what.as_str(), &error)
    };
    fs::create_dir_all(dir).map_err(failed(dir))?;
    let paths: Vec<PathBuf> = links().map(|name| dir.join(name)).collect();
    let mut foreign = Vec::new();
    for path in &paths {
        if is_foreign(path, program).map_err(failed(path))? {
            foreign.push(format!("\n  {}", path.display()));
        }
    }
    if !foreign.is_empty() {
        return Err(Failure {
            exit: Exit::Refused,
            text: Text::Error(format!(
                "no link was made: these names are taken by other files:{}",
                foreign.concat()
            )),
            hint: Some("choose another folder, or remove them yourself".to_owned()),
        });
    }
    for path in &paths {
        match fs::remove_file(path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(path)(error)),
        }
        symlink(program, path).map_err(failed(path))?;
    }
    Ok(paths)
}

/// Whether a name is taken by anything but a link to a program of this name.
fn is_foreign(path: &Path, program: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => {
            Ok(fs::read_link(path)?.file_name() != program.file_name())
        }
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Becomes the next `reset` on the search path, which puts a terminal in order.
pub(crate) fn terminal_reset(args: &[OsString]) -> Outcome {
    let own = env::current_exe().ok();
    let path = env::var_os("PATH").unwrap_or_default();
    let others = env::split_paths(&path)
        .map(|dir| dir.join("reset"))
        .filter(|program| fs::canonicalize(program).ok() != own)
        .find(|program| program.is_file());
    let Some(program) = others else {
        return Err(Failure::usage("reset: what? RESET { SESSION }"));
    };
    let error = Command::new(&program).args(args).exec();
    Err(Failure::local(
        format!("cannot run {}", program.display()),
        &error,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_files_are_never_touched_and_own_links_renewed() {
        let dir = env::temp_dir().join(format!("winsta-links-{}", std::process::id()));
        let program = Path::new("/opt/winsta/winsta");
        let made = install(&dir, program).unwrap();
        assert_eq!(made.len(), links().count());
        assert_eq!(fs::read_link(dir.join("qwinsta")).unwrap(), program);

        let newer = Path::new("/usr/bin/winsta");
        install(&dir, newer).unwrap();
        assert_eq!(fs::read_link(dir.join("query")).unwrap(), newer);

        fs::remove_file(dir.join("msg")).unwrap();
        fs::write(dir.join("msg"), "mine").unwrap();
        let refused = install(&dir, program).unwrap_err();
        assert_eq!(refused.exit, Exit::Refused);
        assert_eq!(fs::read_to_string(dir.join("msg")).unwrap(), "mine");
        assert_eq!(fs::read_link(dir.join("query")).unwrap(), newer);

        fs::remove_file(dir.join("msg")).unwrap();
        symlink("/bin/other", dir.join("msg")).unwrap();
        assert_eq!(install(&dir, program).unwrap_err().exit, Exit::Refused);
        fs::remove_dir_all(&dir).unwrap();
    }
}
