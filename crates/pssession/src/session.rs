//! A PSSession: a runspace pool on a service.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use winsta_psrp::client::{PoolEvent, PoolOptions, RunspacePool};
use winsta_psrp::message::PoolState;
use winsta_psrp::{PoolId, Stream};
use winsta_wsman::fault::Kind;
use winsta_wsman::names::{COMMANDS, LINES_TOGETHER, POWERSHELL};
use winsta_wsman::request::Piece;
use winsta_wsman::{Answer, BufferMode, CommandOption, Found, Operation, Shell};

use crate::endpoint::{Asked, Endpoint, Question, guid, lock};
use crate::patience::Patience;
use crate::problem::Problem;
use crate::screen::decline;

/// Version of PowerShell's protocol that is spoken.
const VERSION: &str = "2.3";
/// Most bytes of a request's fragments.
pub(crate) const PIECE: usize = 64 << 10;
/// How long ending a session that did not open may take.
const CLEANING: Duration = Duration::from_secs(2);
/// How long that is tried while the network is away.
const CLEANING_UP: Duration = Duration::from_secs(240);
/// Sessions that are being ended while the network is away.
static CLEARING: AtomicUsize = AtomicUsize::new(0);
/// The least that a service is given for an answer.
const SHORTEST: Duration = Duration::from_secs(1);
/// How long a service may be silent in one request.
const ROUND: Duration = Duration::from_secs(20);

/// What a new session is to be.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// Its session configuration.
    pub configuration: String,
    /// How long it stays without a client; the configuration decides if nothing is said.
    pub idle_timeout: Option<Duration>,
    /// What happens when its buffer is full.
    pub buffer_mode: Option<BufferMode>,
    /// How long opening it may take.
    pub open_timeout: Duration,
    /// How long its service may take for an answer, at most.
    pub operation_timeout: Option<Duration>,
}

/// A session that this client is connected to.
pub struct Session {
    pub(crate) endpoint: Arc<Endpoint>,
    id: String,
    resource: String,
    operation_timeout: Option<Duration>,
    pub(crate) pool: Mutex<RunspacePool>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Session").field(&self.id).finish()
    }
}

impl Session {
    /// Makes a session.
    pub fn open(
        endpoint: Arc<Endpoint>,
        wanted: &Wanted,
        patience: &Patience<'_>,
    ) -> Result<Self, Problem> {
        let id = guid();
        let mut pool = machine(&id)?;
        pool.open();
        let creation = pool.take(Stream::Default, PIECE).unwrap_or_default();
        let session = Self {
            endpoint,
            id,
            resource: format!("{POWERSHELL}{}", wanted.configuration),
            operation_timeout: wanted.operation_timeout,
            pool: Mutex::new(pool),
        };
        let shell = Shell {
            id: Some(session.id.clone()),
            name: Some(wanted.name.clone()),
            input_streams: vec!["stdin".to_owned(), "pr".to_owned()],
            output_streams: vec!["stdout".to_owned()],
            idle_timeout: wanted.idle_timeout,
            buffer_mode: wanted.buffer_mode,
            creation: Some(creation),
            ..Shell::default()
        };
        let mut question =
            Question::new(&session.resource, None, Operation::Create(Box::new(shell)))
                .within(wanted.open_timeout);
        question.options.push(CommandOption {
            name: "protocolversion".to_owned(),
            value: VERSION.to_owned(),
            must_comply: true,
        });
        let asked = session.endpoint.prepare(question);
        let opened = session.begin(&asked, wanted.open_timeout, patience);
        if let Err(problem) = opened {
            if asked.has_come() && !matches!(problem, Problem::Denied) {
                // It may be there all the same.
                session.clear_away();
            }
            return Err(problem);
        }
        Ok(session)
    }

    fn begin(
        &self,
        asked: &Asked,
        within: Duration,
        patience: &Patience<'_>,
    ) -> Result<(), Problem> {
        let made = self.endpoint.answer_to(asked, patience)?;
        if let Err(problem) = made.answer
            && !(made.again && problem.is(Kind::ShellExists))
        {
            return Err(problem);
        }
        self.send_pool(patience)?;
        self.await_open(Instant::now() + within, patience)
    }

