//! What both sides of a connection agree on: tokens until it is complete, then keys.
//!
//! The only file that uses [`sspi`], and of that only what clients need. What a service sends goes
//! through that crate's parsers, so a panic in them is caught and ends the context, not the agent.

use std::panic::{AssertUnwindSafe, catch_unwind};

use sspi::kerberos::RRC;
use sspi::ntlm::NtlmConfig;
use sspi::{
    AuthIdentity, BufferType, ClientRequestFlags, CredentialUse, Credentials, CredentialsBuffers,
    DataRepresentation, EncryptionFlags, KdcResolution, Kerberos, KerberosConfig, Negotiate,
    NegotiateConfig, NegotiatedProtocol, SecurityBuffer, SecurityBufferRef, SecurityStatus, Sspi,
    SspiImpl, Username,
};

use super::kdc::Centers;
use super::{Logon, LogonProblem, Mechanism};

/// What is asked for: both sides prove who they are, and seal what they say.
const FLAGS: ClientRequestFlags = ClientRequestFlags::MUTUAL_AUTH
    .union(ClientRequestFlags::REPLAY_DETECT)
    .union(ClientRequestFlags::SEQUENCE_DETECT)
    .union(ClientRequestFlags::CONFIDENTIALITY)
    .union(ClientRequestFlags::INTEGRITY);
/// What Kerberos may be made of within Negotiate.
const PACKAGES: &str = "kerberos,ntlm";
/// What the crate says of a password that a center does not take, for which it has no kind.
const WRONG_PASSWORD: &str = "pre-authentication information was invalid";
/// What it puts before the raw form of what a center says.
const MORE: &str = ". Additional error";
/// Bytes that stand before the data of bindings.
const BINDINGS_HEAD: u32 = 32;
/// Bytes of the head of a token of Kerberos (RFC 4121, 4.2.6.2).
const KERBEROS_HEAD: usize = 16;
/// How such a token begins.
const KERBEROS_TOKEN: [u8; 2] = [5, 4];
/// The bit of its flags that says that it is sealed.
const KERBEROS_SEALED: u8 = 2;
/// Most bytes of filler in it.
const KERBEROS_FILLER: u16 = 16;

enum Package {
    Negotiate(Box<Negotiate>),
    Kerberos(Box<Kerberos>),
}

/// A context, from the client's side.
pub(super) struct Context {
    package: Package,
    credentials: Option<CredentialsBuffers>,
    /// The service as tickets name it.
    target: String,
    /// What ties it to its connection, as Windows has it in memory.
    bindings: Option<Vec<u8>>,
    is_complete: bool,
    scheme: &'static str,
}

impl Context {
    /// A context for a connection that is known by `end_point`.
    pub(super) fn new(logon: &Logon, end_point: Option<&[u8]>) -> Result<Self, LogonProblem> {
        let username = Username::parse(&logon.user);
        let username = username.map_err(|_| LogonProblem::User(logon.user.clone()))?;
        let password = logon.password.clone().into();
        let identity = Credentials::from(AuthIdentity { username, password });
        let scheme = logon.mechanism.scheme();
        let (package, credentials) = guarded(scheme, || package(logon, &identity))?;
        Ok(Self {
            package,
            credentials,
            target: format!("HTTP/{}", logon.host),
            bindings: end_point.map(bindings),
            is_complete: false,
            scheme,
        })
    }

    /// Whether both sides are content.
    pub(super) fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Takes the service's token, at first none; gives the next one for it, which may be empty.
    pub(super) fn step(&mut self, token: Vec<u8>) -> Result<Vec<u8>, LogonProblem> {
        let Self {
            package,
            credentials,
            target,
            bindings,
            ..
        } = self;
        let mut input = vec![SecurityBuffer::new(token, BufferType::Token)];
        let bindings = bindings.iter().cloned();
        input.extend(bindings.map(|bytes| SecurityBuffer::new(bytes, BufferType::ChannelBindings)));
        let (token, status) = guarded(self.scheme, || match package {
            Package::Negotiate(package) => step(package.as_mut(), credentials, target, &mut input),
            Package::Kerberos(package) => step(package.as_mut(), credentials, target, &mut input),
        })?;
        self.is_complete = status == SecurityStatus::Ok;
        Ok(token)
    }

    /// Seals; gives what stands before the data, and the data.
    pub(super) fn seal(&mut self, clear: &[u8]) -> Result<(Vec<u8>, Vec<u8>), LogonProblem> {
        let package = complete(&mut self.package, self.is_complete)?;
        guarded(self.scheme, || match package {
            Package::Negotiate(package) => seal(package.as_mut(), clear),
            Package::Kerberos(package) => seal(package.as_mut(), clear),
        })
    }

