//! A host, as its clients see it.

use std::cell::{Cell, RefCell};
use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;
use winsta_api::{ApiError, Guard, Session, paths};
use winsta_domain::SessionId;

use crate::dirs::Dirs;
use crate::error::{Cause, ClientError};
use crate::http::{HttpError, Request, Response};
use crate::ssh::PlainHost;
use crate::start::{self, Launch};
use crate::transport::{Connection, Connector, Dialled, LocalConnector, UnixConnector};

/// How long an ordinary call may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Pauses before a question is asked again: a host that was killed takes moments to be gone.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(1),
    Duration::from_millis(20),
    Duration::from_millis(200),
];
/// How long an unused connection is trusted; the host closes it after 30 s.
const TRUST: Duration = Duration::from_secs(5);
/// How long a connection is as good as one that is made now: a host that is being replaced still
/// hears the first words of whoever has just come.
const NEW: Duration = Duration::from_millis(20);

/// A host that can be asked.
#[derive(Debug)]
pub struct Host {
    connector: Box<dyn Connector>,
    name: String,
    current: Option<SessionId>,
    spare: RefCell<Option<Spare>>,
    problems: RefCell<Vec<String>>,
    timeout: Cell<Duration>,
}

struct Spare {
    connection: Box<dyn Connection>,
    since: Instant,
    /// Whether a request went over it before.
    used: bool,
}

impl std::fmt::Debug for Spare {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spare").finish_non_exhaustive()
    }
}

/// The sessions of a host at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing {
    /// The life of the host's numbering.
    pub incarnation: String,
    /// The sessions, lowest id first.
    pub sessions: Vec<Session>,
}

impl Listing {
    /// Names `session` so that a newer one with its number is never hit.
    pub fn guard(&self, session: &Session) -> Guard {
        Guard {
            incarnation: self.incarnation.clone(),
            logon_time: session.logon_time.clone(),
        }
    }
}

impl Host {
    /// The caller's host on this machine; started with this very program if it does not run.
    pub fn local() -> Result<Self, ClientError> {
        let dirs = Dirs::of_host().map_err(|source| failed("local", Cause::Dirs(source)))?;
        Self::started(&dirs, &Launch::this_program())
    }

    /// The host in `dirs`; started with `launch` if it does not run.
    pub fn started(dirs: &Dirs, launch: &Launch) -> Result<Self, ClientError> {
        let connector = LocalConnector::new(dirs, launch);
        let connection = connector
            .connect()
            .map_err(|cause| failed("local", cause))?;
        let host = Self::over(connector);
        host.keep(connection, false);
        Ok(host)
    }

    /// What connects to the caller's own host on this machine, started whenever it does not run,
    /// also where another host serves all users.
    pub fn own_connector() -> Result<Box<dyn Connector>, Cause> {
        let dirs = Dirs::from_env().map_err(Cause::Dirs)?;
        Ok(Box::new(LocalConnector::new(
            &dirs,
            &Launch::this_program(),
        )))
    }

    /// A bare connection to the caller's own host, as [`own_connector`](Self::own_connector) makes.
    pub fn own_stream() -> Result<UnixStream, ClientError> {
        let dirs = Dirs::from_env().map_err(|source| failed("local", Cause::Dirs(source)))?;
        start::connect_or_start(&dirs, &Launch::this_program())
            .map_err(|cause| failed("local", cause))
    }

    /// A bare connection to the caller's host on this machine, started if it does not run.
    pub fn local_stream() -> Result<UnixStream, ClientError> {
        let dirs = Dirs::of_host().map_err(|source| failed("local", Cause::Dirs(source)))?;
        start::connect_or_start(&dirs, &Launch::this_program())
            .map_err(|cause| failed("local", cause))
    }

    /// The host in `dirs` if one runs; none is started.
    pub fn running(dirs: &Dirs) -> Result<Option<Self>, ClientError> {
        let stream = start::connect(dirs).map_err(|cause| failed("local", cause))?;
        Ok(stream.map(|stream| {
            let host = Self::over(UnixConnector::new(dirs.host_socket()));
            // It may be the last moment of a host that is being stopped.
            host.keep(Box::new(stream), true);
            host
        }))
    }

    /// The host that `connector` leads to.
    pub fn over(connector: impl Connector + 'static) -> Self {
        Self {
            connector: Box::new(connector),
            name: machine_name(),
            current: None,
            spare: RefCell::new(None),
            problems: RefCell::new(Vec::new()),
            timeout: Cell::new(TIMEOUT),
        }
    }

