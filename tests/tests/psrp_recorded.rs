//! Exchanges that pypsrp recorded with real Windows hosts: all that is in them is read, and
//! written back as it was.

use std::collections::BTreeMap;

use winsta_psrp::clixml::{self, Limits, Value};
use winsta_psrp::crypto::KeyError;
use winsta_psrp::fragment::{Fragment, HEADER};
use winsta_psrp::message::{CommandInfo, Header, Message, MessageKind, command_count};
use winsta_psrp::{ProtocolError, Stream, client, server};
use winsta_python::{Recording, recordings};
use winsta_tests::psrp::{Load, Recorded, Sender, loads, messages};
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

/// Kinds that some write in other ways than we do: properties in another order, the number of an
/// enumeration without its type, `CI` for `ci`.
const OTHERWISE: &[MessageKind] = &[
    MessageKind::CREATE_PIPELINE,
    MessageKind::ERROR_RECORD,
    MessageKind::GET_COMMAND_METADATA,
    MessageKind::INIT_RUNSPACEPOOL,
    MessageKind::PIPELINE_STATE,
    MessageKind::SET_MAX_RUNSPACES,
    MessageKind::SET_MIN_RUNSPACES,
];

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
        if !body.is_empty() && !OTHERWISE.contains(&header.kind) {
            similar(name, text(&body), text(&again));
        }
        let again = Message::decode(header.kind, &again, &limits).expect("our own");
        assert_eq!(again, message, "{name}");
        *kinds.entry(header.kind).or_insert(0) += 1;
    }
    assert!(kinds.len() > 25, "{kinds:?}");
    assert!(kinds.values().sum::<u32>() > 700, "{kinds:?}");
}

