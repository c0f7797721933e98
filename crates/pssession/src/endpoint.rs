//! A service of WS-Management, as its client sees it.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use winsta_client::http::{HttpError, Request as HttpRequest, Response};
use winsta_client::{Connection, Connector};
use winsta_wsman::names::SHELL_ID;
use winsta_wsman::{Answer, CommandOption, Header, Operation, Reply, Request};

use crate::kept::{Channel, Kept};
use crate::login::Login;
use crate::negotiate::rounds::log_on;
use crate::pace::Paced;
use crate::patience::Patience;
use crate::problem::Problem;

/// Where the service is.
const PATH: &str = "/wsman";
/// Most bytes of an answer. Windows' services give less, hosts of ours as much as they have.
pub(crate) const ENVELOPE: usize = 4 << 20;
/// How long an answer may be on its way when the service has given it: as long as the service had
/// for it, within these bounds.
const GRACE: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(30));
/// What this process is called as a client. It has one name, so that it can say again that it takes
/// a session if the answer was lost.
static CLIENT: LazyLock<String> = LazyLock::new(|| format!("uuid:{}", guid()));
/// Bytes of an answer behind which the next question is asked before it is read.
const LONG: usize = 128 << 10;
/// Pauses between attempts: the first and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// A service.
pub struct Endpoint {
    connector: Mutex<Box<dyn Connector>>,
    kept: Arc<Kept>,
    address: String,
    login: Login,
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

/// A question as it goes to the service, so that the very same can be asked again.
#[derive(Debug)]
pub(crate) struct Asked {
    number: String,
    text: String,
    timeout: Duration,
    came: AtomicBool,
    /// Where it was asked ahead of its turn: its answer only has to be heard.
    ahead: Mutex<Option<Channel>>,
}

impl Asked {
    /// Whether it may have come to its service.
    pub(crate) fn has_come(&self) -> bool {
        self.came.load(Ordering::Relaxed)
    }

    /// Whether it was asked ahead of its turn.
    pub(crate) fn is_ahead(&self) -> bool {
        lock(&self.ahead).is_some()
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
            kept: Arc::default(),
            address,
            login,
        }
    }

    /// Shares connections with everybody who has the same.
    #[must_use]
    pub(crate) fn sharing(mut self, kept: Arc<Kept>) -> Self {
        self.kept = kept;
        self
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
        self.answer_to(&self.prepare(question), patience)
    }

    /// A question, yet to be asked.
    pub(crate) fn prepare(&self, question: Question<'_>) -> Asked {
        let timeout = question.timeout + question.timeout.clamp(GRACE.0, GRACE.1);
        let (number, text) = self.request(question);
        Asked {
            number,
            text,
            timeout,
            came: AtomicBool::new(false),
            ahead: Mutex::default(),
        }
    }

    pub(crate) fn answer_to(
        &self,
        asked: &Asked,
        patience: &Patience<'_>,
    ) -> Result<Answered, Problem> {
        self.answer_before(asked, None, patience)
    }

