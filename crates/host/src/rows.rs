//! Sessions as they are listed, in bytes that are made once.
//!
//! Most of a row stays the same between two listings. Only what changes by itself (idle time) is
//! written anew each time, so that a thousand sessions are listed in a fraction of the time that
//! building each anew would take.

use serde::Serialize;
use winsta_api::{Field, Fields, Session};
use winsta_domain::Timestamp;

/// The members of a session's object that change only when the session does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// `"host":"web01"`, `"id":3` and so on, one after the other.
    members: Box<[u8]>,
    /// Where the member of each key ends; that of a key which is written anew is empty.
    ends: [u32; Field::ALL.len()],
}

impl Row {
    /// The row of a session.
    pub(crate) fn of(session: &Session) -> Self {
        let mut members = Vec::new();
        let mut ends = [0; Field::ALL.len()];
        for (field, end) in Field::ALL.into_iter().zip(&mut ends) {
            let out = &mut members;
            match field {
                Field::Host => member(out, field, &session.host),
                Field::Id => member(out, field, &session.id),
                Field::Name => member(out, field, &session.name),
                Field::Label => member(out, field, &session.label),
                Field::User => member(out, field, &session.user),
                Field::State => member(out, field, &session.state),
                Field::Kind => member(out, field, &session.kind),
                Field::Device => member(out, field, &session.device),
                Field::Source => member(out, field, &session.source),
                Field::LogonTime => member(out, field, &session.logon_time),
                Field::LastInputTime | Field::IdleSeconds | Field::Current => {}
                Field::DisconnectedSince => member(out, field, &session.disconnected_since),
                Field::ClientName => member(out, field, &session.client_name),
                Field::ClientAddress => member(out, field, &session.client_address),
                Field::LeaderPid => member(out, field, &session.leader_pid),
                Field::Connections => member(out, field, &session.connections),
                Field::Command => member(out, field, &session.command),
            }
            *end = u32::try_from(members.len()).unwrap_or(u32::MAX);
        }
        Self {
            members: members.into_boxed_slice(),
            ends,
        }
    }

    /// Appends the chosen keys of the session as a JSON object.
    pub(crate) fn write(
        &self,
        out: &mut Vec<u8>,
        fields: Fields,
        last_input: Option<Timestamp>,
        idle_seconds: Option<u64>,
        current: bool,
    ) {
        let mut before = b'{';
        let mut begin = 0;
        for (field, end) in Field::ALL.into_iter().zip(self.ends) {
            let kept = self.members.get(begin..end as usize);
            begin = end as usize;
            if !fields.has(field) {
                continue;
            }
            out.push(before);
            before = b',';
            match field {
                Field::LastInputTime => {
                    let time = last_input.map(|time| time.rfc3339().to_string());
                    member(out, field, &time);
                }
                Field::IdleSeconds => member(out, field, &idle_seconds),
                Field::Current => member(out, field, &current),
                _ => out.extend_from_slice(kept.unwrap_or_default()),
            }
        }
        if before == b'{' {
            out.push(before);
        }
        out.push(b'}');
    }
}

/// Appends `"key":value`.
fn member(out: &mut Vec<u8>, field: Field, value: &impl Serialize) {
    out.push(b'"');
    out.extend_from_slice(field.name().as_bytes());
    out.extend_from_slice(b"\":");
    let begin = out.len();
    // What a session has always can be written; if not, `null` keeps the object whole.
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.truncate(begin);
        out.extend_from_slice(b"null");
    }
}

#[cfg(test)]
mod tests {
    use winsta_api::{ConnectionInfo, Source};
    use winsta_domain::State;

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
        Row::of(&session).write(&mut out, Fields::ALL, Some(Timestamp(1_000)), Some(7), true);
        assert_eq!(serde_json::from_slice::<Session>(&out).unwrap(), session);

        session.last_input_time = None;
        session.idle_seconds = None;
        session.current = false;
        out.clear();
        Row::of(&session).write(&mut out, Fields::ALL, None, None, false);
        assert_eq!(serde_json::from_slice::<Session>(&out).unwrap(), session);
        // The typed form has the same keys: none is forgotten here.
        let typed: serde_json::Value = serde_json::to_value(&session).unwrap();
        let written: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(typed, written);
        assert_eq!(
            serde_json::to_string(&session).unwrap().into_bytes(),
            out,
            "and in the same order"
        );

        out.clear();
        let fields = "user,current".parse().unwrap();
        Row::of(&session).write(&mut out, fields, None, None, false);
        assert_eq!(out, br#"{"user":"ann","current":false}"#);
    }
}
