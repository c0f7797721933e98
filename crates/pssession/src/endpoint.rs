//! A service of WS-Management, as its client sees it.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use winsta_client::http::{HttpError, Request as HttpRequest, Response};
use winsta_client::{Connection, Connector};
use winsta_wsman::names::SHELL_ID;
use winsta_wsman::{Answer, CommandOption, Header, Operation, Reply, Request};

use crate::problem::Problem;

/// Where the service is.
const PATH: &str = "/wsman";
/// Most bytes of an answer. Windows' services give less, hosts of ours as much as they have.
const ENVELOPE: u64 = 4 << 20;
/// How long an answer may be on its way when the service has given it.
const GRACE: Duration = Duration::from_secs(30);
/// Connections that are kept for later.
const KEPT: usize = 4;
/// Pauses between attempts: the first and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// How a client says who it is.
#[derive(Clone)]
pub enum Login {
    /// The connection knows.
    Connection,
    /// The connection's certificate says it (MS-WSMV 2.2.9.1).
    Certificate,
    /// A name and a password.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the password.
        f.write_str(match self {
            Self::Connection => "Connection",
            Self::Certificate => "Certificate",
            Self::Basic { .. } => "Basic",
        })
    }
}

impl Login {
    fn field(&self) -> Option<String> {
        match self {
            Self::Connection => None,
            Self::Certificate => Some(
                "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual".to_owned(),
            ),
            Self::Basic { user, password } => {
                let pair = STANDARD.encode(format!("{user}:{password}"));
                Some(format!("Basic {pair}"))
            }
        }
    }
}

/// A service.
pub struct Endpoint {
    connector: Mutex<Box<dyn Connector>>,
    kept: Mutex<Vec<Box<dyn Connection>>>,
    address: String,
    login: Login,
    client: String,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Endpoint").field(&self.address).finish()
    }
}

/// Something to ask.
#[derive(Debug)]
pub struct Question<'a> {
    /// The resource that it is about.
    pub resource: &'a str,
    /// The shell that it is about.
    pub shell: Option<&'a str>,
    /// What is asked.
    pub operation: Operation,
    /// How long the service may take.
    pub timeout: Duration,
    /// Options that go with it.
    pub options: Vec<CommandOption>,
}

impl<'a> Question<'a> {
    /// A question about a shell, or about none.
    pub fn new(resource: &'a str, shell: Option<&'a str>, operation: Operation) -> Self {
        Self {
            resource,
            shell,
            operation,
            timeout: Duration::from_secs(60),
            options: Vec::new(),
        }
    }

    /// The service may take this long.
    #[must_use]
    pub fn within(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

/// How long one tries to get through a broken network.
pub struct Patience<'a> {
    /// From the moment that it is found broken.
    pub lasts: Duration,
    /// Hears how much is left before each new attempt, and `None` once it is over.
    pub tell: &'a (dyn Fn(Option<Duration>) + Sync),
    /// Once it is set nothing is tried again.
    pub stop: &'a AtomicBool,
    /// Whether one that was never reached is tried again.
    pub hopes: bool,
}

impl fmt::Debug for Patience<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Patience").field(&self.lasts).finish()
    }
}

/// Never set.
static NEVER: AtomicBool = AtomicBool::new(false);

impl Patience<'_> {
    /// One attempt.
    pub const NONE: Patience<'static> = Self::silent(Duration::ZERO);

    /// For somebody who waits: a service that does not answer is given up at once, a connection
    /// that breaks in the middle is made again.
    pub const BRIEF: Patience<'static> = Patience {
        hopes: false,
        ..Self::silent(Duration::from_secs(15))
    };

    /// Attempts for this long, of which nobody hears.
    pub const fn silent(lasts: Duration) -> Patience<'static> {
        Patience {
            lasts,
            tell: &|_| {},
            stop: &NEVER,
            hopes: true,
        }
    }
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) answer: Result<Answer, Problem>,
    /// Whether the question was sent more than once: an answer that says "again" then means "done".
    pub(crate) again: bool,
}

impl Endpoint {
    /// The service that `connector` leads to. `address` is what messages call it.
    pub fn new(connector: Box<dyn Connector>, address: String, login: Login) -> Self {
        Self {
            connector: Mutex::new(connector),
            kept: Mutex::default(),
            address,
            login,
            client: format!("uuid:{}", guid()),
        }
    }

    /// Its address, for messages.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Asks, and asks again with the same number while the network is broken. The service does
    /// nothing twice that has the same number or makes the same thing.
    pub fn ask(&self, question: Question<'_>, patience: &Patience<'_>) -> Result<Answer, Problem> {
        self.answered(question, patience)?.answer
    }

