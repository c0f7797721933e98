//! Tables for people.

pub(crate) mod idle;
pub(crate) mod layout;
pub(crate) mod sessions;

/// A session with nothing special about it.
#[cfg(test)]
pub(crate) fn sample() -> winsta_api::Session {
    winsta_api::Session {
        host: "host1".to_owned(),
        id: 1,
        name: Some("pty#1".to_owned()),
        label: None,
        user: Some("bob".to_owned()),
        state: winsta_domain::State::Active,
        kind: "pty".to_owned(),
        device: Some("pts/1".to_owned()),
        source: winsta_api::Source::Hosted,
        logon_time: Some("2026-11-21T07:33:00.000Z".to_owned()),
        last_input_time: Some("2026-11-21T07:40:00.000Z".to_owned()),
        idle_seconds: Some(0),
        disconnected_since: None,
        client_name: None,
        client_address: None,
        leader_pid: Some(4711),
        current: false,
        connections: Vec::new(),
        command: Vec::new(),
    }
}
