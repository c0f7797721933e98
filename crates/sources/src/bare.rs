//! Sessions of a machine without logind, from its processes alone; no I/O.

use std::collections::HashMap;

use winsta_domain::{State, Timestamp};

use crate::assemble::leader_key;
use crate::facts::{Described, Facts};
use crate::found::{Found, Origin};
use crate::parse::sshd::{self, Title};
use crate::parse::tty::Tty;
use crate::parse::xrdp::served_display;

/// Programs that wait at a console for somebody to log in, or let them in.
const DOORS: [&str; 4] = ["login", "getty", "agetty", "mingetty"];

/// What the processes tell. States other than these, and what became of logins whose first process
/// has ended, cannot be known.
pub(crate) fn sessions(facts: &Facts) -> Vec<Found> {
    let all = Processes {
        facts,
        by_pid: facts
            .processes
            .iter()
            .map(|described| (described.process.stat.pid, described))
            .collect(),
    };
    let mut found: Vec<Found> = facts
        .processes
        .iter()
        .filter_map(|process| all.ssh(process).or_else(|| all.xrdp(process)))
        .collect();
    found.extend(all.consoles());
    found
}

struct Processes<'a> {
    facts: &'a Facts,
    by_pid: HashMap<u32, &'a Described>,
}

impl Processes<'_> {
    fn parent(&self, process: &Described) -> Option<&Described> {
        self.by_pid.get(&process.process.stat.parent).copied()
    }

    /// The login that this process of sshd serves. Anybody may call a process of theirs `sshd`:
    /// one that root's sshd did not start is not.
    fn ssh(&self, server: &Described) -> Option<Found> {
        let stat = &server.process.stat;
        if !sshd::is_sshd(&stat.name) {
            return None;
        }
        let Title::Login { user, ttys } = sshd::title(&server.title)? else {
            return None;
        };
        let parent = self
            .parent(server)
            .filter(|parent| sshd::is_sshd(&parent.process.stat.name) && parent.process.uid == 0)?;
        let watched = matches!(sshd::title(&parent.title), Some(Title::Monitor { .. }));
        let leader = if watched { parent } else { server };
        let shell = self.facts.processes.iter().find(|process| {
            process.process.stat.parent == stat.pid && process.connection.is_some()
        });
        let connection = shell.and_then(|shell| shell.connection.clone());
        let said = connection
            .as_deref()
            .and_then(|ends| ends.split(' ').next()?.parse().ok());
        let address = leader.peer.or(server.peer).or(said);
        Some(Found {
            ttys,
            client_address: address.map(|address| address.to_string()),
            connection,
            ..self.found(Origin::Ssh, leader, user, server.process.uid)
        })
    }

    /// The desktop that this X server shows.
    fn xrdp(&self, server: &Described) -> Option<Found> {
        let display = served_display(&server.title)?;
        let leader = self.parent(server).filter(|parent| {
            parent.process.uid == 0 && parent.process.stat.name.starts_with("xrdp-ses")
        })?;
        let attended = self.facts.attended.contains_key(&display);
        let uid = server.process.uid;
        let viewer = self.facts.viewers.get(&display);
        Some(Found {
            display: Some(display),
            graphical: true,
            state: if attended {
                State::Active
            } else {
                State::Disconnected
            },
            disconnected: Some(display)
                .filter(|_| !attended)
                .and_then(|display| self.facts.left.get(&display).copied()),
            client_address: viewer.filter(|_| attended).map(ToString::to_string),
            ..self.found(Origin::Xrdp, leader, name_of(uid), uid)
        })
    }

    /// Logins at consoles: the first process of each terminal that is no door to it.
    fn consoles(&self) -> Vec<Found> {
        let mut first: HashMap<Tty, &Described> = HashMap::new();
        for process in &self.facts.processes {
            let stat = &process.process.stat;
            let Some(tty @ (Tty::Virtual(_) | Tty::Serial(_))) = stat.tty else {
                continue;
            };
            if DOORS.contains(&stat.name.as_str()) {
                continue;
            }
            let place = first.entry(tty).or_insert(process);
            if stat.start < place.process.stat.start {
                *place = process;
            }
        }
        let sessions = first.into_iter().map(|(tty, shell)| {
            let door = self
                .parent(shell)
                .filter(|parent| parent.process.stat.name == "login");
            let uid = shell.process.uid;
            Found {
                ttys: vec![tty],
                ..self.found(Origin::Console, door.unwrap_or(shell), name_of(uid), uid)
            }
        });
        sessions.collect()
    }

    fn found(&self, origin: Origin, leader: &Described, user: String, uid: u32) -> Found {
        let stat = &leader.process.stat;
        let millis = stat.start.saturating_mul(1_000) / self.facts.ticks.max(1);
        let key = leader_key(stat.pid, stat.start);
        Found {
            leader_key: Some(key.clone()),
            key,
            origin,
            user,
            uid,
            state: State::Active,
            ttys: Vec::new(),
            display: None,
            graphical: false,
            logon: Timestamp(self.facts.boot.0.saturating_add(millis)),
            disconnected: None,
            client_name: None,
            client_address: None,
            leader: Some(stat.pid),
            login: None,
            scope: None,
            cgroup: None,
            connection: None,
        }
    }
}