    /// Ends what its user will never hear of; behind their back if the network is away.
    fn clear_away(self) {
        match self.remove(CLEANING, &Patience::NONE) {
            Err(problem) if problem.is_passing() => {}
            _ => return,
        }
        CLEARING.fetch_add(1, Ordering::SeqCst);
        thread::spawn(move || {
            // After that its service ends it by itself, later.
            let _ = self.remove(CLEANING, &Patience::silent(CLEANING_UP));
            CLEARING.fetch_sub(1, Ordering::SeqCst);
        });
    }

    /// Takes a session that nobody is connected to.
    pub fn connect(
        endpoint: Arc<Endpoint>,
        id: &str,
        resource: &str,
        operation_timeout: Option<Duration>,
        patience: &Patience<'_>,
    ) -> Result<Self, Problem> {
        let mut pool = machine(id)?;
        let connect = Operation::Connect {
            command: None,
            opening: Some(pool.connect()),
        };
        let answer = endpoint.ask(Question::new(resource, Some(id), connect), patience)?;
        let Answer::Connected {
            opening: Some(opening),
            ..
        } = answer
        else {
            return Err(Problem::Unrelated);
        };
        pool.connected(&opening)?;
        Ok(Self {
            endpoint,
            id: id.to_owned(),
            resource: resource.to_owned(),
            operation_timeout,
            pool: Mutex::new(pool),
        })
    }

