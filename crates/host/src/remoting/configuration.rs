//! Session configurations: a file for each, read whenever one is needed.
//!
//! A file that cannot be read or understood is a configuration that nobody can use, and touches no
//! other. All functions here look at files and directories of users, and may block.

mod file;
pub(crate) mod requests;

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use nix::libc;
use winsta_api::{ConfigurationSettings, NewConfiguration, SessionConfiguration};

use self::file::{BadValue, Mistake};
use super::limits::Limits;

/// The session configuration that every host has.
pub(super) const BUILT_IN: &str = "Microsoft.PowerShell";
/// Where the files are, beside the host's configuration.
const FOLDER: &str = "session-configurations";
/// Most bytes of a file.
const MAX_BYTES: u64 = 64 << 10;
/// Longest name, in bytes.
const MAX_NAME: usize = 64;
/// Most files that are looked at.
const MAX_FILES: usize = 10_000;

/// All session configurations of a host.
#[derive(Clone, Debug)]
pub(crate) struct Catalogue(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    limits: Limits,
    /// Name of the user whose host it is.
    owner: String,
    /// Held while a file is written.
    writing: Mutex<()>,
}

/// Why a session configuration cannot be had or changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CatalogueError {
    /// There is none of this name.
    #[error("there is no session configuration {0}")]
    None(String),
    /// There is one of this name.
    #[error("there is a session configuration {0} already")]
    Exists(String),
    /// No configuration can have this name.
    #[error(
        "{0:?} cannot be the name of a session configuration: letters, digits, -, _ and . can be in it, \
         at most 64, and no dot comes first"
    )]
    Name(String),
    /// The built-in one has no file that could be removed.
    #[error("{BUILT_IN} is built in and cannot be removed, only disabled")]
    BuiltIn,
    /// A value that a property cannot have.
    #[error(transparent)]
    Value(#[from] BadValue),
    /// A file that is not as it should be.
    #[error("{}, {mistake}", path.display())]
    Mistake { path: PathBuf, mistake: Mistake },
    /// A file that cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

type Result<T> = std::result::Result<T, CatalogueError>;

impl Catalogue {
    /// Those beside the configuration file in `folder`, of a host of user `owner` with these limits.
    pub(super) fn new(folder: &Path, limits: Limits, owner: &str) -> Self {
        Self(Arc::new(Inner {
            folder: folder.join(FOLDER),
            limits,
            owner: owner.to_owned(),
            writing: Mutex::default(),
        }))
    }

    /// The host's own limits, under which command shells are.
    pub(super) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// All, by name.
    pub(super) fn list(&self) -> Result<Vec<SessionConfiguration>> {
        let mut names = self.names()?;
        if !names.iter().any(|name| is_built_in(name)) {
            names.push(BUILT_IN.to_owned());
        }
        names.sort_by_key(|name| name.to_ascii_lowercase());
        Ok(names.iter().map(|name| self.described(name)).collect())
    }

    /// The one of this name, in any case.
    pub(super) fn find(&self, name: &str) -> Result<SessionConfiguration> {
        match self.known(name)? {
            Some(known) => Ok(self.described(&known)),
            None if is_built_in(name) => Ok(self.described(BUILT_IN)),
            None => Err(CatalogueError::None(name.to_owned())),
        }
    }

    /// Makes one.
    pub(super) fn create(&self, new: &NewConfiguration) -> Result<SessionConfiguration> {
        let name = &new.name;
        if !is_name(name) {
            return Err(CatalogueError::Name(name.clone()));
        }
        file::check(&new.settings, &self.0.owner)?;
        let _writing = self.writing();
        if self.known(name)?.is_some() || is_built_in(name) {
            return Err(CatalogueError::Exists(name.clone()));
        }
        self.write(name, "", &new.settings)?;
        Ok(self.described(name))
    }

    /// Changes one.
    pub(super) fn change(
        &self,
        name: &str,
        changes: &ConfigurationSettings,
    ) -> Result<SessionConfiguration> {
        file::check(changes, &self.0.owner)?;
        let _writing = self.writing();
        let (name, text) = match self.known(name)? {
            Some(known) => {
                let text = read(&self.path(&known)).map_err(self.failed(&known))?;
                (known, text)
            }
            None if is_built_in(name) => (BUILT_IN.to_owned(), String::new()),
            None => return Err(CatalogueError::None(name.to_owned())),
        };
        self.write(&name, &text, changes)?;
        Ok(self.described(&name))
    }

    /// Removes one; gives it as it was.
    pub(super) fn remove(&self, name: &str) -> Result<SessionConfiguration> {
        let _writing = self.writing();
        let Some(known) = self.known(name)? else {
            return Err(if is_built_in(name) {
                CatalogueError::BuiltIn
            } else {
                CatalogueError::None(name.to_owned())
            });
        };
        let was = self.described(&known);
        fs::remove_file(self.path(&known)).map_err(self.failed(&known))?;
        Ok(was)
    }

    fn writing(&self) -> std::sync::MutexGuard<'_, ()> {
        self.0
            .writing
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.folder.join(format!("{name}.toml"))
    }

    fn failed(&self, name: &str) -> impl FnOnce(io::Error) -> CatalogueError {
        let path = self.path(name);
        |source| CatalogueError::Io { path, source }
    }

    /// Names that have a file.
    fn names(&self) -> Result<Vec<String>> {
        let entries = match fs::read_dir(&self.0.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => {
                let path = self.0.folder.clone();
                return Err(CatalogueError::Io { path, source });
            }
        };
        let names = entries.take(MAX_FILES).filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            let name = name.strip_suffix(".toml")?;
            is_name(name).then(|| name.to_owned())
        });
        Ok(names.collect())
    }

    /// The name as its file has it.
    fn known(&self, name: &str) -> Result<Option<String>> {
        if !is_name(name) {
            return Ok(None);
        }
        let mut names = self.names()?;
        names.retain(|known| known.eq_ignore_ascii_case(name));
        names.sort();
        let exact = names.iter().position(|known| known == name);
        Ok(names.into_iter().nth(exact.unwrap_or_default()))
    }

    /// One as it holds; with the problem of its file, if it has one.
    fn described(&self, name: &str) -> SessionConfiguration {
        let described = match self.settings(name) {
            Ok(settings) => file::resolve(name, &self.0.limits, settings),
            Err(error) => SessionConfiguration {
                enabled: false,
                problem: Some(error.to_string()),
                ..self.0.limits.configuration(name)
            },
        };
        SessionConfiguration {
            built_in: is_built_in(name),
            ..described
        }
    }

    fn settings(&self, name: &str) -> Result<ConfigurationSettings> {
        let path = self.path(name);
        let text = match read(&path) {
            Ok(text) => text,
            Err(error) if is_built_in(name) && error.kind() == io::ErrorKind::NotFound => {
                return Ok(ConfigurationSettings::default());
            }
            Err(source) => return Err(CatalogueError::Io { path, source }),
        };
        let settings = file::parse(&text, &self.0.owner);
        settings.map_err(|mistake| CatalogueError::Mistake { path, mistake })
    }

    /// Writes a file: the whole of it or nothing. A change that leaves a mistake in it is none.
    fn write(&self, name: &str, text: &str, changes: &ConfigurationSettings) -> Result<()> {
        let path = self.path(name);
        let edited = file::edit(text, changes)
            .and_then(|text| file::parse(&text, &self.0.owner).map(|_| text));
        let edited = edited.map_err(|mistake| CatalogueError::Mistake {
            path: path.clone(),
            mistake,
        })?;
        let new = self.0.folder.join(format!(".{name}.new"));
        let written = fs::DirBuilder::new()
            .mode(0o755)
            .recursive(true)
            .create(&self.0.folder)
            .and_then(|()| {
                let mut options = fs::OpenOptions::new();
                options.write(true).create(true).truncate(true).mode(0o644);
                let mut file = options.open(&new)?;
                file.write_all(edited.as_bytes())?;
                file.sync_all()?;
                fs::rename(&new, &path)
            });
        written.map_err(|source| CatalogueError::Io { path, source })
    }
}

