//! Certificates that stand for users of the machine, and the tokens with which they come to be: files
//! of root's, which the helper reads for each claim.

use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::time::Duration;

use nix::unistd::User;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use winsta_api::Trusted;
use winsta_client::Dirs;
use winsta_client::tls::files::{self, FileError};
use winsta_client::tls::{Fingerprint, Secret};
use winsta_domain::Timestamp;

use crate::clock;

/// Most tokens that wait to be used.
const MAX_TOKENS: usize = 32;
/// Most certificates.
const MAX_ENROLLED: usize = 1_024;

/// Whom the machine's gateway knows by their certificates.
#[derive(Clone, Debug)]
pub struct Enrolled {
    folder: PathBuf,
}

/// A token that was given out and has not come back: never the secret itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Pending {
    hash: String,
    until: Timestamp,
    user: String,
}

/// Why nothing is enrolled, or no token given.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// A file cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// The machine does not know the user.
    #[error("the machine has no user {0}")]
    User(String),
    /// There are too many.
    #[error("{0}")]
    Full(&'static str),
    /// No secret can be made.
    #[error("the machine has no random numbers")]
    Random,
}

impl Enrolled {
    /// Those of this machine's gateway; root's to read and to change.
    pub fn of_machine() -> Self {
        Self {
            folder: Dirs::system().state().join("gateway"),
        }
    }

    /// A secret, good once and for this long, with which somebody's certificate comes to stand for
    /// a user; and until when.
    pub fn token(&self, user: &str, life: Duration) -> Result<(Secret, Timestamp), EnrolError> {
        let known = User::from_name(user).ok().flatten();
        let user = known.ok_or_else(|| EnrolError::User(user.to_owned()))?.name;
        let secret = Secret::random().ok_or(EnrolError::Random)?;
        let life = u64::try_from(life.as_millis()).unwrap_or(u64::MAX);
        let until = Timestamp(clock::now().0.saturating_add(life));
        let _alone = self.lock()?;
        let mut tokens = self.tokens()?;
        if tokens.len() >= MAX_TOKENS {
            return Err(EnrolError::Full(
                "as many tokens as there may be wait to be used",
            ));
        }
        tokens.push(Pending {
            hash: secret.hash().to_string(),
            until,
            user,
        });
        self.write("tokens", &tokens)?;
        Ok((secret, until))
    }

    /// Has a certificate stand for the user of the token that has this secret; `None` if there is no
    /// such token. It is used up by that.
    pub(super) fn enrol(
        &self,
        secret: &Secret,
        certificate: Fingerprint,
        name: &str,
        from: String,
    ) -> Result<Option<Trusted>, EnrolError> {
        let hash = secret.hash();
        let _alone = self.lock()?;
        let mut tokens = self.tokens()?;
        let same = |token: &Pending| token.hash.parse() == Ok(hash);
        let Some(at) = tokens.iter().position(same) else {
            return Ok(None);
        };
        let entry = Trusted {
            fingerprint: certificate.to_string(),
            name: name.to_owned(),
            user: Some(tokens.remove(at).user),
            since: clock::now().rfc3339().to_string(),
            from,
        };
        let mut enrolled = self.list()?;
        enrolled.retain(|other| other.fingerprint != entry.fingerprint);
        if enrolled.len() >= MAX_ENROLLED {
            return Err(EnrolError::Full(
                "as many certificates as there may be are enrolled",
            ));
        }
        enrolled.push(entry.clone());
        // First the token: what fails in between is asked for once more.
        self.write("tokens", &tokens)?;
        self.write("trusted", &enrolled)?;
        Ok(Some(entry))
    }

    /// The user for whom this certificate stands.
    pub(super) fn who(&self, certificate: Fingerprint) -> Result<Option<String>, EnrolError> {
        let enrolled = self.list()?.into_iter();
        let mut same = enrolled.filter(|entry| entry.fingerprint.parse() == Ok(certificate));
        Ok(same.next().and_then(|entry| entry.user))
    }

    /// All certificates that are enrolled, oldest first.
    pub fn list(&self) -> Result<Vec<Trusted>, EnrolError> {
        self.read("trusted")
    }

    /// Takes a certificate off the list; `false` if it is not on it.
    pub fn remove(&self, fingerprint: &str) -> Result<bool, EnrolError> {
        let _alone = self.lock()?;
        let mut enrolled = self.list()?;
        let before = enrolled.len();
        enrolled.retain(|entry| entry.fingerprint != fingerprint);
        let is_gone = enrolled.len() < before;
        if is_gone {
            self.write("trusted", &enrolled)?;
        }
        Ok(is_gone)
    }