    /// Opens what is sealed.
    pub(super) fn open(&mut self, signature: &[u8], data: &[u8]) -> Result<Vec<u8>, LogonProblem> {
        let package = complete(&mut self.package, self.is_complete)?;
        if package.is_kerberos() && !is_sealed(signature, data.len()) {
            return Err(LogonProblem::Signature);
        }
        let opened = guarded(self.scheme, || match package {
            Package::Negotiate(package) => open(package.as_mut(), signature, data),
            Package::Kerberos(package) => open(package.as_mut(), signature, data),
        });
        opened.map_err(|_| LogonProblem::Signature)
    }
}

impl Package {
    fn is_kerberos(&self) -> bool {
        match self {
            Self::Negotiate(package) => {
                matches!(
                    package.negotiated_protocol(),
                    NegotiatedProtocol::Kerberos(_)
                )
            }
            Self::Kerberos(_) => true,
        }
    }
}

/// `SEC_CHANNEL_BINDINGS`: three kinds of data, of which there is only the application's.
fn bindings(end_point: &[u8]) -> Vec<u8> {
    let length = u32::try_from(end_point.len()).unwrap_or_default();
    let head = [0, 0, 0, 0, 0, 0, length, BINDINGS_HEAD];
    let head = head.into_iter().flat_map(u32::to_le_bytes);
    head.chain(end_point.iter().copied()).collect()
}

/// Keys are there once the context is complete.
fn complete(package: &mut Package, is_complete: bool) -> Result<&mut Package, LogonProblem> {
    if is_complete {
        Ok(package)
    } else {
        Err(LogonProblem::Unproven)
    }
}

/// Whether a token of Kerberos is sealed, not only signed, and of a form that can be read.
fn is_sealed(signature: &[u8], data: usize) -> bool {
    let Some(head) = signature.first_chunk::<KERBEROS_HEAD>() else {
        return false;
    };
    let [a, b, flags, _, filler, filler_low, turned, turned_low, ..] = *head;
    let filler = u16::from_be_bytes([filler, filler_low]);
    let turned = u16::from_be_bytes([turned, turned_low]);
    let least = KERBEROS_HEAD + usize::from(RRC) + usize::from(filler) + KERBEROS_HEAD;
    [a, b] == KERBEROS_TOKEN
        && flags & KERBEROS_SEALED != 0
        && filler <= KERBEROS_FILLER
        && turned == RRC
        && signature.len() + data >= least
}

/// Calls the crate; its failures and panics are failures of the mechanism.
fn guarded<T>(
    scheme: &'static str,
    call: impl FnOnce() -> sspi::Result<T>,
) -> Result<T, LogonProblem> {
    let why = match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(error)) => error.description,
        Err(_) => "what the service says cannot be read".to_owned(),
    };
    // What centers say beside is bytes.
    let why = why.split(MORE).next().unwrap_or_default();
    if why.starts_with(WRONG_PASSWORD) {
        return Err(LogonProblem::Denied);
    }
    let why = why.lines().next().unwrap_or_default();
    let why = why.chars().take(200).collect();
    Err(LogonProblem::Context { scheme, why })
}

fn package(
    logon: &Logon,
    identity: &Credentials,
) -> sspi::Result<(Package, Option<CredentialsBuffers>)> {
    let own = rustix::system::uname();
    let own = own.nodename().to_string_lossy().into_owned();
    match logon.mechanism {
        Mechanism::Negotiate => {
            let first = Box::new(NtlmConfig::new(own.clone()));
            let config = NegotiateConfig::new(first, Some(PACKAGES.to_owned()), own);
            let mut package = Negotiate::new_client(config)?;
            let credentials = credentials(&mut package, identity)?;
            Ok((Package::Negotiate(Box::new(package)), credentials))
        }
        Mechanism::Kerberos => {
            let mut package = Kerberos::new_client_from_config(KerberosConfig {
                kdc_resolution: KdcResolution::KdcUrl(None),
                client_computer_name: own,
            })?;
            let credentials = credentials(&mut package, identity)?;
            Ok((Package::Kerberos(Box::new(package)), credentials))
        }
    }
}

/// What both packages are.
trait Client:
    SspiImpl<CredentialsHandle = Option<CredentialsBuffers>, AuthenticationData = Credentials> + Sspi
{
}

impl Client for Negotiate {}
impl Client for Kerberos {}

fn credentials(
    package: &mut impl Client,
    identity: &Credentials,
) -> sspi::Result<Option<CredentialsBuffers>> {
    let handle = package
        .acquire_credentials_handle()
        .with_credential_use(CredentialUse::Outbound)
        .with_auth_data(identity)
        .execute(package)?;
    Ok(handle.credentials_handle)
}

