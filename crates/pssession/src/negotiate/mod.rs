//! Logging on as Windows does: with NTLM or Kerberos, in rounds on one connection, and with bodies
//! that are sealed where the connection is in clear (MS-WSMV 2.2.9.1).
//!
//! * `rounds` carries the tokens of both sides and gives a connection that the service knows;
//! * `context` makes them: the only file that uses the crate `sspi`, and only its client's side;
//! * `kdc` takes messages to Kerberos' key distribution centers;
//! * `sealed` is the form of sealed bodies.
//!
//! Nothing but tokens goes out before the context is complete.

mod context;
mod kdc;
pub(crate) mod rounds;
pub(crate) mod sealed;

use context::Context;
use sealed::{NotSealed, Protocol, Sealed};

use crate::problem::Problem;

/// How a client proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// Kerberos where a key distribution center is known, else NTLM.
    Negotiate,
    /// Kerberos, and nothing else.
    Kerberos,
}

impl Mechanism {
    /// Its name in HTTP.
    fn scheme(self) -> &'static str {
        match self {
            Self::Negotiate => "Negotiate",
            Self::Kerberos => "Kerberos",
        }
    }

    fn protocol(self) -> Protocol {
        match self {
            Self::Negotiate => Protocol::Spnego,
            Self::Kerberos => Protocol::Kerberos,
        }
    }
}

/// Who logs on, where, and how.
#[derive(Clone)]
pub struct Logon {
    /// How.
    pub mechanism: Mechanism,
    /// The user: `ann`, `DOMAIN\ann` or `ann@realm`.
    pub user: String,
    /// The password.
    pub password: String,
    /// The machine, as tickets name it.
    pub host: String,
    /// Whether bodies are sealed. Within TLS they are not.
    pub seals: bool,
}

/// Why a client does not come in, or does not trust what it gets.
#[derive(Debug, thiserror::Error)]
pub enum LogonProblem {
    /// The service has other ways.
    #[error("it does not offer {wanted}, but {offered}")]
    NotOffered {
        /// What was asked for.
        wanted: &'static str,
        /// What it has.
        offered: String,
    },
    /// The name of the user means nothing.
    #[error("{0} is no name of a user")]
    User(String),
    /// The user is not known, or the password is wrong.
    #[error("access is denied")]
    Denied,
    /// What the service says makes no sense, or no center of Kerberos helps.
    #[error("{scheme} fails: {why}")]
    Context {
        /// The mechanism.
        scheme: &'static str,
        /// Why.
        why: String,
    },
    /// The service ends the connection, which logging on is about.
    #[error("it closes the connection while one logs on")]
    Closed,
    /// The service is content too early.
    #[error("it does not prove who it is")]
    Unproven,
    /// The service goes on asking.
    #[error("it does not come to an end with logging on")]
    Endless,
    /// An answer is not sealed as it should be.
    #[error("its answer is not taken: {0}")]
    NotSealed(#[from] NotSealed),
    /// An answer is not from who sealed it, or not what they sealed.
    #[error("its answer is not taken: the signature does not fit")]
    Signature,
}

/// What bodies of one connection are sealed with.
pub(crate) struct Seal {
    context: Context,
    protocol: Protocol,
}

impl Seal {
    /// Seals a body; gives its type and the bytes.
    pub(crate) fn close(&mut self, body: &[u8]) -> Result<(String, Vec<u8>), Problem> {
        let (signature, data) = self.context.seal(body)?;
        let sealed = Sealed {
            protocol: self.protocol,
            length: body.len(),
            signature: &signature,
            data: &data,
        };
        Ok((self.protocol.content_type(), sealed.to_bytes()))
    }

    /// Opens a body of this type.
    pub(crate) fn open(&mut self, content_type: &str, body: &[u8]) -> Result<Vec<u8>, Problem> {
        let sealed = Sealed::parse(content_type, body).map_err(LogonProblem::from)?;
        if sealed.protocol != self.protocol {
            return Err(LogonProblem::from(NotSealed::Protocol).into());
        }
        let opened = self.context.open(sealed.signature, sealed.data)?;
        if opened.len() != sealed.length {
            return Err(LogonProblem::from(NotSealed::Length).into());
        }
        Ok(opened)
    }
}
