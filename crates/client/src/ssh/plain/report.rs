//! What `list.sh` prints, and the sessions that it means.

use std::collections::BTreeMap;

use winsta_api::{ProcessInfo, Session, Source};
use winsta_domain::{State, Timestamp};

/// Most lines of a report.
const MOST_LINES: usize = 200_000;
/// Programs whose children are logins, with the kind of session that these are.
const DOORS: [(&str, Kind); 6] = [
    ("sshd", Kind::Ssh),
    ("sshd-session", Kind::Ssh),
    ("login", Kind::Console),
    ("xrdp-sesman", Kind::Xrdp),
    ("dropbear", Kind::Ssh),
    ("in.telnetd", Kind::Other),
];

/// Why a report cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// There is none, or only its beginning.
    #[error("it ends too early")]
    Cut,
    /// A line is none that is printed.
    #[error("line {0} is not understood")]
    Line(usize),
    /// It is longer than any that makes sense.
    #[error("it is too long")]
    TooLong,
}

/// A session of a machine without winsta.
#[derive(Clone, Debug, PartialEq)]
pub struct PlainSession {
    /// As it is listed; without the host's name.
    pub session: Session,
    /// Its number at logind, if logind knows it.
    pub logind: Option<String>,
    /// When its first process began, in seconds since 1970.
    pub began: Option<u64>,
}

/// What a machine without winsta says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// The machine's present life.
    pub boot: String,
    /// Its sessions, lowest id first.
    pub sessions: Vec<PlainSession>,
    /// Their processes.
    pub processes: Vec<ProcessInfo>,
}

impl Report {
    /// Reads a report; what a login printed before it is passed over.
    pub fn parse(text: &str) -> Result<Self, ReportError> {
        Ok(Facts::parse(text)?.report())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Ssh,
    Xrdp,
    Console,
    Other,
}

impl Kind {
    fn of_service(service: &str, seat: bool) -> Self {
        match service {
            "sshd" | "ssh" | "dropbear" => Self::Ssh,
            service if service.starts_with("xrdp") => Self::Xrdp,
            "login" => Self::Console,
            _ if seat => Self::Console,
            _ => Self::Other,
        }
    }

    fn words(self) -> (&'static str, &'static str, Source) {
        match self {
            Self::Ssh => ("ssh", "ssh-tcp", Source::Ssh),
            Self::Xrdp => ("rdpwd", "rdp-tcp", Source::Xrdp),
            Self::Console => ("wdcon", "tty", Source::Console),
            Self::Other => ("pty", "pty", Source::Other),
        }
    }
}

/// A process, as `ps` prints it.
#[derive(Clone, Debug)]
struct Process {
    pid: u32,
    parent: u32,
    session: u32,
    logind: Option<String>,
    tty: Option<String>,
    began: u64,
    user: String,
    image: String,
}

#[derive(Debug, Default)]
struct Facts {
    boot: String,
    now: u64,
    own: String,
    logins: Vec<BTreeMap<String, String>>,
    /// When each terminal was last read from.
    ttys: BTreeMap<String, u64>,
    processes: Vec<Process>,
}

impl Facts {
    fn parse(text: &str) -> Result<Self, ReportError> {
        let mut facts = Self::default();
        let mut lines = text.lines().enumerate();
        lines
            .find(|(_, line)| *line == "winsta-plain 1")
            .ok_or(ReportError::Cut)?;
        for (index, line) in lines {
            if index > MOST_LINES {
                return Err(ReportError::TooLong);
            }
            let wrong = || ReportError::Line(index + 1);
            let (kind, rest) = line.split_at_checked(1).ok_or_else(wrong)?;
            let rest = rest.trim();
            match kind {
                "B" => rest.clone_into(&mut facts.boot),
                "N" => facts.now = rest.parse().map_err(|_| wrong())?,
                "S" => rest.clone_into(&mut facts.own),
                "L" => facts.login(rest).ok_or_else(wrong)?,
                "T" => facts.tty(rest).ok_or_else(wrong)?,
                "P" => facts.process(rest).ok_or_else(wrong)?,
                "E" => return Ok(facts),
                _ => return Err(wrong()),
            }
        }
        Err(ReportError::Cut)
    }

