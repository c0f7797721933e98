//! Every kind of message, written and read back; what other sides write otherwise; what is refused.

use uuid::Uuid;

use super::*;
use crate::clixml::{DateTime, Object};
use crate::ids::{CallId, PipelineId, PoolId};

/// One of each kind, with something in every field.
pub(crate) fn every_message() -> Vec<Message> {
    let call = CallId(7);
    let host_call = || HostCall {
        call,
        method: HostMethod::READ_LINE,
        parameters: vec!["a".into(), 1.into()],
    };
    let response = || {
        Box::new(HostResponse {
            call,
            method: HostMethod::READ_LINE,
            result: Some("typed".into()),
            error: Some(ErrorRecord::from_std_err("no")),
        })
    };
    let host_info = || {
        HostInfo::console(
            ScreenSize {
                width: 120,
                height: 30,
            },
            "a title",
        )
    };
    let record = || Record::new("said");
    let create = CreatePipeline {
        no_input: false,
        add_to_history: true,
        host_info: host_info(),
        ..CreatePipeline::new(PowerShell {
            statements: vec![
                vec![
                    Command::new("Get-Item")
                        .with("Path", "/")
                        .with_argument(true),
                    Command {
                        merge: Merge {
                            error: ResultTypes::OUTPUT,
                            mine: ResultTypes::ERROR,
                            mine_to: ResultTypes::OUTPUT,
                            ..Merge::NONE
                        },
                        use_local_scope: Some(true),
                        ..Command::new("Out-Default")
                    },
                ],
                vec![Command::script("exit 1")],
            ],
            is_nested: true,
            history: Some("typed".to_owned()),
            redirect_errors: true,
        })
    };
    let error = ErrorRecord {
        details: Some("in short".to_owned()),
        recommended_action: Some("try again".to_owned()),
        script_stack_trace: Some("at line 1".to_owned()),
        ..ErrorRecord::stopped()
    };
    vec![
        Message::SessionCapability(SessionCapability {
            time_zone: Some(vec![1, 2]),
            ..SessionCapability::OURS
        }),
        Message::InitRunspacePool(Box::new(InitRunspacePool {
            min_runspaces: 1,
            max_runspaces: 5,
            thread_options: ThreadOptions::REUSE_THREAD,
            apartment_state: ApartmentState::MTA,
            host_info: host_info(),
            application_arguments: Object::dictionary(vec![("a".into(), "b".into())]).into(),
        })),
        Message::PublicKey(PublicKey { blob: vec![1; 276] }),
        Message::EncryptedSessionKey(EncryptedSessionKey { blob: vec![2; 268] }),
        Message::PublicKeyRequest(PublicKeyRequest),
        Message::ConnectRunspacePool(ConnectRunspacePool {
            runspaces: Some((1, 2)),
        }),
        Message::SetMaxRunspaces(SetRunspaces { count: 5, call }),
        Message::SetMinRunspaces(SetRunspaces { count: 2, call }),
        Message::RunspaceAvailability(RunspaceAvailability {
            answer: Availability::Free(3),
            call,
        }),
        Message::PoolState(Box::new(PoolStateMessage {
            state: PoolState::BROKEN,
            error: Some(ErrorRecord::stopped()),
        })),
        Message::CreatePipeline(Box::new(create)),
        Message::GetAvailableRunspaces(RunspaceCall { call }),
        Message::UserEvent(Box::new(UserEvent {
            event: 1,
            source: "timer".to_owned(),
            time: DateTime::from_unix_millis(5),
            sender: Value::Null,
            arguments: Object::list(vec![1.into()]).into(),
            data: "data".into(),
            computer: Some("web01".to_owned()),
            runspace: Some(Uuid::from_u128(9)),
        })),
        Message::ApplicationPrivateData(ApplicationPrivateData {
            data: Object::dictionary(vec![("a".into(), 1.into())]).into(),
        }),
        Message::GetCommandMetadata(GetCommandMetadata {
            names: vec!["Out-Default".to_owned()],
            kinds: CommandTypes(0x1ff),
            namespace: Value::Null,
            arguments: Value::Null,
        }),
        Message::PoolInitData(PoolInitData {
            min_runspaces: 1,
            max_runspaces: 2,
        }),
        Message::ResetRunspaceState(RunspaceCall { call }),
        Message::PoolHostCall(host_call()),
        Message::PoolHostResponse(response()),
        Message::PipelineInput("in".into()),
        Message::EndOfPipelineInput,
        Message::PipelineOutput("out".into()),
        Message::ErrorRecord(Box::new(error)),
        Message::PipelineState(Box::new(PipelineStateMessage {
            state: PipelineState::COMPLETED,
            error: None,
        })),
        Message::DebugRecord(record()),
        Message::VerboseRecord(record()),
        Message::WarningRecord(record()),
        Message::Progress(Progress {
            current_operation: Some("a file".to_owned()),
            progress: ProgressType::COMPLETED,
            ..Progress::new("copying", 1, "half")
        }),
        Message::Information(Box::new(Information {
            data: "data".into(),
            source: "script".to_owned(),
            time: Some(DateTime::from_unix_millis(6)),
            tags: vec!["PSHOST".to_owned()],
            user: "bob".to_owned(),
            computer: "web01".to_owned(),
            process: 1,
            native_thread: 2,
            managed_thread: 3,
        })),
        Message::PipelineHostCall(host_call()),
        Message::PipelineHostResponse(response()),
    ]
}

