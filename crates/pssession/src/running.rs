//! A pipeline of a session, as whoever waits for it sees it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;
use winsta_psrp::client::{Pipeline, PipelineEvent};
use winsta_psrp::message::{
    Argument, Command, CreatePipeline, ErrorRecord, PipelineState, PowerShell,
};
use winsta_psrp::{PipelineId, Stream};
use winsta_wsman::fault::Kind;
use winsta_wsman::names::Signal;
use winsta_wsman::{Answer, Operation};

use crate::endpoint::{Asked, lock};
use crate::patience::Patience;
use crate::problem::Problem;
use crate::saying::Saying;
use crate::screen::{Screen, decline};
use crate::session::{PIECE, Session};

/// How long a service may keep a request for output.
const ROUND: Duration = Duration::from_secs(20);

/// What is to be run.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// The text.
    pub text: String,
    /// What the script gets.
    pub arguments: Vec<String>,
    /// Lines of its input; nothing if it has none.
    pub input: Option<Vec<String>>,
}

/// A pipeline.
pub struct Running {
    session: Arc<Session>,
    id: String,
    machine: Pipeline,
    screen: Screen,
    /// A request for output that the network broke: the next one is the same, so that nothing
    /// comes twice. Or one that was asked while the answer to the one before was being read.
    asked: Option<Asked>,
    exit: Option<i64>,
    why: Option<String>,
    over: bool,
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Running").field(&self.id).finish()
    }
}

/// Interrupts a pipeline.
#[derive(Clone, Debug)]
pub struct Stopper {
    session: Arc<Session>,
    id: String,
}

impl Stopper {
    /// Has the pipeline stop; its end comes as it comes.
    pub fn stop(&self, patience: &Patience<'_>) -> Result<(), Problem> {
        signal(&self.session, &self.id, Signal::PowerShellCtrlC, patience)
    }
}

impl Running {
    /// Starts a script in a session.
    pub fn start(
        session: &Arc<Session>,
        script: Script,
        patience: &Patience<'_>,
    ) -> Result<Self, Problem> {
        let mut running = Self::prepare(session, script);
        let opening = running.machine.take(Stream::Default, PIECE);
        let opening = opening.unwrap_or_default();
        let operation = Operation::pipeline(running.id.clone(), &opening);
        let asked = session
            .endpoint
            .answered(session.question(operation), patience)?;
        match asked.answer {
            Ok(Answer::Command { id }) => running.id = id,
            Ok(_) => return Err(Problem::Unrelated),
            Err(problem) if asked.again && problem.is(Kind::CommandExists) => {}
            Err(problem) => return Err(problem),
        }
        while let Some(bytes) = running.machine.take(Stream::Default, PIECE) {
            session.send(Some(&running.id), "stdin", bytes, patience)?;
        }
        Ok(running)
    }

    fn prepare(session: &Arc<Session>, script: Script) -> Self {
        let mut command = Command::script(&script.text);
        let arguments = script.arguments.into_iter();
        command.arguments.extend(arguments.map(|text| Argument {
            name: None,
            value: text.as_str().into(),
        }));
        let mut create = CreatePipeline::new(PowerShell {
            statements: vec![vec![command]],
            ..PowerShell::default()
        });
        create.no_input = script.input.is_none();
        let id = PipelineId(Uuid::new_v4());
        let mut machine = Pipeline::create(&lock(&session.pool), id, create);
        if let Some(lines) = script.input {
            for line in lines {
                machine.input_text(&line);
            }
            machine.end_input();
        }
        Self::of(session, id.to_string(), machine)
    }

    /// Takes a pipeline that another client started.
    pub fn adopt(
        session: &Arc<Session>,
        id: &str,
        patience: &Patience<'_>,
    ) -> Result<Self, Problem> {
        let number = id.parse().map_err(|_| Problem::Unrelated)?;
        let operation = Operation::Connect {
            command: Some(id.to_owned()),
            opening: None,
        };
        session
            .endpoint
            .ask(session.question(operation), patience)?;
        let machine = Pipeline::adopt(&lock(&session.pool), number);
        Ok(Self::of(session, id.to_owned(), machine))
    }