    /// `Id=3`, in the order in which logind likes it; an empty line stands between sessions.
    fn login(&mut self, text: &str) -> Option<()> {
        if text.is_empty() {
            self.logins.push(BTreeMap::new());
            return Some(());
        }
        let (key, value) = text.split_once('=')?;
        if self.logins.is_empty() {
            self.logins.push(BTreeMap::new());
        }
        let login = self.logins.last_mut()?;
        login.insert(key.to_owned(), value.to_owned());
        Some(())
    }

    fn tty(&mut self, text: &str) -> Option<()> {
        let (path, time) = text.split_once(' ')?;
        let name = path.strip_prefix("/dev/")?;
        self.ttys.insert(name.to_owned(), time.parse().ok()?);
        Some(())
    }

    fn process(&mut self, text: &str) -> Option<()> {
        let mut words = text.split_whitespace();
        let known = |word: &str| (!matches!(word, "-" | "?")).then(|| word.to_owned());
        let pid = words.next()?.parse().ok()?;
        let parent = words.next()?.parse().ok()?;
        // A kernel thread has none, which some print as a dash.
        let session = words.next()?.parse().unwrap_or_default();
        let logind = known(words.next()?);
        let tty = known(words.next()?);
        let age: u64 = words.next()?.parse().ok()?;
        let user = words.next()?.to_owned();
        let image: Vec<&str> = words.collect();
        self.processes.push(Process {
            pid,
            parent,
            session,
            logind,
            tty,
            began: self.now.saturating_sub(age),
            user,
            image: image.join(" "),
        });
        Some(())
    }

    fn report(&self) -> Report {
        let mut sessions = self.of_logind();
        if self.logins.is_empty() {
            sessions = self.of_processes();
        }
        sessions.sort_by_key(|found| found.session.id);
        sessions.dedup_by_key(|found| found.session.id);
        let processes = sessions.iter().flat_map(|found| self.processes_of(found));
        Report {
            boot: self.boot.clone(),
            processes: processes.collect(),
            sessions,
        }
    }

    /// What logind knows. It knows all logins, and left-overs of logins too.
    fn of_logind(&self) -> Vec<PlainSession> {
        let logins = self.logins.iter();
        logins
            .filter_map(|login| self.login_session(login))
            .collect()
    }

    fn login_session(&self, login: &BTreeMap<String, String>) -> Option<PlainSession> {
        let get = |key: &str| login.get(key).map(String::as_str).filter(|v| !v.is_empty());
        let logind = get("Id")?;
        // Managers and greeters are nobody's sessions; the connection that asks is none either.
        if !get("Class").unwrap_or("user").starts_with("user") || logind == self.own {
            return None;
        }
        let leader: Option<u32> = get("Leader").and_then(|pid| pid.parse().ok());
        let leader = leader.filter(|pid| *pid != 0);
        let members = self.processes.iter();
        let mut members = members.filter(|process| process.logind.as_deref() == Some(logind));
        let tty = get("TTY").map(str::to_owned);
        let tty = tty.or_else(|| members.find_map(|process| process.tty.clone()));
        let seat = tty.as_deref().is_some_and(|tty| tty.starts_with("tty"));
        let kind = Kind::of_service(get("Service").unwrap_or_default(), seat);
        let state = match get("State") {
            // In the background, or left over from a login.
            Some("online") if kind == Kind::Console => State::Disconnected,
            Some("closing") => State::Disconnected,
            _ => State::Active,
        };
        let first = leader.and_then(|pid| self.processes.iter().find(|p| p.pid == pid));
        let since = get("Timestamp").and_then(timestamp);
        let seconds = since.map(|time| time.0 / 1000);
        let id = logind.parse().ok().or(leader)?;
        let found = Found {
            id,
            kind,
            state,
            user: get("Name")?.to_owned(),
            tty,
            logon: since.or(first.map(|first| moment(first.began))),
            address: get("RemoteHost").map(str::to_owned),
            leader,
        };
        Some(PlainSession {
            session: self.session(found, seconds),
            logind: Some(logind.to_owned()),
            began: first.map(|first| first.began),
        })
    }

