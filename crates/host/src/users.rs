//! Users who are known by a password: a file with a line `NAME:HASH` for each.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

/// Most bytes of a file of users.
const MAX_BYTES: u64 = 1 << 20;
/// Longest name of a user, in bytes.
const MAX_NAME: usize = 64;
/// Longest password, in bytes: hashing a longer one would be work for nothing.
pub(crate) const MAX_PASSWORD: usize = 1 << 10;

/// Why a file of users cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UsersError {
    /// It cannot be read or written.
    #[error("cannot use {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// Others may write it, so they could let themselves in.
    #[error("others may write {}: chmod 600 it", .0.display())]
    Open(PathBuf),
    /// A line is not `NAME:HASH`.
    #[error("line {line} of {} is not NAME:HASH as winsta passwd writes it", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Number of the line, from 1.
        line: usize,
    },
    /// No name for a user.
    #[error("a user's name has 1 to {MAX_NAME} bytes, and no colon or control character")]
    Name,
    /// No password.
    #[error("a password has 1 to {MAX_PASSWORD} bytes")]
    Password,
    /// The password cannot be hashed.
    #[error("the password cannot be hashed: {0}")]
    Hash(String),
}

/// Users and the hashes of their passwords.
#[derive(Debug)]
pub(crate) struct Users {
    hashes: HashMap<String, PasswordHash>,
    /// What the password of somebody unknown is compared with, so that it takes as long.
    nobody: PasswordHash,
}

impl Users {
    /// Reads a file.
    pub(crate) fn load(path: &Path) -> Result<Self, UsersError> {
        let hashes = lines(path)?.into_iter().enumerate();
        let hashes = hashes.map(|(at, (name, hash))| {
            let hash = PasswordHash::new(&hash).map_err(|_| UsersError::Line {
                path: path.to_owned(),
                line: at + 1,
            })?;
            Ok((name, hash))
        });
        Ok(Self {
            hashes: hashes.collect::<Result<_, UsersError>>()?,
            nobody: hashed("nobody has this password")?,
        })
    }

    /// Whether `name` is a user with this password. Takes tens of milliseconds, as it should.
    pub(crate) fn check(&self, name: &str, password: &str) -> bool {
        let known = self.hashes.get(name);
        let hash = known.unwrap_or(&self.nobody);
        let same = Argon2::default().verify_password(password.as_bytes(), hash);
        same.is_ok() && known.is_some()
    }
}

/// Gives a user a password: adds the user to the file, or replaces the password there.
pub fn set_password(path: &Path, name: &str, password: &str) -> Result<(), UsersError> {
    let is_name = (1..=MAX_NAME).contains(&name.len());
    if !is_name || name.chars().any(|c| c == ':' || c.is_control()) {
        return Err(UsersError::Name);
    }
    if !(1..=MAX_PASSWORD).contains(&password.len()) {
        return Err(UsersError::Password);
    }
    let io = |source| UsersError::Io {
        path: path.to_owned(),
        source,
    };
    let mut users = match lines(path) {
        Ok(users) => users,
        Err(UsersError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            Vec::new()
        }
        Err(error) => return Err(error),
    };
    users.retain(|(other, _)| other != name);
    users.push((name.to_owned(), hashed(password)?.to_string()));
    let lines = users
        .iter()
        .map(|(name, hash)| [name.as_str(), ":", hash, "\n"].concat());
    let text: String = lines.collect();
    // Whole or not at all, and never for others to read.
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let mut options = fs::OpenOptions::new();
    let file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new);
    let mut file = file.map_err(io)?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(io)?;
    fs::rename(&new, path).map_err(io)
}

fn hashed(password: &str) -> Result<PasswordHash, UsersError> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map_err(|error| UsersError::Hash(error.to_string()))
}

fn lines(path: &Path) -> Result<Vec<(String, String)>, UsersError> {
    let io = |source| UsersError::Io {
        path: path.to_owned(),
        source,
    };
    let file = fs::File::open(path).map_err(io)?;
    if file.metadata().map_err(io)?.permissions().mode() & 0o022 != 0 {
        return Err(UsersError::Open(path.to_owned()));
    }
    let mut text = String::new();
    file.take(MAX_BYTES).read_to_string(&mut text).map_err(io)?;
    let pairs = text.lines().enumerate().map(|(at, line)| {
        let pair = line.split_once(':');
        let pair = pair.ok_or_else(|| UsersError::Line {
            path: path.to_owned(),
            line: at + 1,
        })?;
        Ok((pair.0.to_owned(), pair.1.to_owned()))
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_set_replaced_and_checked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users");
        set_password(&path, "ann", "first").unwrap();
        set_password(&path, "bob", "b\u{e9}:b").unwrap();
        set_password(&path, "ann", "second").unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 2);
        assert!(!text.contains("second"), "{text}");
        let users = Users::load(&path).unwrap();
        for (name, password, good) in [
            ("ann", "second", true),
            ("ann", "first", false),
            ("bob", "b\u{e9}:b", true),
            ("bob", "", false),
            ("eve", "nobody has this password", false),
        ] {
            assert_eq!(users.check(name, password), good, "{name} {password}");
        }
    }

    #[test]
    fn what_is_no_file_of_users_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users");
        for name in ["", "a:b", "a\nb", &"x".repeat(65)] {
            assert!(matches!(
                set_password(&path, name, "p"),
                Err(UsersError::Name)
            ));
        }
        assert!(matches!(
            set_password(&path, "a", ""),
            Err(UsersError::Password)
        ));
        assert!(!path.exists(), "nothing has changed");
        for text in ["ann", "ann:", "ann:plain"] {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            assert!(
                matches!(Users::load(&path), Err(UsersError::Line { line: 1, .. })),
                "{text}"
            );
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(matches!(Users::load(&path), Err(UsersError::Open(_))));
    }
}
