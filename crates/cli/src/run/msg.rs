//! `msg`.

use std::io::{self, IsTerminal, Read as _};

use winsta_api::{Message, Session};
use winsta_client::Host;
use winsta_domain::SessionId;

use super::bulk::Bulk;
use super::survey::{Meant, Survey};
use super::targets::{Wanted, is_somebodys, several};
use crate::grammar::windows::Msg;
use crate::report::{Failure, Outcome, say};
use crate::table::layout::visible;
use crate::tools::Execute;

/// Most bytes of a message; the host takes no more.
const MOST: u64 = 64 << 10;

impl Execute for Msg {
    fn execute(self) -> Outcome {
        let server = self.server.as_deref();
        let survey = Survey::take(server, self.network)?;
        let sessions =
            survey.choose(|_, sessions| self.addressed(sessions, survey.is_several()))?;
        let message = Message {
            text: if self.what_if {
                String::new()
            } else {
                self.text()?
            },
            seconds: self.time,
            wait: self.wait,
            from: None,
        };
        let bulk = Bulk {
            verb: "tell",
            what_if: self.what_if,
            confirm: self.confirm,
            // An answer that was waited for is what the command is about.
            verbose: self.verbose || self.wait,
        };
        bulk.run(&survey, sessions, |host, meant| tell(host, meant, &message))
    }
}

impl Msg {
    /// The sessions whose users are told, each once. Whom a file names need not be on each of
    /// several hosts.
    fn addressed<'a>(
        &self,
        sessions: &'a [Session],
        several_hosts: bool,
    ) -> Result<Vec<&'a Session>, Failure> {
        let wanted = |target| Wanted {
            target,
            filter: self.filters.filter(),
            all: true,
            own: None,
        };
        if self.target == "*" {
            return several(sessions, &wanted(None));
        }
        let Some(file) = self.target.strip_prefix('@') else {
            return several(sessions, &wanted(Some(&self.target)));
        };
        let list = std::fs::read_to_string(file)
            .map_err(|error| Failure::local(format!("cannot read {file}"), &error))?;
        let mut found: Vec<&Session> = Vec::new();
        let names = list.lines().map(str::trim).filter(|name| !name.is_empty());
        for name in names {
            match several(sessions, &wanted(Some(name))) {
                Ok(more) => found.extend(more),
                Err(_) if several_hosts => {}
                Err(missing) => missing.print(),
            }
        }
        found.retain(|session| is_somebodys(session));
        found.sort_by_key(|session| session.id);
        found.dedup_by_key(|session| session.id);
        if found.is_empty() {
            return Err(Failure::nothing("session", &self.target));
        }
        Ok(found)
    }

    /// The text, from the command line or standard input.
    fn text(&self) -> Result<String, Failure> {
        if !self.message.is_empty() {
            return Ok(self.message.join(" "));
        }
        if io::stdin().is_terminal() {
            say("type the message; Ctrl-D at the beginning of a line ends it");
        }
        let mut text = String::new();
        io::stdin()
            .lock()
            .take(MOST)
            .read_to_string(&mut text)
            .map_err(|error| Failure::local("cannot read the message", &error))?;
        let text = text.trim_end().to_owned();
        if text.is_empty() {
            return Err(Failure::usage("msg: the message is empty"));
        }
        Ok(text)
    }
}

fn tell(host: &Host, meant: &Meant<'_>, message: &Message) -> Result<String, Failure> {
    let words = meant.words();
    let report = host
        .message(SessionId(meant.session.id), message)
        .map_err(|error| Failure::call(&format!("cannot tell {words}"), &error))?;
    Ok(match (report.answer.as_deref(), report.shown) {
        (Some("acknowledged"), _) => format!("{words}: acknowledged"),
        (Some("timed_out"), _) => format!("{words}: no answer in time"),
        (Some(answer), _) => format!("{words}: {}", visible(answer)),
        (None, 0) => format!("{words}: will be shown to the next client"),
        (None, _) => format!("{words}: shown"),
    })
}