    /// Without logind: what programs that let people in have started at a terminal.
    fn of_processes(&self) -> Vec<PlainSession> {
        let by_pid: BTreeMap<u32, &Process> = self.processes.iter().map(|p| (p.pid, p)).collect();
        let door = |process: &Process| {
            let parent = by_pid.get(&process.parent)?;
            let door = DOORS.iter().find(|(name, _)| *name == parent.image);
            door.map(|(_, kind)| *kind)
        };
        let leaders = self.processes.iter().filter(|p| p.pid == p.session);
        leaders
            .filter_map(|leader| {
                let kind = door(leader)?;
                let found = Found {
                    id: leader.pid,
                    kind,
                    state: State::Active,
                    user: leader.user.clone(),
                    tty: Some(leader.tty.clone()?),
                    logon: Some(moment(leader.began)),
                    address: None,
                    leader: Some(leader.pid),
                };
                Some(PlainSession {
                    session: self.session(found, Some(leader.began)),
                    logind: None,
                    began: Some(leader.began),
                })
            })
            .collect()
    }

    fn session(&self, found: Found, logon: Option<u64>) -> Session {
        let (kind, listener, source) = found.kind.words();
        let input = found.tty.as_ref().and_then(|tty| self.ttys.get(tty));
        // A terminal that was used before the login says nothing of its user.
        let input = input.map(|input| (*input).max(logon.unwrap_or_default()).min(self.now));
        let name = match (found.kind, &found.tty) {
            (Kind::Console, Some(tty)) => tty.clone(),
            _ => format!("{listener}#{}", found.id),
        };
        Session {
            host: String::new(),
            id: found.id,
            name: (found.state != State::Disconnected).then_some(name),
            label: None,
            user: Some(found.user),
            state: found.state,
            kind: kind.to_owned(),
            device: found.tty,
            source,
            logon_time: found.logon.map(|time| time.rfc3339().to_string()),
            last_input_time: input.map(|input| moment(input).rfc3339().to_string()),
            idle_seconds: input.map(|input| self.now.saturating_sub(input)),
            disconnected_since: None,
            client_name: None,
            client_address: found.address,
            leader_pid: found.leader,
            current: false,
            connections: Vec::new(),
            command: Vec::new(),
        }
    }

    fn processes_of<'a>(
        &'a self,
        found: &'a PlainSession,
    ) -> impl Iterator<Item = ProcessInfo> + 'a {
        let session = &found.session;
        let belongs = move |process: &&Process| match &found.logind {
            Some(logind) => process.logind.as_ref() == Some(logind),
            None => Some(process.session) == session.leader_pid,
        };
        self.processes
            .iter()
            .filter(belongs)
            .map(move |process| ProcessInfo {
                host: String::new(),
                user: Some(process.user.clone()),
                session_name: session.name.clone(),
                id: session.id,
                pid: process.pid,
                image: process.image.clone(),
                current: false,
            })
    }
}

/// What is known of a session, from wherever.
struct Found {
    id: u32,
    kind: Kind,
    state: State,
    user: String,
    tty: Option<String>,
    logon: Option<Timestamp>,
    address: Option<String>,
    leader: Option<u32>,
}

/// From seconds since 1970.
fn moment(seconds: u64) -> Timestamp {
    Timestamp(seconds.saturating_mul(1000))
}

/// `Sat 2026-11-21 09:00:00 UTC`
fn timestamp(text: &str) -> Option<Timestamp> {
    let mut words = text.split(' ');
    let (_, day, time) = (words.next()?, words.next()?, words.next()?);
    if words.next()? != "UTC" {
        return None;
    }
    Timestamp::parse_rfc3339(&format!("{day}T{time}Z"))
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
