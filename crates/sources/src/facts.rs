//! Gathering what sessions are made from.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use winsta_domain::Timestamp;

use crate::diag;
use crate::listeners::{self, Ports};
use crate::login::Login;
use crate::parse::net::{Tcp, TcpState, tcp};
use crate::parse::sshd::{self, Title};
use crate::parse::tty::Tty;
use crate::parse::xrdp;
use crate::processes::{self, Process};
use crate::sources::Own;

/// Where xrdp makes its sockets.
pub(crate) const XRDP_FOLDER: &str = "/run/xrdp/sockdir";

/// All that sessions are made from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// logind's logins; `None` where it cannot be asked.
    pub(crate) logins: Option<Vec<LoginFacts>>,
    /// Without logind: all processes, with what those of interest call themselves.
    pub(crate) processes: Vec<Described>,
    /// When the machine started.
    pub(crate) boot: Timestamp,
    /// Clock ticks in a second.
    pub(crate) ticks: u64,
    /// Displays of xrdp that a client is at, and the sockets there.
    pub(crate) attended: BTreeMap<u32, u64>,
    /// Where the clients of displays are, as far as that can be seen.
    pub(crate) viewers: HashMap<u32, IpAddr>,
    /// When the clients of displays went, as far as that can be seen.
    pub(crate) left: HashMap<u32, Timestamp>,
    /// Ports that are listened at.
    pub(crate) listening: Vec<u16>,
    /// Ports that sshd and xrdp are told to listen at.
    pub(crate) ports: Ports,
}

/// A login, and what logind does not know of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct LoginFacts {
    pub(crate) login: Login,
    /// When its first process started, while that lives; in ticks.
    pub(crate) start: Option<u64>,
    /// Terminals that its sshd made.
    pub(crate) ttys: Vec<Tty>,
    /// The folder of its control group.
    pub(crate) cgroup: Option<PathBuf>,
    /// Where its connection comes from.
    pub(crate) address: Option<IpAddr>,
    /// How many processes it has that are not Winsta's own.
    pub(crate) strangers: Option<usize>,
}

/// A process with what it calls itself.
#[derive(Clone, Debug)]
pub(crate) struct Described {
    pub(crate) process: Process,
    /// Its title, for programs whose title says something.
    pub(crate) title: String,
    /// `SSH_CONNECTION`, for programs that sshd started.
    pub(crate) connection: Option<String>,
    /// The far end of its network connection, for sshd.
    pub(crate) peer: Option<IpAddr>,
}

impl Facts {
    /// Gathers them.
    pub(crate) fn gather(logins: Option<Vec<Login>>, own: &Own) -> Self {
        let sockets = tcp_sockets();
        let net_unix = std::fs::read_to_string("/proc/net/unix").unwrap_or_default();
        let attended = xrdp::attended(&net_unix);
        let ports = listeners::configured();
        let listening = sockets
            .iter()
            .filter(|socket| socket.state == TcpState::Listen);
        let mut facts = Self {
            boot: boot_time(),
            ticks: rustix::param::clock_ticks_per_second().max(1),
            viewers: viewers(&attended, &sockets, &ports),
            left: left_since(),
            listening: listening.map(|socket| socket.local.port()).collect(),
            attended,
            ports,
            ..Self::default()
        };
        match logins {
            Some(logins) => {
                let users = logins.into_iter().filter(Login::is_a_users);
                facts.logins = Some(
                    users
                        .map(|login| describe(login, &sockets, &own.roots))
                        .collect(),
                );
            }
            None => facts.processes = described(&sockets, &own.leaders),
        }
        facts
    }
}

/// What logind does not know of a login.
fn describe(login: Login, sockets: &[Tcp], own: &[u32]) -> LoginFacts {
    let leader = processes::process(login.leader);
    let cgroup = processes::login_folder(login.uid, &login.scope).or_else(|| {
        let group = processes::group(login.leader)?;
        crate::parse::cgroup::login(&group).filter(|id| *id == login.id)?;
        processes::group_folder(&group)
    });
    let members = cgroup.as_deref().map(processes::in_group);
    let strangers = (login.state == "closing").then(|| {
        let members = members.as_deref()?;
        let ours = processes::descendants(&processes::all(), own);
        Some(members.iter().filter(|pid| !ours.contains(pid)).count())
    });
    let ssh = login.service.starts_with("sshd");
    let ttys = match &members {
        Some(members) if ssh => ssh_ttys(members, login.uid),
        Some(_) | None => Vec::new(),
    };
    let named = login.remote_host.parse::<IpAddr>().is_err();
    let address = (ssh && named)
        .then(|| peer(login.leader, sockets))
        .flatten();
    LoginFacts {
        start: leader.map(|leader| leader.stat.start),
        ttys,
        cgroup,
        address,
        strangers: strangers.flatten(),
        login,
    }
}

