//! Who somebody on the network says they are, and what root's helper makes of it.
//!
//! A gateway sends one [`Claim`] on a connection and gets one [`Verdict`]. Both are records:
//! `length: u16le`, then that many bytes. The helper that reads claims is root's, so they have
//! fixed fields and no format that would take a parser. All begin with `kind: u8` and
//! `client: [u8; 16]` (IPv4 as in RFC 4291, 2.5.5.2); then follows
//!
//! | kind | |
//! |---|---|
//! | 1 | `user_length: u8`, the user's name, and the password up to the end |
//! | 2 | `certificate: [u8; 32]` |
//! | 3 | `certificate: [u8; 32]`, `secret: [u8; 16]`, and what the certificate is to be called |

use core::net::{IpAddr, Ipv6Addr};

/// Most bytes behind a record's length.
pub const MAX_RECORD: usize = 2_048;
/// Longest name of a user, in bytes.
pub const MAX_USER: usize = 255;
/// Longest password, in bytes.
pub const MAX_PASSWORD: usize = 1 << 10;

/// Longest name of a certificate, in bytes.
pub const MAX_NAME: usize = 255;

/// The first byte of each kind of claim.
const PASSWORD: u8 = 1;
const CERTIFICATE: u8 = 2;
const TOKEN: u8 = 3;
/// The first byte of each verdict.
const REFUSED: u8 = 0;
const LET_IN: u8 = 1;
const UNDECIDED: u8 = 2;
const ENROLLED: u8 = 3;

/// What somebody on the network shows for who they are.
#[derive(Clone, PartialEq, Eq)]
pub struct Claim {
    client: IpAddr,
    shown: Shown,
}

/// What is shown.
#[derive(Clone, PartialEq, Eq)]
pub enum Shown {
    /// A password of a user.
    Password {
        /// The user's name.
        user: String,
        /// The password.
        password: String,
    },
    /// A certificate, whose key the client has: SHA-256 of it.
    Certificate([u8; 32]),
    /// The secret of a token, for which such a certificate is to stand for a user from now on.
    Token {
        /// The certificate.
        certificate: [u8; 32],
        /// The secret.
        secret: [u8; 16],
        /// What the certificate is to be called.
        name: String,
    },
}

/// What becomes of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is not believed, or the user may not come in. Why is nobody's business who cannot log in.
    Refused,
    /// It is the user with this number, and this name on the machine. A connection that leads to
    /// them comes with it.
    LetIn {
        /// Number of the user.
        uid: u32,
        /// Their name, which may be written otherwise than it was claimed.
        user: String,
    },
    /// The certificate stands for this user from now on.
    Enrolled {
        /// Their name.
        user: String,
    },
    /// Nobody could tell; why is in the helper's log.
    Undecided,
}

/// Why bytes are no record of this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// It is not laid out as it should be.
    #[error("the record is not laid out as it should be")]
    Layout,
    /// No name that a user of a machine could have.
    #[error(
        "a user's name has 1 to {MAX_USER} bytes, begins with no dash, and has no slash or control character"
    )]
    User,
    /// No name for a certificate.
    #[error("a certificate's name has 1 to {MAX_NAME} bytes, and no control character")]
    Name,
    /// No password that is checked.
    #[error("a password has 1 to {MAX_PASSWORD} bytes, none of them zero")]
    Password,
}

impl Claim {
    /// Somebody at `client` shows this.
    pub fn new(shown: Shown, client: IpAddr) -> Result<Self, RecordError> {
        match &shown {
            Shown::Password { user, password } => {
                check_user(user)?;
                let fits = (1..=MAX_PASSWORD).contains(&password.len());
                if !fits || password.contains('\0') {
                    return Err(RecordError::Password);
                }
            }
            Shown::Certificate(_) => {}
            Shown::Token { name, .. } => {
                let fits = (1..=MAX_NAME).contains(&name.len());
                if !fits || name.chars().any(char::is_control) {
                    return Err(RecordError::Name);
                }
            }
        }
        let client = client.to_canonical();
        Ok(Self { client, shown })
    }

    /// What is shown.
    pub fn shown(&self) -> &Shown {
        &self.shown
    }

    /// From where it comes.
    pub fn client(&self) -> IpAddr {
        self.client
    }

    /// The record, its length included.
    pub fn encode(&self) -> Vec<u8> {
        let client = match self.client {
            IpAddr::V4(four) => four.to_ipv6_mapped(),
            IpAddr::V6(six) => six,
        };
        let client = &client.octets();
        match &self.shown {
            Shown::Password { user, password } => record(&[
                &[PASSWORD],
                client,
                &[byte(user.len())],
                user.as_bytes(),
                password.as_bytes(),
            ]),
            Shown::Certificate(certificate) => record(&[&[CERTIFICATE], client, certificate]),
            Shown::Token {
                certificate,
                secret,
                name,
            } => record(&[&[TOKEN], client, certificate, secret, name.as_bytes()]),
        }
    }