fn step(
    package: &mut impl Client,
    credentials: &mut Option<CredentialsBuffers>,
    target: &str,
    input: &mut [SecurityBuffer],
) -> sspi::Result<(Vec<u8>, SecurityStatus)> {
    let mut output = [SecurityBuffer::new(Vec::new(), BufferType::Token)];
    let mut builder = package
        .initialize_security_context()
        .with_credentials_handle(credentials)
        .with_context_requirements(FLAGS)
        .with_target_data_representation(DataRepresentation::Native)
        .with_target_name(target)
        .with_input(input)
        .with_output(&mut output);
    let result = package
        .initialize_security_context_impl(&mut builder)?
        .resolve_with_client(&Centers)?;
    let [token] = output;
    Ok((token.buffer, result.status))
}

fn seal(package: &mut impl Client, clear: &[u8]) -> sspi::Result<(Vec<u8>, Vec<u8>)> {
    let trailer = package.query_context_sizes()?.security_trailer;
    let mut signature = vec![0; usize::try_from(trailer)?];
    let mut data = clear.to_vec();
    let mut message = [
        SecurityBufferRef::token_buf(&mut signature),
        SecurityBufferRef::data_buf(&mut data),
    ];
    package.encrypt_message(EncryptionFlags::empty(), &mut message)?;
    let [signature, data] = message.map(|buffer| buffer.data().to_vec());
    Ok((signature, data))
}

fn open(package: &mut impl Client, signature: &[u8], data: &[u8]) -> sspi::Result<Vec<u8>> {
    let (mut signature, mut data) = (signature.to_vec(), data.to_vec());
    let mut message = [
        SecurityBufferRef::token_buf(&mut signature),
        SecurityBufferRef::data_buf(&mut data),
    ];
    package.decrypt_message(&mut message)?;
    let [_, data] = message.map(|buffer| buffer.data().to_vec());
    Ok(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(flags: u8, filler: u16, turned: u16) -> Vec<u8> {
        let mut token = vec![5, 4, flags, 0xff];
        token.extend_from_slice(&filler.to_be_bytes());
        token.extend_from_slice(&turned.to_be_bytes());
        token.resize(60, 0);
        token
    }

    #[test]
    fn tokens_of_kerberos_that_are_not_sealed_are_refused() {
        let cases = [
            ("sealed", token(7, 0, 28), true),
            (
                "sealed, with filler",
                [token(7, 16, 28), vec![0; 16]].concat(),
                true,
            ),
            ("signed only", token(5, 0, 28), false),
            ("turned in another way", token(7, 0, 12), false),
            ("filler without an end", token(7, u16::MAX, 28), false),
            ("cut off", token(7, 0, 28)[..40].to_vec(), false),
            ("without a head", vec![5, 4, 7], false),
            ("something else", vec![1; 60], false),
        ];
        for (name, token, expected) in cases {
            assert_eq!(is_sealed(&token, 0), expected, "{name}");
        }
    }

    #[test]
    fn nothing_is_sealed_before_the_context_is_complete() {
        let mut context = Context::new(&logon("LAB\\ann"), None).expect("a context");
        assert!(matches!(context.seal(b"text"), Err(LogonProblem::Unproven)));
        let first = context.step(Vec::new()).expect("a token");
        assert!(!first.is_empty() && !context.is_complete());
        assert!(matches!(context.seal(b"text"), Err(LogonProblem::Unproven)));
        assert!(matches!(
            context.open(b"0123456789abcdef", b"text"),
            Err(LogonProblem::Unproven)
        ));
    }

    #[test]
    fn any_token_of_a_service_is_an_error_and_no_panic() {
        let challenge = |length: u16| {
            let mut bytes = b"NTLMSSP\0\x02\0\0\0".to_vec();
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.resize(48, 0xff);
            bytes
        };
        let mut tokens = vec![
            Vec::new(),
            vec![0x60],
            vec![0xa1; 64],
            b"NTLMSSP\0".to_vec(),
        ];
        tokens.extend([challenge(0), challenge(u16::MAX)]);
        for token in tokens {
            let mut context = Context::new(&logon("ann@lab.example"), None).expect("a context");
            context.step(Vec::new()).expect("a token");
            let failure = context.step(token.clone()).expect_err("nonsense");
            assert!(
                matches!(failure, LogonProblem::Context { .. }),
                "{token:x?}"
            );
        }
    }

    fn logon(user: &str) -> Logon {
        Logon {
            mechanism: Mechanism::Negotiate,
            user: user.to_owned(),
            password: "secret".to_owned(),
            host: "127.0.0.1".to_owned(),
            seals: true,
        }
    }
}
