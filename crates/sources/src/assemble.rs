//! From facts to sessions; no I/O.

use std::net::IpAddr;

use winsta_domain::{State, Timestamp};

use crate::bare;
use crate::facts::{Facts, LoginFacts};
use crate::found::{Found, Key, Origin, Snapshot};
use crate::listeners::listeners;
use crate::login::Login;
use crate::parse::tty::Tty;
use crate::parse::xrdp::display_number;

/// What follows from the facts.
pub(crate) fn assemble(facts: &Facts, trouble: Option<String>) -> Snapshot {
    let mut sessions: Vec<Found> = match &facts.logins {
        Some(logins) => logins
            .iter()
            .filter_map(|login| session(login, facts))
            .collect(),
        None => bare::sessions(facts),
    };
    sessions.sort_by(|one, other| {
        let order = |found: &Found| (found.logon, found.key.clone());
        order(one).cmp(&order(other))
    });
    Snapshot {
        sessions,
        listeners: listeners(&facts.ports, &facts.listening),
        trouble,
    }
}

/// The name that a first process gives its session.
pub(crate) fn leader_key(pid: u32, start: u64) -> Key {
    Key(format!("process {pid} {start}"))
}

/// One login; `None` for those that are no session of anybody's any more.
fn session(facts: &LoginFacts, all: &Facts) -> Option<Found> {
    let login = &facts.login;
    // What is left of it are Winsta's own processes, whose sessions are listed as hosted.
    if login.state == "closing" && facts.strangers == Some(0) {
        return None;
    }
    let origin = origin(login)?;
    let display = display_number(&login.display);
    let state = state(login, origin, display, all);
    let named = login.remote_host.parse::<IpAddr>().is_err();
    let host = Some(login.remote_host.clone()).filter(|host| login.remote && !host.is_empty());
    let address = match origin {
        Origin::Ssh | Origin::Other if named => facts.address,
        Origin::Ssh | Origin::Other => login.remote_host.parse().ok(),
        Origin::Xrdp => display.and_then(|display| all.viewers.get(&display).copied()),
        Origin::Console => None,
    };
    let there = state == State::Active;
    let mut ttys = facts.ttys.clone();
    if ttys.is_empty() {
        let vt = (login.vt > 0).then_some(Tty::Virtual(login.vt));
        ttys.extend(Tty::from_name(&login.tty).or(vt));
    }
    Some(Found {
        key: Key(format!("login {} {}", login.id, login.timestamp)),
        leader_key: facts.start.map(|start| leader_key(login.leader, start)),
        origin,
        user: login.user.clone(),
        uid: login.uid,
        state,
        ttys,
        display,
        graphical: matches!(login.kind.as_str(), "x11" | "wayland" | "mir"),
        logon: Timestamp(login.timestamp / 1_000),
        disconnected: display
            .filter(|_| state == State::Disconnected)
            .and_then(|display| all.left.get(&display).copied()),
        client_name: host.filter(|_| named && there),
        client_address: address.filter(|_| there).map(|address| address.to_string()),
        leader: facts.start.map(|_| login.leader),
        login: Some(login.id.clone()),
        scope: Some(login.scope.clone()).filter(|scope| !scope.is_empty()),
        cgroup: facts.cgroup.clone(),
        connection: None,
    })
}

fn origin(login: &Login) -> Option<Origin> {
    let service = login.service.as_str();
    if service.starts_with("sshd") {
        return Some(Origin::Ssh);
    }
    if service.starts_with("xrdp") {
        return Some(Origin::Xrdp);
    }
    let at_console = matches!(
        Tty::from_name(&login.tty),
        Some(Tty::Virtual(_) | Tty::Serial(_))
    );
    if !login.seat.is_empty() || at_console {
        return Some(Origin::Console);
    }
    // What cron and the like open has nobody in front of it.
    let attended = login.remote || !login.tty.is_empty() || !login.display.is_empty();
    attended.then_some(Origin::Other)
}