    /// Reads what stands behind a record's length.
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordError> {
        let (kind, rest) = split(bytes)?;
        let (client, rest) = taken::<16>(rest)?;
        let shown = match kind {
            PASSWORD => {
                let (length, rest) = rest.split_first().ok_or(RecordError::Layout)?;
                let split = rest.split_at_checked(usize::from(*length));
                let (user, password) = split.ok_or(RecordError::Layout)?;
                Shown::Password {
                    user: text(user)?,
                    password: text(password)?,
                }
            }
            CERTIFICATE => match taken::<32>(rest)? {
                (certificate, []) => Shown::Certificate(certificate),
                _ => return Err(RecordError::Layout),
            },
            TOKEN => {
                let (certificate, rest) = taken(rest)?;
                let (secret, name) = taken(rest)?;
                Shown::Token {
                    certificate,
                    secret,
                    name: text(name)?,
                }
            }
            _ => return Err(RecordError::Layout),
        };
        Self::new(shown, Ipv6Addr::from(client).into())
    }
}

/// Never what is secret.
impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Password { user, .. } => write!(f, "Password({user:?}, ..)"),
            Self::Certificate(certificate) => write!(f, "Certificate({certificate:02x?})"),
            Self::Token { name, .. } => write!(f, "Token(.., {name:?})"),
        }
    }
}

impl std::fmt::Debug for Claim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Claim({:?} from {})", self.shown, self.client)
    }
}

impl Verdict {
    /// The record, its length included. A name that no user can have is not sent: then nobody can
    /// tell who it is.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Refused => record(&[&[REFUSED]]),
            Self::LetIn { uid, user } if check_user(user).is_ok() => {
                record(&[&[LET_IN], &uid.to_le_bytes(), user.as_bytes()])
            }
            Self::Enrolled { user } if check_user(user).is_ok() => {
                record(&[&[ENROLLED], user.as_bytes()])
            }
            Self::LetIn { .. } | Self::Enrolled { .. } | Self::Undecided => record(&[&[UNDECIDED]]),
        }
    }

    /// Reads what stands behind a record's length.
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordError> {
        let (kind, rest) = split(bytes)?;
        match (kind, rest) {
            (REFUSED, []) => Ok(Self::Refused),
            (UNDECIDED, []) => Ok(Self::Undecided),
            (LET_IN, _) => {
                let (uid, user) = taken(rest)?;
                let user = text(user)?;
                check_user(&user)?;
                let uid = u32::from_le_bytes(uid);
                Ok(Self::LetIn { uid, user })
            }
            (ENROLLED, user) => {
                let user = text(user)?;
                check_user(&user)?;
                Ok(Self::Enrolled { user })
            }
            _ => Err(RecordError::Layout),
        }
    }
}

/// How many bytes follow a record's two first ones.
pub fn length(head: [u8; 2]) -> Result<usize, RecordError> {
    let length = usize::from(u16::from_le_bytes(head));
    if length > MAX_RECORD {
        return Err(RecordError::Layout);
    }
    Ok(length)
}

/// What PAM's modules make files, messages and command lines of.
fn check_user(user: &str) -> Result<(), RecordError> {
    let fits = (1..=MAX_USER).contains(&user.len()) && !user.starts_with('-');
    if fits && !user.chars().any(|c| c == '/' || c.is_control()) {
        return Ok(());
    }
    Err(RecordError::User)
}

fn record(parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let length = u16::try_from(body.len()).unwrap_or(u16::MAX);
    [&length.to_le_bytes()[..], &body].concat()
}

fn byte(length: usize) -> u8 {
    u8::try_from(length).unwrap_or(u8::MAX)
}

/// A record's first byte, and the others.
fn split(bytes: &[u8]) -> Result<(u8, &[u8]), RecordError> {
    let split = bytes.split_first().filter(|_| bytes.len() <= MAX_RECORD);
    let (kind, rest) = split.ok_or(RecordError::Layout)?;
    Ok((*kind, rest))
}

fn taken<const N: usize>(bytes: &[u8]) -> Result<([u8; N], &[u8]), RecordError> {
    let (taken, rest) = bytes.split_first_chunk().ok_or(RecordError::Layout)?;
    Ok((*taken, rest))
}