    /// Its id, a GUID in capitals.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The resource that its configuration is.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// The service that it is on.
    pub fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }

    /// Lets go of it: what runs in it runs on.
    pub fn disconnect(
        &self,
        idle_timeout: Option<Duration>,
        buffer_mode: Option<BufferMode>,
        patience: &Patience<'_>,
    ) -> Result<(), Problem> {
        let operation = Operation::Disconnect {
            idle_timeout,
            buffer_mode,
        };
        let done = self.endpoint.answered(self.question(operation), patience)?;
        match done.answer {
            Ok(_) => {}
            Err(problem) if done.again && problem.is(Kind::NotConnected) => {}
            Err(problem) => return Err(problem),
        }
        lock(&self.pool).disconnected();
        Ok(())
    }

    /// Takes it back.
    pub fn reconnect(&self, patience: &Patience<'_>) -> Result<(), Problem> {
        let operation = Operation::Reconnect { command: None };
        let done = self.endpoint.answered(self.question(operation), patience)?;
        match done.answer {
            Ok(_) => {}
            Err(problem) if done.again && problem.is(Kind::NotReconnectable) => {}
            Err(problem) => return Err(problem),
        }
        lock(&self.pool).reconnected();
        Ok(())
    }

    /// Goes on after the network was away, as the client that it was before.
    pub fn resume(&self, patience: &Patience<'_>) -> Result<(), Problem> {
        match self.reconnect(patience) {
            // Its service has not noticed.
            Err(problem) if problem.is(Kind::NotReconnectable) => Ok(()),
            other => other,
        }
    }

    /// Ends it; its service may take so long.
    pub fn remove(&self, within: Duration, patience: &Patience<'_>) -> Result<(), Problem> {
        remove(&self.endpoint, &self.id, &self.resource, within, patience)
    }

    /// Tells the service that its client lives. Gives what it says about the pool.
    pub fn beat(&self, patience: &Patience<'_>) -> Result<(), Problem> {
        self.hear(Duration::from_secs(1), patience)
    }

    /// Ids of its pipelines.
    pub fn pipelines(&self, patience: &Patience<'_>) -> Result<Vec<String>, Problem> {
        let operation = Operation::Enumerate {
            optimize: true,
            max_elements: Some(32_000),
            filter: vec![("ShellId".to_owned(), self.id.clone())],
        };
        let question = Question::new(COMMANDS, None, operation);
        let Answer::Items { items, .. } = self.endpoint.ask(question, patience)? else {
            return Err(Problem::Unrelated);
        };
        let ids = items.into_iter().filter_map(|item| match item {
            Found::Command { id, .. } => Some(id),
            Found::Shell(_) => None,
        });
        Ok(ids.collect())
    }

    pub(crate) fn question(&self, operation: Operation) -> Question<'_> {
        let question = Question::new(&self.resource, Some(&self.id), operation);
        self.in_time(question)
    }

    /// Within what its user has said.
    fn in_time<'a>(&self, question: Question<'a>) -> Question<'a> {
        let most = self.operation_timeout.unwrap_or(question.timeout);
        let within = question.timeout.min(most.max(SHORTEST));
        question.within(within)
    }

    /// A question for output, of a pipeline or of the pool itself.
    pub(crate) fn receive(&self, command: Option<&str>, within: Duration) -> Question<'_> {
        let operation = Operation::Receive {
            streams: vec!["stdout".to_owned()],
            command: command.map(str::to_owned),
        };
        let mut question = self.in_time(self.question(operation).within(within));
        let names = ["WSMAN_CMDSHELL_OPTION_KEEPALIVE", LINES_TOGETHER];
        question.options.extend(names.map(|name| CommandOption {
            name: name.to_owned(),
            value: "True".to_owned(),
            must_comply: false,
        }));
        question
    }

    /// Brings what one of its machines has to say.
    pub(crate) fn send(
        &self,
        command: Option<&str>,
        stream: &str,
        bytes: Vec<u8>,
        patience: &Patience<'_>,
    ) -> Result<(), Problem> {
        let piece = Piece {
            stream: stream.to_owned(),
            command: command.map(str::to_owned),
            end: false,
            bytes,
        };
        let streams = vec![piece];
        let question = self.question(Operation::Send { streams });
        self.endpoint.ask(question, patience).map(|_| ())
    }

    fn send_pool(&self, patience: &Patience<'_>) -> Result<(), Problem> {
        for (stream, name) in [(Stream::Default, "stdin"), (Stream::PromptResponse, "pr")] {
            loop {
                let bytes = lock(&self.pool).take(stream, PIECE);
                let Some(bytes) = bytes else { break };
                self.send(None, name, bytes, patience)?;
            }
        }
        Ok(())
    }

    fn await_open(&self, deadline: Instant, patience: &Patience<'_>) -> Result<(), Problem> {
        loop {
            let state = lock(&self.pool).state();
            let left = deadline.saturating_duration_since(Instant::now());
            match state {
                PoolState::OPENED => return Ok(()),
                _ if left.is_zero() => {
                    return Err(Problem::Broken(": it did not open in time".to_owned()));
                }
                _ => self.hear(left.min(ROUND), patience)?,
            }
        }
    }

    /// Hears what the pool itself has to say.
    fn hear(&self, within: Duration, patience: &Patience<'_>) -> Result<(), Problem> {
        let answer = match self.endpoint.ask(self.receive(None, within), patience) {
            Err(problem) if problem.is(Kind::TimedOut) => return Ok(()),
            other => other?,
        };
        let Answer::Received { streams, .. } = answer else {
            return Err(Problem::Unrelated);
        };
        let mut broken = None;
        {
            let mut pool = lock(&self.pool);
            for piece in streams {
                pool.handle(&piece.bytes)?;
            }
            while let Some(event) = pool.poll_event() {
                match event {
                    PoolEvent::Broken(error) => {
                        let why = error.map(|error| format!(": {}", error.message()));
                        broken = Some(why.unwrap_or_default());
                    }
                    PoolEvent::HostCall(call) => {
                        if let Some(response) = decline(&call) {
                            pool.respond(response);
                        }
                    }
                    PoolEvent::Closed => broken = Some(": it was closed".to_owned()),
                    _ => {}
                }
            }
        }
        self.send_pool(patience)?;
        broken.map_or(Ok(()), |why| Err(Problem::Broken(why)))
    }
}

/// Whether a session is still being ended that did not open.
pub(crate) fn is_clearing() -> bool {
    CLEARING.load(Ordering::SeqCst) > 0
}

/// Ends a session, connected or not.
pub(crate) fn remove(
    endpoint: &Endpoint,
    id: &str,
    resource: &str,
    within: Duration,
    patience: &Patience<'_>,
) -> Result<(), Problem> {
    let question = Question::new(resource, Some(id), Operation::Delete).within(within);
    let done = endpoint.answered(question, patience)?;
    match done.answer {
        Ok(_) => Ok(()),
        Err(problem) if done.again && problem.is(Kind::NoShell) => Ok(()),
        Err(problem) => Err(problem),
    }
}

fn machine(id: &str) -> Result<RunspacePool, Problem> {
    let id: PoolId = id
        .parse()
        .map_err(|_| Problem::Broken(format!(": its id is {id:?}, which is no GUID")))?;
    Ok(RunspacePool::new(id, PoolOptions::default()))
}