fn body(message: &Message) -> String {
    let mut body = Vec::new();
    message.encode(&mut body);
    String::from_utf8(body).unwrap()
}

fn read(kind: MessageKind, body: &str) -> Result<Message, MessageError> {
    Message::decode(kind, body.as_bytes(), &Limits::default())
}

#[test]
fn every_message_comes_back() {
    let messages = every_message();
    for message in &messages {
        assert!(message.kind().name().is_some());
        let back = read(message.kind(), &body(message)).unwrap();
        assert_eq!(back, *message);
    }
    let mut kinds: Vec<_> = messages.iter().map(Message::kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds.len(), 31, "one of each kind");
}

/// But for properties that are kept as they are, which have no fields.
#[test]
fn names_of_properties_are_read_in_any_case() {
    let keeps_none = |message: &Message| !format!("{message:?}").contains("Property {");
    let turn = |c: char| match c {
        'a'..='z' => c.to_ascii_uppercase(),
        _ => c.to_ascii_lowercase(),
    };
    let messages: Vec<_> = every_message().into_iter().filter(keeps_none).collect();
    assert!(messages.len() > 15);
    for message in messages {
        let body = body(&message);
        let mut parts = body.split(" N=\"");
        let mut turned = parts.next().unwrap().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('"').unwrap();
            // Keys and values of dictionaries are no properties.
            let keep = matches!(name, "Key" | "Value");
            let name = name.chars().map(|c| if keep { c } else { turn(c) });
            turned = format!("{turned} N=\"{}\"{rest}", name.collect::<String>());
        }
        assert_eq!(read(message.kind(), &turned).unwrap(), message);
    }
}