fn is_built_in(name: &str) -> bool {
    name.eq_ignore_ascii_case(BUILT_IN)
}

fn is_name(name: &str) -> bool {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=MAX_NAME).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(is_good)
}

fn read(path: &Path) -> io::Result<String> {
    let mut options = fs::OpenOptions::new();
    // A pipe in its place shall not be waited for.
    let file = options
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)?;
    let about = file.metadata()?;
    if !about.is_file() || about.len() > MAX_BYTES {
        let why = format!("this is no file of at most {MAX_BYTES} bytes");
        return Err(io::Error::other(why));
    }
    let mut text = String::new();
    file.take(MAX_BYTES).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(name: &str, max_shells: u32) -> NewConfiguration {
        NewConfiguration {
            name: name.to_owned(),
            settings: ConfigurationSettings {
                max_shells: Some(max_shells),
                ..ConfigurationSettings::default()
            },
        }
    }

    fn catalogue() -> (tempfile::TempDir, Catalogue) {
        let folder = tempfile::tempdir().unwrap();
        let catalogue = Catalogue::new(folder.path(), Limits::default(), "ann");
        (folder, catalogue)
    }

    #[test]
    fn they_come_change_and_go() {
        let (_folder, all) = catalogue();
        assert_eq!(all.list().unwrap().len(), 1, "the built-in one");
        assert_eq!(all.create(&new("ITTasks", 3)).unwrap().max_shells, 3);
        assert!(matches!(
            all.create(&new("ittasks", 4)),
            Err(CatalogueError::Exists(_))
        ));
        let changed = all.change("ITTASKS", &new("", 5).settings).unwrap();
        assert_eq!((changed.name.as_str(), changed.max_shells), ("ITTasks", 5));
        assert_eq!(all.find("itTasks").unwrap(), changed);
        let names: Vec<_> = all.list().unwrap().into_iter().map(|c| c.name).collect();
        assert_eq!(names, ["ITTasks", BUILT_IN]);
        assert_eq!(all.remove("ITTasks").unwrap().max_shells, 5);
        assert!(matches!(all.find("ITTasks"), Err(CatalogueError::None(_))));
    }

    #[test]
    fn the_built_in_one_is_always_there() {
        let (_folder, all) = catalogue();
        assert!(matches!(all.remove(BUILT_IN), Err(CatalogueError::BuiltIn)));
        let changed = all.change("microsoft.powershell", &new("", 2).settings);
        assert_eq!(changed.unwrap().max_shells, 2);
        assert!(all.find(BUILT_IN).unwrap().built_in);
        all.remove(BUILT_IN).unwrap();
        assert_eq!(all.find(BUILT_IN).unwrap().max_shells, 25);
    }

    #[test]
    fn bad_values_and_names_change_nothing() {
        let (folder, all) = catalogue();
        for name in ["", "..", ".x", "a/b", "a b", "\u{e9}", &"x".repeat(65)] {
            assert!(
                matches!(all.create(&new(name, 1)), Err(CatalogueError::Name(_))),
                "{name}"
            );
            assert!(
                matches!(all.find(name), Err(CatalogueError::None(_))),
                "{name}"
            );
        }
        assert!(matches!(
            all.create(&new("x", 0)),
            Err(CatalogueError::Value(_))
        ));
        assert!(!folder.path().join(FOLDER).exists());
        let mut first = new("x", 1);
        first.settings.max_idle_timeout_ms = Some(60_000);
        all.create(&first).unwrap();
        let longer = ConfigurationSettings {
            idle_timeout_ms: Some(70_000),
            ..ConfigurationSettings::default()
        };
        let refused = all.change("x", &longer).unwrap_err();
        assert!(
            refused.to_string().contains("line 3: idle_timeout_ms is"),
            "{refused}"
        );
        assert_eq!(all.find("x").unwrap().idle_timeout_ms, 60_000);
    }

    #[test]
    fn a_broken_file_is_a_problem_of_its_own() {
        let (folder, all) = catalogue();
        all.create(&new("good", 1)).unwrap();
        let broken = folder.path().join(FOLDER).join("bad.toml");
        fs::write(&broken, "max_shells = 1\nwhat = 2\n").unwrap();
        fs::create_dir(folder.path().join(FOLDER).join("folder.toml")).unwrap();
        let listed = all.list().unwrap();
        let problems: Vec<_> = listed.iter().map(|c| c.problem.is_some()).collect();
        assert_eq!(
            problems,
            [true, true, false, false],
            "bad, folder, good, built-in"
        );
        let problem = listed.into_iter().next().and_then(|c| c.problem).unwrap();
        assert!(
            problem.starts_with(&format!("{}, line 2: ", broken.display())),
            "{problem}"
        );
        assert!(all.change("bad", &new("", 2).settings).is_err());
        fs::write(&broken, "x".repeat(70_000)).unwrap();
        assert!(all.find("bad").unwrap().problem.unwrap().contains("65536"));
    }
}