    /// The same; if the answer is a long one, `next` is asked before it is read, so that the service
    /// works on the one while this side does on the other.
    pub(crate) fn answer_before(
        &self,
        asked: &Asked,
        next: Option<&Asked>,
        patience: &Patience<'_>,
    ) -> Result<Answered, Problem> {
        let Asked { number, came, .. } = asked;
        let mut broken: Option<Instant> = None;
        let mut again = asked.has_come();
        let mut pause = PAUSE.0;
        loop {
            let reply = self.once(asked, next, &mut again);
            let is_unsent = matches!(reply, Err(Problem::Unreachable(_)));
            came.fetch_or(again || !is_unsent, Ordering::Relaxed);
            let reply = match reply {
                Err(problem) if problem.is_passing() => {
                    again |= matches!(problem, Problem::Lost(_));
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
            if broken.is_some() {
                (patience.tell)(None);
            }
            if reply.header.relates_to != *number {
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
            max_envelope: Some(ENVELOPE as u64),
            timeout: Some(question.timeout),
            locale: Some("en-US".to_owned()),
            data_locale: Some("en-US".to_owned()),
            session_id: Some(CLIENT.clone()),
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

    /// Sends a request; `again` is set if it may have come to the service before.
    fn once(
        &self,
        asked: &Asked,
        next: Option<&Asked>,
        again: &mut bool,
    ) -> Result<Reply, Problem> {
        let ahead = lock(&asked.ahead).take();
        // A connection that was kept may be gone; what is sent twice has one number.
        let kept = match ahead {
            Some(channel) => Some(self.hear(channel, asked, next)),
            None => self.kept.take().map(|kept| self.over(kept, asked, next)),
        };
        if let Some(reply) = kept {
            match reply {
                Err(Problem::Lost(HttpError::NoAnswer | HttpError::Io(_))) => {}
                // Services forget who a connection belongs to.
                Err(Problem::Denied) if matches!(self.login, Login::Windows(_)) => {}
                other => return other,
            }
            self.kept.clear();
            *again = true;
        }
        let connection = {
            let connector = lock(&self.connector);
            match connector.quick() {
                Some(quick) => Ok(quick),
                None => connector.connect(),
            }
        };
        let channel = self.channel(connection.map_err(Problem::Unreachable)?);
        match channel.and_then(|channel| self.over(channel, asked, next)) {
            // A quick way may have led nowhere.
            Err(Problem::Lost(HttpError::NoAnswer)) => *again = true,
            other => return other,
        }
        let connection = lock(&self.connector).connect();
        let channel = self.channel(connection.map_err(Problem::Unreachable)?)?;
        self.over(channel, asked, next)
    }

    /// A new connection, made ready for requests.
    fn channel(&self, connection: Box<dyn Connection>) -> Result<Channel, Problem> {
        let connection: Box<dyn Connection> = Box::new(Paced::new(connection));
        let (connection, seal) = match &self.login {
            Login::Windows(logon) => log_on(connection, logon, PATH)?,
            Login::Connection | Login::Certificate | Login::Basic { .. } => (connection, None),
        };
        Ok(Channel { connection, seal })
    }

    fn over(
        &self,
        channel: Channel,
        asked: &Asked,
        next: Option<&Asked>,
    ) -> Result<Reply, Problem> {
        self.hear(self.say(channel, asked)?, asked, next)
    }

    fn say(&self, channel: Channel, asked: &Asked) -> Result<Channel, Problem> {
        let Channel {
            mut connection,
            mut seal,
        } = channel;
        let text = &asked.text;
        let lost = |error| Problem::Lost(HttpError::Io(error));
        connection.set_timeout(Some(asked.timeout)).map_err(lost)?;
        let closed = seal.as_mut().map(|seal| seal.close(text.as_bytes()));
        let closed = closed.transpose()?;
        let (content_type, body) = match &closed {
            Some((content_type, body)) => (content_type.as_str(), body.as_slice()),
            None => ("application/soap+xml;charset=UTF-8", text.as_bytes()),
        };
        let login = self.login.field();
        let fields: Vec<_> = login
            .iter()
            .map(|login| ("authorization", login.as_str()))
            .collect();
        let request = HttpRequest {
            method: "POST",
            target: PATH,
            fields: &fields,
            content_type,
            body,
        };
        connection.write_all(&request.bytes()).map_err(lost)?;
        Ok(Channel { connection, seal })
    }

    fn hear(
        &self,
        channel: Channel,
        asked: &Asked,
        next: Option<&Asked>,
    ) -> Result<Reply, Problem> {
        let Channel {
            mut connection,
            mut seal,
        } = channel;
        let lost = |error| Problem::Lost(HttpError::Io(error));
        connection.set_timeout(Some(asked.timeout)).map_err(lost)?;
        let response = Response::read(connection).map_err(Problem::Lost)?;
        let status = response.status;
        let content_type = response
            .field("content-type")
            .unwrap_or_default()
            .to_owned();
        let whole = response.into_bytes().map_err(Problem::Lost)?;
        let bytes = match &mut seal {
            Some(seal) if matches!(status, 200 | 500) => seal.open(&content_type, &whole.bytes)?,
            // What is said in clear may come from anybody.
            Some(_) => Vec::new(),
            None => whole.bytes,
        };
        // One that denies has forgotten who this is.
        if let Some(connection) = whole.connection.filter(|_| status != 401) {
            let channel = Channel { connection, seal };
            match next.filter(|_| status == 200 && bytes.len() >= LONG) {
                Some(next) => {
                    next.came.store(true, Ordering::Relaxed);
                    // If it fails, it is asked when its turn comes.
                    *lock(&next.ahead) = self.say(channel, next).ok();
                }
                None => self.kept.put(channel),
            }
        }
        let text = String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
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
