//! Exchanges that pypsrp recorded with real Windows hosts: all that is in them is read, and
//! written back as it was.

use std::collections::BTreeMap;

use winsta_psrp::clixml::{self, Limits};
use winsta_psrp::fragment::{Fragment, HEADER};
use winsta_psrp::message::Message;
use winsta_python::{Recording, recordings};
use winsta_tests::psrp::{Load, Recorded, loads, messages};
use winsta_tests::xml::canonical;

fn recorded() -> Option<Vec<Recording>> {
    match recordings() {
        Ok(recordings) => Some(recordings),
        Err(missing) => {
            println!("skipped: {missing}");
            None
        }
    }
}

/// Every message of every recording, with the recording's name.
fn all_messages(recordings: &[Recording]) -> Vec<(&str, Recorded)> {
    let mut all = Vec::new();
    for recording in recordings {
        let messages = messages(&loads(recording));
        let messages = messages.unwrap_or_else(|error| panic!("{}: {error:?}", recording.name));
        all.extend(messages.into_iter().map(|m| (recording.name.as_str(), m)));
    }
    all
}

fn text(body: &[u8]) -> &str {
    let text = std::str::from_utf8(body).expect("UTF-8");
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

#[test]
fn every_clixml_is_written_as_it_was() {
    let Some(recordings) = recorded() else {
        return;
    };
    assert_eq!(recordings.len(), 67);
    let mut documents = 0;
    for (name, message) in all_messages(&recordings) {
        if message.body.is_empty() {
            continue;
        }
        let value = clixml::decode(&message.body, &Limits::default());
        let value = value.unwrap_or_else(|error| panic!("{name}: {error}"));
        let again = clixml::encode(&value);
        similar(name, text(&message.body), text(&again));
        documents += 1;
    }
    assert_eq!(documents, 688);
}

#[track_caller]
fn similar(name: &str, ours: &str, theirs: &str) {
    let (ours, theirs) = (canonical(ours), canonical(theirs));
    let differs = ours.lines().zip(theirs.lines()).position(|(a, b)| a != b);
    if let Some(line) = differs {
        let around = |text: &str| {
            let lines: Vec<_> = text.lines().skip(line.saturating_sub(4)).take(8).collect();
            lines.join("\n")
        };
        panic!(
            "{name}, line {line}:\n{}\n-- is --\n{}",
            around(&ours),
            around(&theirs)
        );
    }
    assert_eq!(ours.len(), theirs.len(), "{name}");
}

#[test]
fn every_message_is_understood_and_says_the_same_again() {
    let Some(recordings) = recorded() else {
        return;
    };
    let mut kinds = BTreeMap::new();
    for (name, Recorded { header, body, .. }) in all_messages(&recordings) {
        let limits = Limits::default();
        let message = Message::decode(header.kind, &body, &limits);
        let message = message.unwrap_or_else(|error| panic!("{name}: {header:?}: {error:?}"));
        assert_eq!(message.kind(), header.kind);
        let mut again = Vec::new();
        message.encode(&mut again);
        let again = Message::decode(header.kind, &again, &limits).expect("our own");
        assert_eq!(again, message, "{name}");
        *kinds.entry(header.kind).or_insert(0) += 1;
    }
    assert!(kinds.len() > 25, "{kinds:?}");
    assert!(kinds.values().sum::<u32>() > 700, "{kinds:?}");
}

/// Fragments are cut elsewhere by other sides; what has to be the same is each fragment's header
/// for the same cut.
#[test]
fn every_fragment_is_written_as_it_was() {
    let Some(recordings) = recorded() else {
        return;
    };
    let mut fragments = 0;
    for recording in &recordings {
        for Load { bytes, .. } in loads(recording) {
            let mut rest = bytes.as_slice();
            while let Some(fragment) = Fragment::at_front(rest).expect("a fragment") {
                assert_eq!(fragment.to_bytes(), rest[..HEADER]);
                rest = &rest[HEADER + fragment.length as usize..];
                fragments += 1;
            }
            assert!(rest.is_empty(), "{}", recording.name);
        }
    }
    assert!(fragments > 700, "{fragments} fragments");
}
