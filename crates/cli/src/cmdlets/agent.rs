//! The agent: started where it does not run, and spoken to.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use rustix::fs::Mode;
use winsta_client::{Dirs, Launch, agent_socket, agent_stream};
use winsta_pssession::agent::{self, Agent, AgentError, Ask, Failed, Tell};

use super::roads::Ways;
use crate::report::{Exit, Failure};

/// A connection with the agent, which is started if it does not run.
pub(super) fn connect() -> Result<Agent, Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::local("the agent that holds PSSessions cannot be reached", error)
    };
    let dirs = Dirs::from_env().map_err(|error| failed(&error))?;
    let launch = Launch {
        args: vec![OsString::from("agent")],
        ..Launch::this_program()
    };
    let stream = agent_stream(&dirs, &launch).map_err(|error| failed(&error))?;
    Agent::over(stream).map_err(|error| failed(&error))
}

/// Asks one thing, and hears all that is told.
pub(super) fn ask(
    agent: &mut Agent,
    ask: &Ask,
    mut hear: impl FnMut(Tell) -> Result<(), Failure>,
) -> Result<(), Failure> {
    agent.ask(ask).map_err(|error| lost(&error))?;
    while let Some(tell) = agent.hear().map_err(|error| lost(&error))? {
        hear(tell)?;
    }
    Ok(())
}

pub(super) fn lost(error: &AgentError) -> Failure {
    let failure = Failure::local("the agent does not answer", error);
    failure.with_hint("its sessions are disconnected and stay on their hosts: Get-PSSession -ComputerName finds them")
}

/// The status that a failure stands for.
pub(super) fn status(failed: &Failed) -> Exit {
    match failed.error_id.as_str() {
        "ComputerNotReachable" | "SessionLost" => Exit::HostFailed,
        "PSSessionNotFound" | "JobNotFound" => Exit::Nothing,
        _ => Exit::Refused,
    }
}

/// Is the agent: `winsta agent --ready-fd 1`.
pub(crate) fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Whoever started it reads this.
            let _gone = writeln!(io::stdout(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> io::Result<()> {
    // Fails if this process leads a group already, which is as good.
    let _ = rustix::process::setsid();
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    std::env::set_current_dir("/")?;
    let dirs = Dirs::from_env().map_err(io::Error::other)?;
    agent::serve(&agent_socket(&dirs), Ways, || {
        let mut out = io::stdout();
        out.write_all(b"ready\n")?;
        out.flush()?;
        // Nobody waits for the end of a pipe that the agent holds.
        let null = std::fs::File::options().write(true).open("/dev/null")?;
        Ok(rustix::stdio::dup2_stdout(&null)?)
    })
}