/// The name of a user, or the number where there is none.
fn name_of(uid: u32) -> String {
    let known = nix::unistd::User::from_uid(uid.into()).ok().flatten();
    known.map_or_else(|| uid.to_string(), |user| user.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::stat::Stat;
    use crate::processes::Process;

    fn process(pid: u32, parent: u32, uid: u32, name: &str, title: &str) -> Described {
        Described {
            process: Process {
                stat: Stat {
                    pid,
                    name: name.to_owned(),
                    parent,
                    session: pid,
                    tty: None,
                    start: u64::from(pid) * 100,
                    zombie: false,
                },
                uid,
            },
            title: title.to_owned(),
            connection: None,
            peer: None,
        }
    }

    fn facts(processes: Vec<Described>) -> Facts {
        Facts {
            processes,
            boot: Timestamp(1_000_000),
            ticks: 100,
            ..Facts::default()
        }
    }

    #[test]
    fn sshds_processes_are_logins() {
        let mut shell = process(13, 12, 1_002, "bash", "");
        shell.connection = Some("10.0.0.5 4711 10.0.0.1 22".to_owned());
        let found = sessions(&facts(vec![
            process(
                10,
                1,
                0,
                "sshd",
                "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups",
            ),
            process(11, 10, 0, "sshd", "sshd: bob [priv]"),
            process(12, 11, 1_002, "sshd", "sshd: bob@pts/3"),
            shell,
            process(20, 10, 0, "sshd", "sshd: root@pts/4"),
        ]));
        assert_eq!(found.len(), 2);
        let bob = found.iter().find(|found| found.user == "bob").unwrap();
        assert_eq!((bob.leader, bob.uid), (Some(11), 1_002));
        assert_eq!(bob.logon, Timestamp(1_000_000 + 11_000));
        assert_eq!(bob.ttys, [Tty::Pts(3)]);
        assert_eq!(bob.client_address.as_deref(), Some("10.0.0.5"));
        let root = found.iter().find(|found| found.user == "root").unwrap();
        assert_eq!(
            (root.leader, root.client_address.as_deref()),
            (Some(20), None)
        );
    }

    #[test]
    fn a_title_alone_makes_no_login() {
        let impostors = vec![
            process(10, 1, 1_003, "sshd", "sshd: bob@pts/3"),
            process(11, 10, 1_003, "sshd", "sshd: bob@pts/3"),
            process(12, 1, 0, "bash", "sshd: bob@pts/3"),
        ];
        assert_eq!(sessions(&facts(impostors)), []);
    }

    #[test]
    fn a_shell_at_a_console_is_a_login_and_its_door_is_not() {
        let at = |mut process: Described, number| {
            process.process.stat.tty = Some(Tty::Virtual(number));
            process
        };
        let found = sessions(&facts(vec![
            at(process(30, 1, 0, "agetty", ""), 2),
            at(process(31, 1, 0, "login", ""), 1),
            at(process(33, 32, 77_777, "vim", ""), 1),
            at(process(32, 31, 77_777, "bash", ""), 1),
        ]));
        assert_eq!(found.len(), 1);
        let found = found.first().unwrap();
        assert_eq!((found.origin, found.leader), (Origin::Console, Some(31)));
        assert_eq!(
            (found.uid, found.device().as_deref()),
            (77_777, Some("tty1"))
        );
    }

    #[test]
    fn xrdps_servers_are_desktops() {
        let mut facts = facts(vec![
            process(40, 1, 0, "xrdp-sesman", ""),
            process(41, 40, 0, "xrdp-sesman", ""),
            process(
                42,
                41,
                1_002,
                "Xorg",
                "/usr/lib/xorg/Xorg :10 -auth .Xauthority",
            ),
            process(43, 1, 1_002, "Xorg", "/usr/lib/xorg/Xorg :0"),
        ]);
        let found = sessions(&facts);
        assert_eq!(found.len(), 1);
        assert_eq!(found.first().unwrap().state, State::Disconnected);
        assert_eq!(found.first().unwrap().leader, Some(41));
        facts.attended.insert(10, 1);
        assert_eq!(sessions(&facts).first().unwrap().state, State::Active);
    }
}
