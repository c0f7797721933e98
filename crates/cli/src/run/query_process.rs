//! `query process`.

use winsta_api::ProcessInfo;
use winsta_client::{Deadline, Host};

use super::fleet::{self, Gathered};
use super::query::{is_alone, or_empty};
use super::reach::{Place, places, user};
use crate::grammar::windows::QueryProcess;
use crate::output::{self, Row};
use crate::report::{Exit, Failure, Outcome};
use crate::table::sessions::processes;
use crate::tools::Execute;

impl Row for ProcessInfo {
    const KEYS: &'static [&'static str] = &[
        "host",
        "user",
        "session_name",
        "id",
        "pid",
        "image",
        "current",
    ];
}

impl QueryProcess {
    fn found(&self, place: &Place, host: &Host) -> Result<Vec<ProcessInfo>, Failure> {
        let list = match self.id {
            Some(id) => host.session_processes(id),
            None => host.processes(),
        };
        let mut list = list.map_err(|error| Failure::call("cannot list the processes", &error))?;
        if !place.is_here() {
            for process in &mut list {
                process.host.clone_from(&place.name);
            }
        }
        let found = match (self.id, self.target.as_deref()) {
            (Some(_), _) | (None, Some("*")) => list,
            (None, Some(target)) => chosen(list, target),
            (None, None) => of_user(list, &user()),
        };
        if found.is_empty() {
            return Err(Failure::nothing("Process", &self.wanted()));
        }
        Ok(found)
    }

    /// What is looked for.
    fn wanted(&self) -> String {
        let id = self.id.map(|id| id.to_string());
        self.target.clone().or(id).unwrap_or_else(|| "*".to_owned())
    }
}

impl Execute for QueryProcess {
    fn execute(self) -> Outcome {
        let places = places(self.server.as_deref())?;
        let format = self.output.format;
        if let [only] = places.as_slice()
            && is_alone(only, format)
        {
            let host = only.host(self.network.time(), Deadline::NEVER)?;
            let found = or_empty(self.found(only, &host), format)?;
            output::print(format, &found, || processes(&found))?;
            return Ok(Exit::Done);
        }
        let ask = |place: &Place, host: Host| self.found(place, &host);
        let answers = fleet::ask(&places, self.network, ask);
        let wanted = self.wanted();
        Gathered::new(&places, answers).print(format, "Process", Some(&wanted), |found| {
            let found: Vec<ProcessInfo> = found.iter().map(|process| (*process).clone()).collect();
            processes(&found)
        })
    }
}

fn of_user(mut list: Vec<ProcessInfo>, user: &str) -> Vec<ProcessInfo> {
    list.retain(|process| process.user.as_deref() == Some(user));
    list
}

/// The processes that a word means: a process's number, else a user, else a session's name, else a
/// program.
pub(super) fn chosen(list: Vec<ProcessInfo>, target: &str) -> Vec<ProcessInfo> {
    let same = |name: Option<&str>| name.is_some_and(|name| name.eq_ignore_ascii_case(target));
    let matchers: [&dyn Fn(&ProcessInfo) -> bool; 4] = [
        &|process| target.parse() == Ok(process.pid),
        &|process| same(process.user.as_deref()),
        &|process| same(process.session_name.as_deref()),
        &|process| same(Some(&process.image)),
    ];
    let way = matchers.iter().find(|way| list.iter().any(way));
    match way {
        Some(way) => list.into_iter().filter(way).collect(),
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: u32, user: &str, session: Option<&str>, image: &str) -> ProcessInfo {
        ProcessInfo {
            host: "h".to_owned(),
            user: Some(user.to_owned()),
            session_name: session.map(str::to_owned),
            id: 1,
            pid,
            image: image.to_owned(),
            current: false,
        }
    }

    #[test]
    fn a_word_means_a_number_a_user_a_session_or_a_program() {
        let list = || {
            vec![
                process(10, "bob", Some("pty#1"), "bash"),
                process(11, "bob", Some("pty#1"), "vim"),
                process(12, "ann", None, "bash"),
                process(13, "vim", None, "10"),
            ]
        };
        let cases: [(&str, &[u32]); 7] = [
            ("10", &[10]),
            ("BOB", &[10, 11]),
            ("pty#1", &[10, 11]),
            ("bash", &[10, 12]),
            ("vim", &[13]),
            ("emacs", &[]),
            ("14", &[]),
        ];
        for (target, expected) in cases {
            let pids: Vec<u32> = chosen(list(), target).iter().map(|p| p.pid).collect();
            assert_eq!(pids, expected, "{target}");
        }
        let own: Vec<u32> = of_user(list(), "ann").iter().map(|p| p.pid).collect();
        assert_eq!(own, [12]);
    }
}
