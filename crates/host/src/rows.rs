//! Sessions as they are listed, in bytes that are made once.
//!
//! Most of a row stays the same between two listings. What changes by itself (idle time) stands
//! between two parts that are kept ready, so that a thousand sessions are listed in a fraction of
//! the time that building each anew would take.

use serde::Serialize;
use winsta_api::{ConnectionInfo, Session, Source};
use winsta_domain::{State, Timestamp};

/// The parts of a row that change only when the session does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    head: Box<[u8]>,
    tail: Box<[u8]>,
}

#[derive(Serialize)]
struct Head<'a> {
    host: &'a str,
    id: u32,
    name: Option<&'a str>,
    label: Option<&'a str>,
    user: Option<&'a str>,
    state: State,
    #[serde(rename = "type")]
    kind: &'a str,
    device: Option<&'a str>,
    source: Source,
    logon_time: Option<&'a str>,
}

#[derive(Serialize)]
struct Tail<'a> {
    disconnected_since: Option<&'a str>,
    client_name: Option<&'a str>,
    client_address: Option<&'a str>,
    leader_pid: Option<u32>,
    connections: &'a [ConnectionInfo],
    command: &'a [String],
}

impl Row {
    /// The row of a session.
    pub(crate) fn of(session: &Session) -> Self {
        let head = Head {
            host: &session.host,
            id: session.id,
            name: session.name.as_deref(),
            label: session.label.as_deref(),
            user: session.user.as_deref(),
            state: session.state,
            kind: &session.kind,
            device: session.device.as_deref(),
            source: session.source,
            logon_time: session.logon_time.as_deref(),
        };
        let tail = Tail {
            disconnected_since: session.disconnected_since.as_deref(),
            client_name: session.client_name.as_deref(),
            client_address: session.client_address.as_deref(),
            leader_pid: session.leader_pid,
            connections: &session.connections,
            command: &session.command,
        };
        Self {
            head: inside(&head),
            tail: inside(&tail),
        }
    }

    /// Appends the session as a JSON object.
    pub(crate) fn write(
        &self,
        out: &mut Vec<u8>,
        last_input: Option<Timestamp>,
        idle_seconds: Option<u64>,
        current: bool,
    ) {
        out.push(b'{');
        out.extend_from_slice(&self.head);
        out.extend_from_slice(b",\"last_input_time\":");
        match last_input {
            Some(time) => {
                out.push(b'"');
                out.extend_from_slice(&time.rfc3339().bytes());
                out.push(b'"');
            }
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b",\"idle_seconds\":");
        match idle_seconds {
            Some(seconds) => out.extend_from_slice(seconds.to_string().as_bytes()),
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b",\"current\":");
        out.extend_from_slice(if current { b"true" } else { b"false" });
        out.push(b',');
        out.extend_from_slice(&self.tail);
        out.push(b'}');
    }
}

/// The members of an object, without the braces around them.
fn inside(object: &impl Serialize) -> Box<[u8]> {
    let mut json = serde_json::to_vec(object).unwrap_or_default();
    json.pop();
    if !json.is_empty() {
        json.remove(0);
    }
    json.into_boxed_slice()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_the_session() {
        let mut session = Session {
            host: "h\"ost".to_owned(),
            id: 3,
            name: Some("pty#2".to_owned()),
            label: Some("Übung".to_owned()),
            user: Some("ann".to_owned()),
            state: State::Active,
            kind: "pty".to_owned(),
            device: Some("pts/3".to_owned()),
            source: Source::Hosted,
            logon_time: Some(Timestamp(5).rfc3339().to_string()),
            last_input_time: Some(Timestamp(1_000).rfc3339().to_string()),
            idle_seconds: Some(7),
            disconnected_since: None,
            client_name: Some("tty1".to_owned()),
            client_address: None,
            leader_pid: Some(4_711),
            current: true,
            connections: vec![ConnectionInfo {
                name: "pty#2".to_owned(),
                mode: "share".to_owned(),
                transport: "unix".to_owned(),
                since: Timestamp(6).rfc3339().to_string(),
                user: None,
                client_name: None,
                client_address: None,
                pid: Some(1),
                behind: false,
            }],
            command: vec!["sh".to_owned(), "-c".to_owned()],
        };
        let mut out = Vec::new();
        Row::of(&session).write(&mut out, Some(Timestamp(1_000)), Some(7), true);
        assert_eq!(serde_json::from_slice::<Session>(&out).unwrap(), session);

        session.last_input_time = None;
        session.idle_seconds = None;
        session.current = false;
        out.clear();
        Row::of(&session).write(&mut out, None, None, false);
        assert_eq!(serde_json::from_slice::<Session>(&out).unwrap(), session);
        // The typed form has the same keys: none is forgotten here.
        let typed: serde_json::Value = serde_json::to_value(&session).unwrap();
        let written: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(typed, written);
    }
}