    /// Tokens that are good still.
    fn tokens(&self) -> Result<Vec<Pending>, EnrolError> {
        let mut tokens: Vec<Pending> = self.read("tokens")?;
        let now = clock::now();
        tokens.retain(|token| token.until > now);
        Ok(tokens)
    }

    fn path(&self, what: &str) -> PathBuf {
        self.folder.join(what).with_extension("json")
    }

    /// Keeps other processes from changing anything, and makes the folder if need be.
    fn lock(&self) -> Result<std::fs::File, EnrolError> {
        let mut folder = std::fs::DirBuilder::new();
        match folder.mode(0o700).create(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(FileError::at(&self.folder)(error).into());
            }
            Ok(()) | Err(_) => {}
        }
        Ok(files::lock(&self.path("trusted"))?)
    }

    fn read<T: DeserializeOwned>(&self, what: &str) -> Result<Vec<T>, EnrolError> {
        let path = self.path(what);
        let Some(text) = files::read(&path)? else {
            return Ok(Vec::new());
        };
        let list = serde_json::from_str(&text);
        // Taken for empty, it would be written over.
        Ok(list.map_err(|error| FileError::at(&path)(error.into()))?)
    }

    fn write(&self, what: &str, list: &impl Serialize) -> Result<(), EnrolError> {
        let text = serde_json::to_string_pretty(list).unwrap_or_default();
        Ok(files::replace(&self.path(what), &text)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Duration = Duration::from_secs(600);

    fn empty() -> (tempfile::TempDir, Enrolled) {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("gateway");
        (base, Enrolled { folder })
    }

    fn me() -> String {
        let user = User::from_uid(nix::unistd::Uid::effective());
        user.unwrap().unwrap().name
    }

    #[test]
    fn a_token_is_good_once_for_one_user() {
        let (_base, enrolled) = empty();
        let certificate = Fingerprint::of(b"a certificate");
        assert_eq!(enrolled.who(certificate).unwrap(), None);
        let (secret, until) = enrolled.token(&me(), LIFE).unwrap();
        assert!(until > clock::now());
        let text = std::fs::read_to_string(enrolled.path("tokens")).unwrap();
        assert!(!text.contains(&secret.reveal()), "{text}");
        let other = Secret::random().unwrap();
        let enrol = |secret: &Secret| {
            let from = "192.0.2.1".to_owned();
            enrolled.enrol(secret, certificate, "laptop", from).unwrap()
        };
        assert_eq!(enrol(&other), None);
        let entry = enrol(&secret).unwrap();
        assert_eq!((entry.name.as_str(), entry.user), ("laptop", Some(me())));
        assert_eq!(enrol(&secret), None, "it is used up");
        assert_eq!(enrolled.who(certificate).unwrap(), Some(me()));
        assert_eq!(enrolled.who(Fingerprint::of(b"another")).unwrap(), None);
        assert!(enrolled.remove(&entry.fingerprint).unwrap());
        assert!(!enrolled.remove(&entry.fingerprint).unwrap());
        assert_eq!(enrolled.who(certificate).unwrap(), None);
    }

    #[test]
    fn tokens_grow_old_and_have_an_end() {
        let (_base, enrolled) = empty();
        let (old, _) = enrolled.token(&me(), Duration::ZERO).unwrap();
        let certificate = Fingerprint::of(b"a certificate");
        let late = enrolled.enrol(&old, certificate, "laptop", String::new());
        assert_eq!(late.unwrap(), None);
        for _ in 0..MAX_TOKENS {
            enrolled.token(&me(), LIFE).unwrap();
        }
        let full = enrolled.token(&me(), LIFE);
        assert!(matches!(full, Err(EnrolError::Full(_))), "{full:?}");
        let nobody = enrolled.token("no-such-user", LIFE);
        assert!(matches!(nobody, Err(EnrolError::User(_))), "{nobody:?}");
    }

    #[test]
    fn a_list_that_cannot_be_read_is_not_taken_for_empty() {
        let (_base, enrolled) = empty();
        let (secret, _) = enrolled.token(&me(), LIFE).unwrap();
        std::fs::write(enrolled.path("trusted"), "[{").unwrap();
        let certificate = Fingerprint::of(b"a certificate");
        assert!(enrolled.who(certificate).is_err());
        let failed = enrolled.enrol(&secret, certificate, "laptop", String::new());
        assert!(failed.is_err(), "{failed:?}");
    }
}