/// The terminals that the sshd of a login made, as its title says. Only a process of this name that
/// sshd itself started is believed.
fn ssh_ttys(members: &[u32], uid: u32) -> Vec<Tty> {
    let of_sshd = |process: &Process| {
        let parent = processes::process(process.stat.parent);
        sshd::is_sshd(&process.stat.name)
            && (process.uid == uid || process.uid == 0)
            && parent.is_some_and(|parent| parent.uid == 0 && sshd::is_sshd(&parent.stat.name))
    };
    let servers = members.iter().filter_map(|pid| processes::process(*pid));
    let titles = servers
        .filter(of_sshd)
        .filter_map(|process| sshd::title(&processes::command_line(process.stat.pid)));
    let ttys = titles.flat_map(|title| match title {
        Title::Login { ttys, .. } => ttys,
        Title::Monitor { .. } => Vec::new(),
    });
    ttys.collect()
}

/// All processes but those that lead Winsta's sessions, of which there may be a thousand; for those
/// of interest, what they call themselves.
fn described(sockets: &[Tcp], leaders: &HashSet<u32>) -> Vec<Described> {
    let processes = processes::all_but(leaders);
    let servers: Vec<u32> = processes
        .iter()
        .filter(|process| sshd::is_sshd(&process.stat.name))
        .map(|process| process.stat.pid)
        .collect();
    let describe = |process: Process| {
        let pid = process.stat.pid;
        let server = servers.contains(&pid);
        let name = process.stat.name.as_str();
        let titled = server || matches!(name, "Xorg" | "Xvnc" | "Xtigervnc" | "X11rdp");
        let started = servers.contains(&process.stat.parent);
        Described {
            title: if titled {
                processes::command_line(pid)
            } else {
                String::new()
            },
            connection: started
                .then(|| processes::variable(pid, "SSH_CONNECTION"))
                .flatten(),
            peer: server.then(|| peer(pid, sockets)).flatten(),
            process,
        }
    };
    processes.into_iter().map(describe).collect()
}

/// All TCP sockets of the machine.
fn tcp_sockets() -> Vec<Tcp> {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let (four, six) = (read("/proc/net/tcp"), read("/proc/net/tcp6"));
    tcp(&four).chain(tcp(&six)).collect()
}

/// The far end of a process's network connection; the first, if it has several.
fn peer(pid: u32, sockets: &[Tcp]) -> Option<IpAddr> {
    let open = processes::sockets_of(pid);
    let mut connected = sockets
        .iter()
        .filter(|socket| socket.state == TcpState::Established && open.contains(&socket.inode));
    connected.next().map(|socket| socket.remote.ip())
}

/// Where the clients of xrdp's displays are: from a display's socket to its other end, to the xrdp
/// process that has it, to that process's network connection. Only administrators can see that.
fn viewers(attended: &BTreeMap<u32, u64>, sockets: &[Tcp], ports: &Ports) -> HashMap<u32, IpAddr> {
    if attended.is_empty() || !rustix::process::geteuid().is_root() {
        return HashMap::new();
    }
    let peers = diag::peers();
    let servers = processes::all().into_iter();
    let servers = servers.filter(|process| process.stat.name == "xrdp");
    let open: Vec<Vec<u64>> = servers
        .map(|process| processes::sockets_of(process.stat.pid))
        .collect();
    let viewer = |inode: &u64| -> Option<SocketAddr> {
        let other = peers.get(inode)?;
        let open = open.iter().find(|open| open.contains(other))?;
        let socket = sockets.iter().find(|socket| {
            socket.state == TcpState::Established
                && ports.xrdp.contains(&socket.local.port())
                && open.contains(&socket.inode)
        });
        socket.map(|socket| socket.remote)
    };
    let known = attended
        .iter()
        .filter_map(|(display, inode)| Some((*display, viewer(inode)?.ip())));
    known.collect()
}

/// When clients left their displays: xrdp's channel server listens for the next one then.
fn left_since() -> HashMap<u32, Timestamp> {
    let mut found = HashMap::new();
    let mut folders = vec![PathBuf::from(XRDP_FOLDER)];
    let mut depth = 0;
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) && depth == 0 {
                folders.push(entry.path());
                continue;
            }
            let name = entry.file_name();
            let display = name
                .to_str()
                .and_then(|name| name.strip_prefix("xrdp_chansrv_socket_"))
                .and_then(|number| number.parse::<u32>().ok());
            let since = entry.metadata().and_then(|found| found.modified()).ok();
            let since = since.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            if let (Some(display), Some(since)) = (display, since) {
                let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
                found.insert(display, Timestamp(millis));
            }
        }
        depth += 1;
    }
    found
}

/// When the machine started.
fn boot_time() -> Timestamp {
    let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let seconds = text.lines().find_map(|line| line.strip_prefix("btime "));
    let seconds: u64 = seconds
        .and_then(|seconds| seconds.trim().parse().ok())
        .unwrap_or_default();
    Timestamp(seconds.saturating_mul(1_000))
}

/// The displays that have a client now: what changes without a signal.
pub(crate) fn attended_now() -> BTreeMap<u32, u64> {
    xrdp::attended(&std::fs::read_to_string("/proc/net/unix").unwrap_or_default())
}