/// The answers to `GET_COMMAND_METADATA`: what our server writes is what Windows wrote.
#[test]
fn every_command_is_described_as_windows_does() {
    let Some(recordings) = recorded() else {
        return;
    };
    let mut described = (0, 0);
    for (name, message) in all_messages(&recordings) {
        let of_type = |value: &Value, name: &str| {
            let types = value.as_object().and_then(|object| object.types.as_ref());
            types.and_then(|types| types.first()) == Some(name)
        };
        let asked = name == "test_psrp_get_command_metadata";
        if !asked || message.header.kind != MessageKind::PIPELINE_OUTPUT {
            continue;
        }
        let value = clixml::decode(&message.body, &Limits::default()).expect("CLIXML");
        let again = if of_type(
            &value,
            "Selected.Microsoft.PowerShell.Commands.GenericMeasureInfo",
        ) {
            described.0 += 1;
            let count = value.property("Count").and_then(Value::as_i32);
            command_count(count.expect("a number"))
        } else {
            described.1 += 1;
            CommandInfo::from_value(&value)
                .expect("a command")
                .to_value()
        };
        similar(name, text(&message.body), text(&clixml::encode(&again)));
    }
    assert_eq!(described, (3, 7));
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

/// What our server makes of a recorded client, shell by shell: how many pools and pipelines began.
fn serve(recording: &Recording) -> Result<(usize, usize), ProtocolError> {
    let mut pools: BTreeMap<&str, server::RunspacePool> = BTreeMap::new();
    let mut pipelines: BTreeMap<&str, server::Pipeline> = BTreeMap::new();
    let mut begun = (0, 0);
    let loads = loads(recording);
    for load in loads.iter().filter(|load| load.sender == Sender::Client) {
        let pool = pools.entry(&load.shell).or_insert_with(|| {
            begun.0 += 1;
            server::RunspacePool::new(server::PoolConfig::default())
        });
        let stream = match load.place.as_str() {
            "pr" => Stream::PromptResponse,
            _ => Stream::Default,
        };
        if load.place == "connectXml" {
            pool.connect(&load.bytes)?;
            pipelines
                .values_mut()
                .for_each(server::Pipeline::client_changed);
        } else if load.command.is_empty() {
            pool.handle(stream, &load.bytes)?;
        } else {
            if load.place == "Arguments" {
                // A client may use an id again once its command is gone.
                let id = load.command.parse().expect("a command's id");
                pipelines.insert(&load.command, server::Pipeline::new(pool, id));
            }
            let pipeline = pipelines.get_mut(load.command.as_str());
            let pipeline = pipeline.unwrap_or_else(|| panic!("{} {load:?}", recording.name));
            pipeline.handle(stream, &load.bytes)?;
            while let Some(event) = pipeline.poll_event() {
                use server::PipelineEvent as Event;
                begun.1 += usize::from(matches!(event, Event::Created(_) | Event::Metadata(_)));
            }
        }
        while let Some(event) = pool.poll_event() {
            if matches!(event, server::PoolEvent::Opening(_)) {
                pool.open();
            }
        }
    }
    Ok(begun)
}

#[test]
fn our_server_follows_every_recorded_client() {
    let Some(recordings) = recorded() else {
        return;
    };
    let mut all = (0, 0);
    for recording in &recordings {
        let begun = serve(recording);
        let begun = begun.unwrap_or_else(|error| panic!("{}: {error:?}", recording.name));
        all = (all.0 + begun.0, all.1 + begun.1);
    }
    assert!(all.0 > 40 && all.1 > 40, "{all:?}");
}

/// What a client wrote in the first message of some: early ones wrote other ids there than in
/// envelopes.
fn first_header(loads: &[Load], of: impl Fn(&Load) -> bool) -> Option<Header> {
    let mut theirs = loads.iter().filter(|load| load.sender == Sender::Client);
    let first = theirs.find(|load| of(load))?;
    Some(Header::split(&first.bytes[HEADER..]).expect("a message").0)
}

/// What our client makes of recorded Windows hosts: how many pools opened and pipelines ended.
fn listen(recording: &Recording) -> Result<(usize, usize), ProtocolError> {
    let mut pools: BTreeMap<&str, client::RunspacePool> = BTreeMap::new();
    let mut pipelines: BTreeMap<&str, client::Pipeline> = BTreeMap::new();
    let mut seen = (0, 0);
    let loads = loads(recording);
    for load in loads.iter().filter(|load| load.sender == Sender::Server) {
        let pool = pools.entry(&load.shell).or_insert_with(|| {
            let header = first_header(&loads, |l| l.shell == load.shell).expect("it begins");
            client::RunspacePool::new(header.pool, client::PoolOptions::default())
        });
        if load.place == "connectResponseXml" {
            pool.connect();
            pool.connected(&load.bytes)?;
        } else if load.command.is_empty() {
            match pool.handle(&load.bytes) {
                // The key is for a pair that the recorded client had.
                Ok(()) | Err(ProtocolError::Key(KeyError::NotAsked)) => {}
                Err(error) => return Err(error),
            }
        } else {
            let pipeline = pipelines.entry(&load.command).or_insert_with(|| {
                let said = first_header(&loads, |l| l.command == load.command);
                let said = said.and_then(|header| header.pipeline);
                let id = said.unwrap_or_else(|| load.command.parse().expect("a command's id"));
                client::Pipeline::adopt(pool, id)
            });
            pipeline.handle(&load.bytes)?;
        }
        while let Some(event) = pool.poll_event() {
            seen.0 += usize::from(event == client::PoolEvent::Opened);
        }
    }
    seen.1 = pipelines.values().filter(|p| p.is_over()).count();
    Ok(seen)
}

#[test]
fn our_client_follows_every_recorded_host() {
    let Some(recordings) = recorded() else {
        return;
    };
    let mut all = (0, 0);
    // A message of another session was put into this one by hand.
    let edited = |recording: &&Recording| recording.name == "test_client_copy_file_warning";
    for recording in recordings.iter().filter(|recording| !edited(recording)) {
        let seen = listen(recording);
        let seen = seen.unwrap_or_else(|error| panic!("{}: {error:?}", recording.name));
        all = (all.0 + seen.0, all.1 + seen.1);
    }
    assert!(all.0 > 40 && all.1 > 40, "{all:?}");
}