/// logind says `active` of an xrdp session without a client too: only the socket tells.
fn state(login: &Login, origin: Origin, display: Option<u32>, all: &Facts) -> State {
    match login.state.as_str() {
        "closing" => return State::Down,
        "opening" => return State::Init,
        _ => {}
    }
    match origin {
        Origin::Xrdp => match display {
            Some(display) if all.attended.contains_key(&display) => State::Active,
            Some(_) => State::Disconnected,
            // Its X server is not up yet, or it is one that says nothing of itself.
            None => State::Init,
        },
        // In the background: another login is in front of the same screen.
        Origin::Console if login.state == "online" => State::Disconnected,
        Origin::Ssh | Origin::Console | Origin::Other => State::Active,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::{BTreeMap, HashMap};

    use super::*;

    fn login() -> Login {
        Login {
            id: "3".to_owned(),
            uid: 1_002,
            user: "bob".to_owned(),
            class: "user".to_owned(),
            service: "sshd".to_owned(),
            kind: "tty".to_owned(),
            state: "active".to_owned(),
            scope: "session-3.scope".to_owned(),
            leader: 179,
            remote: true,
            remote_host: "10.77.0.1".to_owned(),
            timestamp: 1_795_259_330_123_456,
            ..Login::default()
        }
    }

    fn only(login: Login) -> Facts {
        let facts = LoginFacts {
            login,
            start: Some(1_295_090),
            ..LoginFacts::default()
        };
        Facts {
            logins: Some(vec![facts]),
            ..Facts::default()
        }
    }

    fn one(facts: &Facts) -> Option<Found> {
        assemble(facts, None).sessions.into_iter().next()
    }

    /// An ssh session at `pts/3`.
    pub(crate) fn ssh() -> Found {
        let mut facts = only(login());
        for login in facts.logins.iter_mut().flatten() {
            login.ttys = vec![Tty::Pts(3)];
        }
        one(&facts).unwrap()
    }

    #[test]
    fn an_ssh_login_on_a_machine_without_utmp() {
        let found = ssh();
        assert_eq!((found.origin, found.state), (Origin::Ssh, State::Active));
        assert_eq!(found.logon, Timestamp(1_795_259_330_123));
        assert_eq!(found.key, Key("login 3 1795259330123456".to_owned()));
        assert_eq!(found.leader_key, Some(leader_key(179, 1_295_090)));
        assert_eq!(found.client_address.as_deref(), Some("10.77.0.1"));
        assert_eq!((found.client_name, found.leader), (None, Some(179)));
    }

    #[test]
    fn a_client_known_by_name_has_a_name_and_its_sockets_address() {
        let mut facts = only(Login {
            remote_host: "desk.example".to_owned(),
            ..login()
        });
        for login in facts.logins.iter_mut().flatten() {
            login.address = "10.0.0.9".parse().ok();
        }
        let found = one(&facts).unwrap();
        assert_eq!(found.client_name.as_deref(), Some("desk.example"));
        assert_eq!(found.client_address.as_deref(), Some("10.0.0.9"));
    }

    #[test]
    fn what_is_left_of_a_login_is_down_unless_it_is_winstas() {
        let mut facts = only(Login {
            state: "closing".to_owned(),
            ..login()
        });
        for (strangers, listed) in [(None, true), (Some(2), true), (Some(0), false)] {
            for login in facts.logins.iter_mut().flatten() {
                login.strangers = strangers;
                login.start = None;
            }
            let found = one(&facts);
            assert_eq!(found.is_some(), listed, "{strangers:?}");
            if let Some(found) = found {
                assert_eq!((found.state, found.leader), (State::Down, None));
                assert_eq!(found.client_address, None);
            }
        }
    }

    #[test]
    fn xrdp_is_active_while_its_display_has_a_client() {
        let xrdp = Login {
            service: "xrdp-sesman".to_owned(),
            kind: "x11".to_owned(),
            display: ":10".to_owned(),
            remote: false,
            remote_host: String::new(),
            ..login()
        };
        let mut facts = only(xrdp);
        facts.left = HashMap::from([(10, Timestamp(77))]);
        let gone = one(&facts).unwrap();
        assert_eq!(gone.state, State::Disconnected);
        assert_eq!(
            (gone.disconnected, gone.client_address),
            (Some(Timestamp(77)), None)
        );
        facts.attended = BTreeMap::from([(10, 5)]);
        facts.viewers = HashMap::from([(10, "10.0.0.7".parse().unwrap())]);
        let there = one(&facts).unwrap();
        assert_eq!((there.state, there.disconnected), (State::Active, None));
        assert_eq!(there.client_address.as_deref(), Some("10.0.0.7"));
        assert_eq!(there.device().as_deref(), Some(":10"));
        for login in facts.logins.iter_mut().flatten() {
            login.login.display = String::new();
        }
        assert_eq!(one(&facts).unwrap().state, State::Init);
    }

    #[test]
    fn the_console_in_front_and_behind() {
        let console = |state: &str| Login {
            service: "login".to_owned(),
            state: state.to_owned(),
            seat: "seat0".to_owned(),
            tty: "tty2".to_owned(),
            vt: 2,
            remote: false,
            remote_host: String::new(),
            ..login()
        };
        let front = one(&only(console("active"))).unwrap();
        assert_eq!(
            (front.origin, front.state),
            (Origin::Console, State::Active)
        );
        assert_eq!(front.device().as_deref(), Some("tty2"));
        let behind = one(&only(console("online"))).unwrap();
        assert_eq!(behind.state, State::Disconnected);
    }

    #[test]
    fn services_without_anybody_in_front_are_no_sessions() {
        let service = Login {
            service: "cron".to_owned(),
            remote: false,
            ..login()
        };
        assert_eq!(one(&only(service.clone())), None);
        let other = Login {
            service: "cockpit".to_owned(),
            remote: true,
            ..service
        };
        assert_eq!(one(&only(other)).unwrap().origin, Origin::Other);
    }
}
