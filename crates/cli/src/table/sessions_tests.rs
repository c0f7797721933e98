//! The tables, byte by byte.

use winsta_domain::State;

use super::*;
use crate::table::sample;

/// What the tools' users know from Windows: the seed's hosts, in this layout.
fn seed() -> Vec<Session> {
    vec![
        Session {
            id: 0,
            name: Some("console".to_owned()),
            user: None,
            state: State::Connected,
            kind: "wdcon".to_owned(),
            device: None,
            ..sample()
        },
        Session {
            id: 65_536,
            name: Some("rdp-tcp".to_owned()),
            user: None,
            state: State::Listen,
            kind: "rdpwd".to_owned(),
            device: None,
            ..sample()
        },
        Session {
            id: 1,
            name: None,
            user: Some("gatesb".to_owned()),
            state: State::Disconnected,
            kind: "rdpwd".to_owned(),
            device: None,
            ..sample()
        },
        Session {
            id: 3,
            name: Some("rdp-tcp#93".to_owned()),
            user: Some("jobss".to_owned()),
            kind: "rdpwd".to_owned(),
            device: None,
            ..sample()
        },
    ]
}

#[test]
fn query_session_is_qwinsta() {
    let expected = concat!(
        " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n",
        " console                                     0  Conn    wdcon\n",
        " rdp-tcp                                 65536  Listen  rdpwd\n",
        "                   gatesb                    1  Disc    rdpwd\n",
        " rdp-tcp#93        jobss                     3  Active  rdpwd\n",
    );
    assert_eq!(sessions(&seed(), Extras::default()), expected);
}

#[test]
fn long_names_wide_names_and_long_ids_keep_their_columns() {
    let rows = [
        Session {
            id: 12_345,
            name: Some("a-very-long-session-name#12345".to_owned()),
            user: Some("a-very-long-user-name-indeed".to_owned()),
            state: State::ConnectQuery,
            current: true,
            ..sample()
        },
        Session {
            id: u32::MAX,
            user: Some("a-very-long-user-name-indeed".to_owned()),
            kind: "a-long-kind-of-session".to_owned(),
            ..sample()
        },
        Session {
            user: Some("\u{5c71}\u{7530}\u{592a}\u{90ce}".to_owned()),
            ..sample()
        },
        Session {
            user: Some("\x1b[31mevil".to_owned()),
            ..sample()
        },
    ];
    let expected = concat!(
        " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n",
        ">a-very-long-sessi a-very-long-user-nam  12345  ConnQ   pty         pts/1\n",
        " pty#1             a-very-long-user 4294967295  Active  a-long-kind pts/1\n",
        " pty#1             \u{5c71}\u{7530}\u{592a}\u{90ce}                  1  Active  pty         pts/1\n",
        " pty#1             ^[[31mevil                1  Active  pty         pts/1\n",
    );
    assert_eq!(sessions(&rows, Extras::default()), expected);
}

#[test]
fn query_user_is_quser() {
    let rows = [
        Session {
            current: true,
            ..sample()
        },
        Session {
            id: 12_345,
            name: None,
            user: Some("gatesb".to_owned()),
            state: State::Disconnected,
            idle_seconds: Some(24 * 86_400 + 22 * 3_600 + 5 * 60),
            logon_time: Some("2026-01-02T15:04:05.000Z".to_owned()),
            ..sample()
        },
        Session {
            idle_seconds: None,
            logon_time: None,
            name: Some("a-very-long-session-name".to_owned()),
            ..sample()
        },
    ];
    let expected = concat!(
        " USERNAME              SESSIONNAME        ID  STATE   IDLE TIME  LOGON TIME\n",
        ">bob                   pty#1               1  Active       none  11/21/2026 7:33 AM\n",
        " gatesb                                12345  Disc     24+22:05  1/2/2026 3:04 PM\n",
        " bob                   a-very-long-ses     1  Active          .\n",
    );
    assert_eq!(users(&rows, &TimeZone::UTC), expected);
}

#[test]
fn query_process_is_qprocess() {
    let process = |id, pid, image: &str| ProcessInfo {
        host: "h".to_owned(),
        user: Some("bob".to_owned()),
        session_name: Some("pty#1".to_owned()),
        id,
        pid,
        image: image.to_owned(),
        current: id == 1,
    };
    let rows = [
        process(1, 2_676, "bash"),
        process(65_000, 4_194_303, "a\x07b"),
    ];
    let expected = concat!(
        " USERNAME              SESSIONNAME         ID    PID  IMAGE\n",
        ">bob                   pty#1                1   2676  bash\n",
        " bob                   pty#1            65000 4194303 a^Gb\n",
    );
    assert_eq!(processes(&rows), expected);
}

#[test]
fn switches_add_columns_and_totals() {
    let info = LineInfo {
        id: 1,
        size: Some((80, 24)),
        flags: vec!["ixon".to_owned(), "-echo".to_owned()],
        buffering: "drop".to_owned(),
        paused: true,
        input_waiting: 0,
        kept: 1_024,
        capacity: 1_048_576,
        total: 9_999,
    };
    let lines = [Some(info), None];
    let rows = [sample(), seed().remove(1)];
    let counters = Counters {
        created: 3,
        disconnected: 2,
        reconnected: 1,
    };
    let flow = Extras {
        flow: true,
        lines: &lines,
        counters: Some(counters),
        ..Extras::default()
    };
    let expected = concat!(
        " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE      FLOW CONTROL  BUFFER  READER               BUFFERED\n",
        " pty#1             bob                       1  Active  pty         pts/1       ixon          drop    paused           1024/1048576\n",
        " rdp-tcp                                 65536  Listen  rdpwd\n",
        "Total sessions created: 3\nTotal sessions disconnected: 2\nTotal sessions reconnected: 1\n",
    );
    assert_eq!(sessions(&rows, flow), expected);
    let mode = Extras {
        mode: true,
        lines: &lines,
        ..Extras::default()
    };
    let table = sessions(&rows, mode);
    assert_eq!(
        table.lines().nth(1).unwrap().get(80..),
        Some("80x24     ixon -echo")
    );
}