    /// Calls the host `name` in messages, instead of this machine's name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Says with each call that the caller sits in `session` (`WINSTA_SESSION`).
    #[must_use]
    pub fn from_session(mut self, session: Option<SessionId>) -> Self {
        self.current = session;
        self
    }

    /// Waits this long for answers that the host gives at once; 30 s unless said.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        self.timeout.set(timeout);
        self
    }

    /// What messages call the host.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is another machine's.
    pub fn is_remote(&self) -> bool {
        self.connector.is_remote()
    }

    /// What the host's answers so far said that an administrator should know.
    pub fn problems(&self) -> Vec<String> {
        self.problems.borrow().clone()
    }

    /// Asks for `target` and reads the answer.
    pub(crate) fn get<T: DeserializeOwned>(&self, target: &str) -> Result<T, Cause> {
        self.json(&Call::get(target))
    }

    /// Sends `body` as JSON and reads the answer.
    pub(crate) fn send<T: DeserializeOwned>(
        &self,
        method: &'static str,
        target: &str,
        body: &impl Serialize,
    ) -> Result<T, Cause> {
        let body = serde_json::to_vec(body).map_err(Cause::Answer)?;
        self.json(&Call {
            method,
            target,
            content_type: "application/json",
            body: &body,
            patience: Patience::Usual,
            repeatable: false,
        })
    }

    /// Makes a call and reads the whole answer.
    pub(crate) fn json<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<T, Cause> {
        let body = self.bytes(call)?.1;
        serde_json::from_slice(&body).map_err(Cause::Answer)
    }

    /// Makes a call and reads the whole answer and the incarnation that it came from.
    pub(crate) fn bytes(&self, call: &Call<'_>) -> Result<(String, Vec<u8>), Cause> {
        let response = self.open(call)?;
        let incarnation = response.field(paths::INCARNATION_HEADER);
        let incarnation = incarnation.unwrap_or_default().to_owned();
        let whole = response
            .into_bytes()
            .map_err(|error| self.cause(error, call.patience))?;
        if let Some(connection) = whole.connection {
            self.keep(connection, true);
        }
        Ok((incarnation, whole.bytes))
    }

    /// Makes a call and reads the head of the answer, which is a success.
    pub(crate) fn open(&self, call: &Call<'_>) -> Result<Response, Cause> {
        let response = self.exchange(call)?;
        *self.problems.borrow_mut() = response
            .fields(paths::PROBLEM_HEADER)
            .map(str::to_owned)
            .collect();
        if (200..300).contains(&response.status) {
            return Ok(response);
        }
        let (status, unknown) = (response.status, unknown_request(&response, call));
        let whole = response
            .into_bytes()
            .map_err(|error| self.cause(error, call.patience))?;
        match serde_json::from_slice::<ApiError>(&whole.bytes) {
            Ok(refusal) => Err(Cause::Refused(refusal)),
            // Only a host that has never heard of the request answers 404 or 405 in other words.
            Err(_) if status == 404 || status == 405 => Err(unknown),
            Err(error) => Err(Cause::Answer(error)),
        }
    }

    /// Sends the call on the spare connection or a new one.
    fn exchange(&self, call: &Call<'_>) -> Result<Response, Cause> {
        let session = self.current.map(|id| id.to_string());
        let fields = session.as_deref().map(|id| (paths::SESSION_HEADER, id));
        let request = Request {
            method: call.method,
            target: call.target,
            fields: fields.as_slice(),
            content_type: call.content_type,
            body: call.body,
        };
        let mut pauses = PAUSES.iter();
        // Whether one that may lead nowhere is worth a try: nobody would know what became of a
        // request that changes something.
        let mut try_quick = call.repeatable;
        loop {
            let spare = self.spare(call.repeatable);
            let quick = || self.connector.quick().filter(|_| try_quick);
            let connection = match spare.or_else(quick) {
                Some(connection) => connection,
                None => self.connector.connect()?,
            };
            try_quick = false;
            match self.ask(connection, &request, call.patience) {
                Ok(response) => return Ok(response),
                // The host has gone, and perhaps another has come or can be started. A request
                // that changes something may have been carried out, so it is not repeated.
                Err(error) if call.repeatable && is_loss(&error) => match pauses.next() {
                    Some(pause) => std::thread::sleep(*pause),
                    None => return Err(self.cause(error, call.patience)),
                },
                Err(error) => return Err(self.cause(error, call.patience)),
            }
        }
    }

    fn ask(
        &self,
        mut connection: Box<dyn Connection>,
        request: &Request<'_>,
        patience: Patience,
    ) -> Result<Response, HttpError> {
        connection.set_timeout(match patience {
            Patience::Usual => Some(self.timeout.get()),
            Patience::Endless => None,
        })?;
        Response::ask(connection, request)
    }

    fn cause(&self, error: HttpError, patience: Patience) -> Cause {
        match (error, patience) {
            (HttpError::Io(error), Patience::Usual) if is_timeout(&error) => Cause::Timeout {
                seconds: self.timeout.get().as_secs(),
            },
            (HttpError::Io(error), Patience::Usual | Patience::Endless) => Cause::Connection(error),
            (error, Patience::Usual | Patience::Endless) => Cause::Http(error),
        }
    }

    /// Gives what the machine can do without winsta, if `result` says that it has none.
    pub(crate) fn or_plain<T>(
        &self,
        result: Result<T, Cause>,
        plain: impl FnOnce(&PlainHost) -> Result<T, Cause>,
    ) -> Result<T, Cause> {
        match result {
            Err(cause) if cause.is_without_winsta() => match self.connector.plain(&self.name) {
                Some(host) => plain(&host),
                None => Err(cause),
            },
            other => other,
        }
    }

    /// Connects to another socket on the host's machine.
    pub(crate) fn dial_socket(&self, socket: &Path) -> Result<Dialled, Cause> {
        self.connector.dial(socket)
    }

    fn keep(&self, connection: Box<dyn Connection>, used: bool) {
        let since = Instant::now();
        *self.spare.borrow_mut() = Some(Spare {
            connection,
            since,
            used,
        });
    }

    /// The connection that is open, if it is good for a request that can be repeated or not.
    ///
    /// One that was left open after a request may be about to end, and a request that changes
    /// something is not sent twice: it gets a new connection, or one that was just made.
    fn spare(&self, repeatable: bool) -> Option<Box<dyn Connection>> {
        let spare = self.spare.borrow_mut().take()?;
        let age = spare.since.elapsed();
        let good = if repeatable {
            age < TRUST
        } else {
            !spare.used && age < NEW
        };
        good.then_some(spare.connection)
    }

    /// Gives a failure its place.
    pub(crate) fn failed(&self, session: Option<SessionId>, cause: Cause) -> ClientError {
        ClientError {
            host: self.name.as_str().into(),
            remote: self.connector.is_remote(),
            session,
            cause,
        }
    }
}