    fn of(session: &Arc<Session>, id: String, machine: Pipeline) -> Self {
        Self {
            session: Arc::clone(session),
            id,
            machine,
            screen: Screen::default(),
            asked: None,
            exit: None,
            why: None,
            over: false,
        }
    }

    /// Its id on the service.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What interrupts it.
    pub fn stopper(&self) -> Stopper {
        Stopper {
            session: Arc::clone(&self.session),
            id: self.id.clone(),
        }
    }

    /// Whether it has ended, and all that it said was given.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Its exit status, if its service tells.
    pub fn exit(&self) -> Option<i64> {
        self.exit
    }

    /// Why it failed, if it did.
    pub fn why(&self) -> Option<&str> {
        self.why.as_deref()
    }

    /// Whether it was stopped.
    pub fn is_stopped(&self) -> bool {
        self.machine.state() == PipelineState::STOPPED
    }

    /// Waits until it says something; nothing may come of it.
    pub fn hear(&mut self, patience: &Patience<'_>) -> Result<Vec<Saying>, Problem> {
        let endpoint = &self.session.endpoint;
        let question = || endpoint.prepare(self.session.receive(Some(&self.id), ROUND));
        let asked = self.asked.take().unwrap_or_else(question);
        let next = question();
        let answered = endpoint.answer_before(&asked, Some(&next), patience);
        self.asked = next.is_ahead().then_some(next);
        let answer = match answered.and_then(|answered| answered.answer) {
            Err(problem) if problem.is(Kind::TimedOut) => return Ok(Vec::new()),
            Err(problem) => {
                self.asked = problem.is_passing().then_some(asked);
                return Err(problem);
            }
            Ok(answer) => answer,
        };
        let Answer::Received { streams, state } = answer else {
            return Err(Problem::Unrelated);
        };
        for piece in streams {
            self.machine.handle(&piece.bytes)?;
        }
        if let Some(state) = state.filter(winsta_wsman::CommandState::is_done) {
            self.exit = state.exit_code;
            self.over = true;
        }
        let mut sayings = Vec::new();
        while let Some(event) = self.machine.poll_event() {
            match event {
                PipelineEvent::State(state) => {
                    self.why = state.error.as_ref().map(ErrorRecord::message);
                }
                PipelineEvent::HostCall(call) => {
                    if let Some(response) = decline(&call) {
                        self.machine.respond(response);
                    }
                    if let Some(saying) = self.screen.show(&call) {
                        Saying::add(&mut sayings, saying);
                    }
                }
                event => {
                    if let Some(saying) = Saying::of(event) {
                        Saying::add(&mut sayings, saying);
                    }
                }
            }
        }
        self.over |= self.machine.is_over();
        if self.over {
            sayings.extend(self.screen.rest());
            if let Some(asked) = self.asked.take() {
                // Its connection is worth waiting for the answer, which says no more.
                let _ = self.session.endpoint.answer_to(&asked, &Patience::NONE);
            }
            // It is forgotten there now. If nobody hears of that, its session's end will do it.
            let _ = signal(&self.session, &self.id, Signal::Terminate, &Patience::NONE);
        } else {
            self.answer(patience)?;
        }
        Ok(sayings)
    }

    /// Brings the answers to what the service asked.
    fn answer(&mut self, patience: &Patience<'_>) -> Result<(), Problem> {
        while let Some(bytes) = self.machine.take(Stream::PromptResponse, PIECE) {
            self.session.send(Some(&self.id), "pr", bytes, patience)?;
        }
        Ok(())
    }
}

fn signal(
    session: &Session,
    id: &str,
    signal: Signal,
    patience: &Patience<'_>,
) -> Result<(), Problem> {
    let operation = Operation::Signal {
        command: Some(id.to_owned()),
        code: signal.code().to_owned(),
    };
    match session.endpoint.ask(session.question(operation), patience) {
        Err(problem) if problem.is(Kind::NoCommand) => Ok(()),
        other => other.map(|_| ()),
    }
}