/// What clients and Windows write in other ways than this crate.
#[test]
fn other_ways_to_say_the_same() {
    let call = CallId(-1);
    let cases: &[(MessageKind, &str, Message)] = &[
        (
            MessageKind::CONNECT_RUNSPACEPOOL,
            "<S />",
            Message::ConnectRunspacePool(ConnectRunspacePool { runspaces: None }),
        ),
        (
            MessageKind::CONNECT_RUNSPACEPOOL,
            "",
            Message::ConnectRunspacePool(ConnectRunspacePool { runspaces: None }),
        ),
        (
            MessageKind::PUBLIC_KEY_REQUEST,
            "",
            Message::PublicKeyRequest(PublicKeyRequest),
        ),
        (
            MessageKind::END_OF_PIPELINE_INPUT,
            "<S></S>",
            Message::EndOfPipelineInput,
        ),
        (
            MessageKind::PIPELINE_OUTPUT,
            "",
            Message::PipelineOutput(Value::Null),
        ),
        (
            MessageKind::SET_MAX_RUNSPACES,
            "<Obj RefId=\"0\"><MS><I32 N=\"MaxRunspaces\">-1</I32><I64 N=\"CI\">-1</I64></MS></Obj>",
            Message::SetMaxRunspaces(SetRunspaces { count: -1, call }),
        ),
        (
            MessageKind::RUNSPACE_AVAILABILITY,
            "<Obj><MS><B N=\"SetMinMaxRunspacesResponse\">true</B><I64 N=\"ci\">-1</I64></MS></Obj>",
            Message::RunspaceAvailability(RunspaceAvailability {
                answer: Availability::Done(true),
                call,
            }),
        ),
        (
            MessageKind::PIPELINE_STATE,
            "<Obj><MS><I32 N=\"PipelineState\">99</I32></MS></Obj>",
            Message::PipelineState(Box::new(PipelineStateMessage {
                state: PipelineState(99),
                error: None,
            })),
        ),
    ];
    for (kind, body, message) in cases {
        assert_eq!(read(*kind, body).unwrap(), *message, "{body}");
    }
}

#[test]
fn refused() {
    let state = MessageKind::PIPELINE_STATE;
    assert!(matches!(
        read(state, "<S"),
        Err(MessageError::Clixml { .. })
    ));
    assert!(matches!(read(state, ""), Err(MessageError::Clixml { .. })));
    let missing = read(state, "<Obj />").unwrap_err();
    assert_eq!(
        missing.to_string(),
        "PIPELINE_STATE has no property PipelineState"
    );
    let text = "<Obj><MS><S N=\"PipelineState\">x</S></MS></Obj>";
    assert!(matches!(read(state, text), Err(MessageError::Type { .. })));
    let unknown = read(MessageKind(5), "<Nil />").unwrap_err();
    assert_eq!(unknown.to_string(), "message 0x00000005 is not known");
    assert!(matches!(
        Header::split(&[0; 39]),
        Err(MessageError::Short { length: 39 })
    ));
}

#[test]
fn headers_come_back() {
    let header = Header {
        destination: Destination::SERVER,
        kind: MessageKind::CREATE_PIPELINE,
        pool: PoolId(Uuid::from_u128(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff)),
        pipeline: Some(PipelineId(Uuid::from_u128(2))),
    };
    let mut bytes = Vec::new();
    header.write(&mut bytes);
    assert_eq!(bytes.len(), Header::SIZE);
    assert_eq!(
        bytes[..12],
        [2, 0, 0, 0, 6, 0x10, 2, 0, 0x33, 0x22, 0x11, 0]
    );
    bytes.extend(b"body");
    assert_eq!(Header::split(&bytes).unwrap(), (header, b"body".as_slice()));
    assert_eq!(
        header.pool.to_string(),
        "00112233-4455-6677-8899-AABBCCDDEEFF"
    );
    let none = Header {
        pipeline: None,
        ..header
    };
    let mut bytes = Vec::new();
    none.write(&mut bytes);
    assert_eq!(Header::split(&bytes).unwrap().0, none);
}

#[test]
fn errors_tell_what_is_wrong() {
    let error = ErrorRecord::from_std_err("no such file");
    assert_eq!(error.message(), "no such file");
    assert_eq!(error.reason, "RemoteException");
    let details = ErrorRecord {
        details: Some("other".to_owned()),
        ..error
    };
    assert_eq!(details.message(), "other");
}

#[test]
fn a_hosts_window_has_a_size() {
    let size = ScreenSize {
        width: 80,
        height: 25,
    };
    let host = HostInfo::console(size, "title");
    assert_eq!(host.window_size(), Some(size));
    assert_eq!(HostInfo::NONE.window_size(), None);
    let limits = Limits::default();
    let back = HostInfo::from_clixml(host.to_clixml().as_bytes(), &limits);
    assert_eq!(back.unwrap(), host);
}