    pub(crate) fn answered(
        &self,
        question: Question<'_>,
        patience: &Patience<'_>,
    ) -> Result<Answered, Problem> {
        let timeout = question.timeout + GRACE;
        let (number, text) = self.request(question);
        let mut broken: Option<Instant> = None;
        let mut pause = PAUSE.0;
        loop {
            let reply = match self.once(&text, timeout) {
                Err(problem) if problem.is_passing() => {
                    let is_met = broken.is_some() || matches!(problem, Problem::Lost(_));
                    if !is_met && !patience.hopes {
                        return Err(problem);
                    }
                    let since = *broken.get_or_insert_with(Instant::now);
                    let left = patience.lasts.saturating_sub(since.elapsed());
                    if left.is_zero() || patience.stop.load(Ordering::Relaxed) {
                        return Err(problem);
                    }
                    (patience.tell)(Some(left));
                    std::thread::sleep(pause.min(left));
                    pause = (pause * 2).min(PAUSE.1);
                    continue;
                }
                other => other?,
            };
            let again = broken.is_some();
            if again {
                (patience.tell)(None);
            }
            if reply.header.relates_to != number {
                return Err(Problem::Unrelated);
            }
            let answer = match reply.answer {
                Answer::Fault(fault) => Err(Problem::Fault(fault)),
                answer => Ok(answer),
            };
            return Ok(Answered { answer, again });
        }
    }

    /// The request's number and text.
    fn request(&self, question: Question<'_>) -> (String, String) {
        let number = format!("uuid:{}", guid());
        let shell = question
            .shell
            .map(|id| (SHELL_ID.to_owned(), id.to_owned()));
        let header = Header {
            to: self.address.clone(),
            resource: question.resource.to_owned(),
            message_id: number.clone(),
            max_envelope: Some(ENVELOPE),
            timeout: Some(question.timeout),
            locale: Some("en-US".to_owned()),
            data_locale: Some("en-US".to_owned()),
            session_id: Some(self.client.clone()),
            operation_id: Some(format!("uuid:{}", guid())),
            sequence_id: Some(1),
            selectors: shell.into_iter().collect(),
            options: question.options,
            compression: None,
        };
        let request = Request {
            header,
            operation: question.operation,
        };
        (number, request.to_text())
    }

    fn once(&self, text: &str, timeout: Duration) -> Result<Reply, Problem> {
        // A connection that was kept may be gone; what is sent twice has one number.
        let kept = lock(&self.kept).pop();
        if let Some(connection) = kept {
            match self.over(connection, text, timeout) {
                Err(Problem::Lost(HttpError::NoAnswer | HttpError::Io(_))) => {}
                other => return other,
            }
            lock(&self.kept).clear();
        }
        let connection = {
            let connector = lock(&self.connector);
            match connector.quick() {
                Some(quick) => Ok(quick),
                None => connector.connect(),
            }
        };
        match self.over(connection.map_err(Problem::Unreachable)?, text, timeout) {
            // A quick way may have led nowhere.
            Err(Problem::Lost(HttpError::NoAnswer)) => {}
            other => return other,
        }
        let connection = lock(&self.connector).connect();
        self.over(connection.map_err(Problem::Unreachable)?, text, timeout)
    }

    fn over(
        &self,
        mut connection: Box<dyn Connection>,
        text: &str,
        timeout: Duration,
    ) -> Result<Reply, Problem> {
        let lost = |error| Problem::Lost(HttpError::Io(error));
        connection.set_timeout(Some(timeout)).map_err(lost)?;
        let login = self.login.field();
        let fields: Vec<_> = login
            .iter()
            .map(|login| ("authorization", login.as_str()))
            .collect();
        let request = HttpRequest {
            method: "POST",
            target: PATH,
            fields: &fields,
            content_type: "application/soap+xml;charset=UTF-8",
            body: text.as_bytes(),
        };
        let response = Response::ask(connection, &request).map_err(Problem::Lost)?;
        let status = response.status;
        let whole = response.into_bytes().map_err(Problem::Lost)?;
        if let Some(connection) = whole.connection {
            let mut kept = lock(&self.kept);
            if kept.len() < KEPT {
                kept.push(connection);
            }
        }
        let text = String::from_utf8_lossy(&whole.bytes);
        match status {
            200 | 500 if !text.trim().is_empty() => Ok(Reply::parse(&text)?),
            401 => Err(Problem::Denied),
            status => {
                let said = text.lines().next().unwrap_or_default();
                let said: String = said.chars().take(200).collect();
                let said = if said.is_empty() {
                    said
                } else {
                    format!(": {said}")
                };
                Err(Problem::Status { status, said })
            }
        }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A new random GUID, in capitals.
pub(crate) fn guid() -> String {
    format!("{:X}", uuid::Uuid::new_v4().hyphenated())
}
