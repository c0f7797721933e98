//! `query process`.

use winsta_api::ProcessInfo;

use super::query::or_empty;
use super::reach::{host, user};
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

impl Execute for QueryProcess {
    fn execute(self) -> Outcome {
        let host = host(self.server.as_deref())?;
        let list = match self.id {
            Some(id) => host.session_processes(id),
            None => host.processes(),
        };
        let list = list.map_err(|error| Failure::call("cannot list the processes", &error))?;
        let found = match (self.id, self.target.as_deref()) {
            (Some(_), _) | (None, Some("*")) => list,
            (None, Some(target)) => chosen(list, target),
            (None, None) => of_user(list, &user()),
        };
        let found = if found.is_empty() {
            let id = self.id.map(|id| id.to_string());
            let what = self.target.or(id).unwrap_or_else(|| "*".to_owned());
            Err(Failure::nothing("Process", &what))
        } else {
            Ok(found)
        };
        let found = or_empty(found, self.output.format)?;
        output::print(self.output.format, &found, || processes(&found))?;
        Ok(Exit::Done)
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