/// One call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) method: &'static str,
    pub(crate) target: &'a str,
    pub(crate) content_type: &'static str,
    pub(crate) body: &'a [u8],
    pub(crate) patience: Patience,
    /// Whether it may be sent again when the host was lost before it answered.
    pub(crate) repeatable: bool,
}

impl<'a> Call<'a> {
    pub(crate) fn get(target: &'a str) -> Self {
        Self {
            method: "GET",
            target,
            content_type: "",
            body: &[],
            patience: Patience::Usual,
            repeatable: true,
        }
    }

    pub(crate) fn patiently(self) -> Self {
        Self {
            patience: Patience::Endless,
            ..self
        }
    }
}

/// Whether an answer may take as long as it likes, because it waits for a person or a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    Usual,
    Endless,
}

/// The host speaks HTTP but has never heard of the request.
fn unknown_request(response: &Response, call: &Call<'_>) -> Cause {
    let said = |name| response.field(name).unwrap_or("unknown").to_owned();
    Cause::Version {
        host: said(paths::SERVER_HEADER),
        spoken: said(paths::API_HEADER),
        client: env!("CARGO_PKG_VERSION"),
        needed: format!("{} {}", call.method, call.target),
    }
}

/// Whether the host was lost before it answered.
fn is_loss(error: &HttpError) -> bool {
    match error {
        HttpError::NoAnswer => true,
        HttpError::Io(error) => !is_timeout(error),
        HttpError::Cut
        | HttpError::Head(_)
        | HttpError::TooLong { .. }
        | HttpError::Stays { .. }
        | HttpError::Chunk => false,
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

fn failed(host: &str, cause: Cause) -> ClientError {
    ClientError {
        host: host.into(),
        remote: false,
        session: None,
        cause,
    }
}

fn machine_name() -> String {
    let name = rustix::system::uname();
    name.nodename().to_string_lossy().into_owned()
}
