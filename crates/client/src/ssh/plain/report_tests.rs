use proptest::prelude::*;

use super::*;

/// A machine with logind: an ssh login, the console, a left-over, a manager, and who asks.
const WITH_LOGIND: &str = "\
Welcome to web01!
winsta-plain 1
B 6c4b1c1e-5a4e-4a35-9f7e-0a3a4a1a9c11
N 1795252800
S       9
L Id=3
L Name=bob
L Timestamp=Sat 2026-11-21 09:00:00 UTC
L TTY=pts/0
L RemoteHost=192.0.2.7
L Service=sshd
L Class=user
L State=active
L Leader=4711
L 
L Id=c1
L Name=ann
L Timestamp=Sat 2026-11-21 08:00:00 UTC
L TTY=tty2
L Service=login
L Class=user
L State=online
L Leader=900
L 
L Id=4
L Name=bob
L Service=sshd
L Class=user
L State=closing
L Leader=0
L 
L Id=5
L Name=root
L Class=manager
L State=active
L 
L Id=9
L Name=root
L Service=sshd
L State=active
L Leader=4800
T /dev/pts/0 1795252760
T /dev/tty2 1795240000
P     1     0     0 -        ?        99999 root     systemd
P  4711  1000  4711 3        ?        3600 root     sshd
P  4720  4711  4720 3        pts/0    3600 bob      bash
P  4730  4720  4720 3        pts/0    60 bob      tmux: client
P   900     1   900 c1       tty2     7200 ann      login
E
";

/// A container: no logind.
const WITHOUT_LOGIND: &str = "\
winsta-plain 1
B
N 1000
S
T /dev/pts/1 990
P 1 0 1 - ? 900 root tini
P 10 1 10 - ? 900 root sshd
P 20 10 20 - ? 100 root sshd
P 21 20 21 - pts/1 100 bob bash
P 22 21 21 - pts/1 50 bob vim
P 30 1 30 - pts/2 50 bob bash-in-nothing
P 40 20 40 - ? 1 root sh
E
";

#[test]
fn logins_of_logind_are_sessions() {
    let report = Report::parse(WITH_LOGIND).unwrap();
    let shown: Vec<_> = report
        .sessions
        .iter()
        .map(|found| {
            let s = &found.session;
            let name = s.name.as_deref().unwrap_or("-");
            (
                s.id,
                name,
                s.user.as_deref().unwrap_or("-"),
                s.state.short(),
                s.idle_seconds,
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            (3, "ssh-tcp#3", "bob", "Active", Some(40)),
            (4, "-", "bob", "Disc", None),
            (900, "-", "ann", "Disc", Some(4800)),
        ]
    );
    let [bob, ..] = report.sessions.as_slice() else {
        panic!("{report:?}");
    };
    assert_eq!(bob.session.client_address.as_deref(), Some("192.0.2.7"));
    assert_eq!(
        bob.session.logon_time.as_deref(),
        Some("2026-11-21T09:00:00.000Z")
    );
    assert_eq!(
        (bob.logind.as_deref(), bob.began),
        (Some("3"), Some(1_795_249_200))
    );
    let images: Vec<_> = report
        .processes
        .iter()
        .map(|p| (p.id, p.image.as_str()))
        .collect();
    assert_eq!(
        images,
        [
            (3, "sshd"),
            (3, "bash"),
            (3, "tmux: client"),
            (900, "login")
        ]
    );
}

#[test]
fn without_logind_terminals_behind_a_door_are_sessions() {
    let report = Report::parse(WITHOUT_LOGIND).unwrap();
    let [found] = report.sessions.as_slice() else {
        panic!("{report:?}");
    };
    let session = &found.session;
    assert_eq!((session.id, session.device.as_deref()), (21, Some("pts/1")));
    assert_eq!(
        (session.source, session.idle_seconds),
        (Source::Ssh, Some(10))
    );
    assert_eq!(found.began, Some(900));
    assert_eq!(report.processes.len(), 2);
}

/// As Debian 12 printed it: logind knows no terminal there.
#[test]
fn a_real_report_has_one_session_of_somebody_else() {
    let report = Report::parse(include_str!("../../../corpus/plain/systemd-252")).unwrap();
    let [found] = report.sessions.as_slice() else {
        panic!("{report:?}");
    };
    let session = &found.session;
    assert_eq!(
        (session.id, session.device.as_deref()),
        (226, Some("pts/0"))
    );
    assert_eq!(session.client_address.as_deref(), Some("127.0.0.1"));
    assert_eq!(
        (session.idle_seconds, found.began),
        (Some(3), Some(1_795_264_655))
    );
}

#[test]
fn what_is_no_report_is_refused() {
    let cases = [
        ("", ReportError::Cut),
        ("hello\n", ReportError::Cut),
        ("winsta-plain 1\nB x\n", ReportError::Cut),
        ("winsta-plain 1\nX x\nE\n", ReportError::Line(2)),
        ("winsta-plain 1\n\nE\n", ReportError::Line(2)),
        ("winsta-plain 1\nN soon\nE\n", ReportError::Line(2)),
        ("x\nwinsta-plain 1\nP 1 2\nE\n", ReportError::Line(3)),
        ("winsta-plain 1\nT pts/1 3\nE\n", ReportError::Line(2)),
        ("winsta-plain 1\nL Id\nE\n", ReportError::Line(2)),
    ];
    for (text, expected) in cases {
        assert_eq!(Report::parse(text), Err(expected), "{text:?}");
    }
}

proptest! {
    #[test]
    fn any_lines_are_read_or_refused(
        lines in prop::collection::vec("[BNSLTPE] [-a-zA-Z0-9=/:. ]{0,40}", 0..30)
    ) {
        let text = format!("winsta-plain 1\n{}\nE\n", lines.join("\n"));
        crate::oracle::plain(text.as_bytes());
    }
}