fn text(bytes: &[u8]) -> Result<String, RecordError> {
    let text = std::str::from_utf8(bytes).map_err(|_| RecordError::Layout)?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOME: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

    fn body(record: &[u8]) -> &[u8] {
        let (head, body) = record.split_first_chunk::<2>().unwrap();
        assert_eq!(length(*head), Ok(body.len()));
        body
    }

    fn password(user: &str, password: &str) -> Result<Claim, RecordError> {
        let (user, password) = (user.to_owned(), password.to_owned());
        Claim::new(Shown::Password { user, password }, HOME)
    }

    fn token(name: &str) -> Result<Claim, RecordError> {
        let shown = Shown::Token {
            certificate: [0xab; 32],
            secret: [0xcd; 16],
            name: name.to_owned(),
        };
        Claim::new(shown, HOME)
    }

    #[test]
    fn claims_are_as_the_layout_says() {
        let shown = Shown::Password {
            user: "bob".to_owned(),
            password: "se:cret".to_owned(),
        };
        let claim = Claim::new(shown, "10.77.0.1".parse().unwrap()).unwrap();
        let expected = [
            &b"\x1c\0\x01"[..],
            &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 77, 0, 1],
            b"\x03bobse:cret",
        ];
        assert_eq!(claim.encode(), expected.concat());
        let home = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        let certificate = Claim::new(Shown::Certificate([0xab; 32]), HOME).unwrap();
        let expected = [&b"\x31\0\x02"[..], &home, &[0xab; 32]];
        assert_eq!(certificate.encode(), expected.concat());
        let token = token("laptop").unwrap();
        let expected = [
            &b"\x47\0\x03"[..],
            &home,
            &[0xab; 32],
            &[0xcd; 16],
            b"laptop",
        ];
        assert_eq!(token.encode(), expected.concat());
        for claim in [claim, certificate, token] {
            assert_eq!(Claim::parse(body(&claim.encode())), Ok(claim.clone()));
            let shown = format!("{claim:?}");
            assert!(!shown.contains("cret") && !shown.contains("cd"), "{shown}");
        }
    }

    #[test]
    fn what_no_user_has_is_refused() {
        for user in ["", "-rf", "../bob", "b\nob", "b\0b", &"x".repeat(256)] {
            assert_eq!(password(user, "p"), Err(RecordError::User), "{user:?}");
        }
        for secret in ["", "a\0b", &"x".repeat(MAX_PASSWORD + 1)] {
            let claim = password("bob", secret);
            assert_eq!(claim, Err(RecordError::Password), "{secret:?}");
        }
        for name in ["", "a\nb", &"x".repeat(MAX_NAME + 1)] {
            assert_eq!(token(name), Err(RecordError::Name), "{name:?}");
        }
        let longest = password(&"u".repeat(MAX_USER), &"p".repeat(MAX_PASSWORD)).unwrap();
        assert_eq!(Claim::parse(body(&longest.encode())), Ok(longest));
    }

    #[test]
    fn what_is_no_record_is_refused() {
        let certificate = Claim::new(Shown::Certificate([7; 32]), HOME).unwrap();
        for claim in [
            password("bob", "p").unwrap(),
            certificate,
            token("a").unwrap(),
        ] {
            let claim = claim.encode();
            let claim = body(&claim);
            for end in 0..claim.len() {
                assert!(Claim::parse(&claim[..end]).is_err(), "{end} bytes");
            }
            let mut other = claim.to_vec();
            other[0] = 9;
            assert_eq!(Claim::parse(&other), Err(RecordError::Layout));
            let long = [claim, &[b'x'; MAX_RECORD]].concat();
            assert_eq!(Claim::parse(&long), Err(RecordError::Layout));
        }
        assert_eq!(length([0xff, 0xff]), Err(RecordError::Layout));
        for bytes in [
            &b""[..],
            b"\x01",
            b"\x01\0\0\0",
            b"\x01\0\0\0\0",
            b"\x03",
            b"\x04",
            b"\0\0",
        ] {
            assert!(Verdict::parse(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn verdicts_come_back() {
        let user = "bob".to_owned();
        let let_in = Verdict::LetIn {
            uid: 1_002,
            user: user.clone(),
        };
        for verdict in [
            Verdict::Refused,
            let_in,
            Verdict::Enrolled { user },
            Verdict::Undecided,
        ] {
            let bytes = verdict.encode();
            assert_eq!(Verdict::parse(body(&bytes)), Ok(verdict));
        }
        let nobody = String::new();
        let enrolled = Verdict::Enrolled {
            user: nobody.clone(),
        };
        let let_in = Verdict::LetIn {
            uid: 0,
            user: nobody,
        };
        for nobody in [enrolled, let_in] {
            assert_eq!(nobody.encode(), Verdict::Undecided.encode());
        }
    }

    proptest! {
        #[test]
        fn claims_come_back(user in "[^-/\\p{Cc}][^/\\p{Cc}]{0,20}", password in "[^\0]{1,40}", at: u128) {
            let shown = Shown::Password { user, password };
            let claim = Claim::new(shown, Ipv6Addr::from(at).into()).unwrap();
            prop_assert_eq!(Claim::parse(body(&claim.encode())), Ok(claim));
        }
    }
}
