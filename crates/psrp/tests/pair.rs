//! Our client and our server, with nothing between them.

use uuid::Uuid;
use winsta_psrp::client::{self, PoolOptions};
use winsta_psrp::clixml::{Text, Value, Version};
use winsta_psrp::message::{
    Availability, CreatePipeline, Destination, ErrorRecord, Header, HostInfo, HostMethod,
    HostResponse, Message, MessageKind, PipelineState, PoolState, PowerShell, Progress, Record,
    ScreenSize, SessionCapability,
};
use winsta_psrp::server::{self, PipelineEvent, PoolConfig, PoolEvent};
use winsta_psrp::{CallId, PipelineId, PoolId, ProtocolError, Sizes, Stream};

const POOL: PoolId = PoolId(Uuid::from_u128(0xaa));
const PIPELINE: PipelineId = PipelineId(Uuid::from_u128(0xbb));

struct Pair {
    client: client::RunspacePool,
    server: server::RunspacePool,
}

impl Pair {
    fn new(options: PoolOptions, config: PoolConfig) -> Self {
        let mut client = client::RunspacePool::new(POOL, options);
        client.open();
        Self {
            client,
            server: server::RunspacePool::new(config),
        }
    }

    /// A pool that is open, and all is said about that.
    fn open() -> Self {
        let mut pair = Self::new(PoolOptions::default(), PoolConfig::default());
        let [PoolEvent::Opening(_)] = &pair.to_server()[..] else {
            panic!("the client wants a pool");
        };
        pair.server.open();
        assert_eq!(pair.to_client().last(), Some(&client::PoolEvent::Opened));
        pair
    }

    fn to_server(&mut self) -> Vec<PoolEvent> {
        for stream in [Stream::Default, Stream::PromptResponse] {
            while let Some(bytes) = self.client.take(stream, 500) {
                self.server.handle(stream, &bytes).unwrap();
            }
        }
        std::iter::from_fn(|| self.server.poll_event()).collect()
    }

    fn to_client(&mut self) -> Vec<client::PoolEvent> {
        while let Some(bytes) = self.server.take(500) {
            self.client.handle(&bytes).unwrap();
        }
        std::iter::from_fn(|| self.client.poll_event()).collect()
    }

    /// The server's process dies, and another goes on with what it left.
    fn crash(&mut self) {
        let kept = serde_json::to_string(&self.server.snapshot()).unwrap();
        let kept = serde_json::from_str(&kept).unwrap();
        self.server = server::RunspacePool::restore(kept, PoolConfig::default()).unwrap();
    }

    /// A pipeline that runs, on both sides.
    fn start(&self, create: CreatePipeline) -> Running {
        let mut running = Running {
            client: client::Pipeline::create(&self.client, PIPELINE, create),
            server: server::Pipeline::new(&self.server, PIPELINE),
        };
        let [PipelineEvent::Created(_)] = &running.to_server()[..] else {
            panic!("the client wants a pipeline");
        };
        running
    }
}

struct Running {
    client: client::Pipeline,
    server: server::Pipeline,
}

impl Running {
    fn to_server(&mut self) -> Vec<PipelineEvent> {
        for stream in [Stream::Default, Stream::PromptResponse] {
            while let Some(bytes) = self.client.take(stream, 500) {
                self.server.handle(stream, &bytes).unwrap();
            }
        }
        std::iter::from_fn(|| self.server.poll_event()).collect()
    }

    fn to_client(&mut self) -> Vec<client::PipelineEvent> {
        while let Some(bytes) = self.server.take(500) {
            self.client.handle(&bytes).unwrap();
        }
        std::iter::from_fn(|| self.client.poll_event()).collect()
    }
}

fn script() -> CreatePipeline {
    CreatePipeline::new(PowerShell::script("ls"))
}

#[test]
fn a_pool_opens() {
    let host_info = HostInfo::console(
        ScreenSize {
            width: 99,
            height: 33,
        },
        "title",
    );
    let options = PoolOptions {
        min_runspaces: 2,
        max_runspaces: 3,
        host_info: host_info.clone(),
        ..PoolOptions::default()
    };
    let config = PoolConfig {
        version_table: vec![("PSVersion".to_owned(), Version::new(7, 4).into())],
        ..PoolConfig::default()
    };
    let mut pair = Pair::new(options, config);
    let events = pair.to_server();
    let [PoolEvent::Opening(init)] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!((init.min_runspaces, init.max_runspaces), (2, 3));
    assert_eq!(pair.server.id(), POOL);
    assert_eq!(pair.server.state(), PoolState::OPENING);
    pair.server.open();
    // Once is enough.
    pair.server.open();
    let events = pair.to_client();
    let [
        client::PoolEvent::PrivateData(data),
        client::PoolEvent::Opened,
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    let (_, table) = &data.entries().unwrap()[0];
    let version = |name: &str| {
        let mut entries = table.entries().unwrap().iter();
        let entry = entries.find(|(key, _)| *key == name.into());
        entry.and_then(|(_, value)| value.as_version())
    };
    assert_eq!(version("PSVersion"), Some(Version::new(7, 4)));
    assert_eq!(
        version("PSRemotingProtocolVersion"),
        Some(Version::new(2, 3))
    );
    assert_eq!(pair.client.server(), Some(&SessionCapability::OURS));
    assert_eq!(*pair.server.host_info(), host_info);
}

#[test]
fn a_pool_that_cannot_be_opened_says_why() {
    let mut pair = Pair::new(PoolOptions::default(), PoolConfig::default());
    pair.to_server();
    pair.server.fail(ErrorRecord::from_std_err("no shell"));
    pair.server.close();
    let events = pair.to_client();
    let [client::PoolEvent::Broken(Some(error))] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(error.message(), "no shell");
    assert_eq!(pair.client.state(), PoolState::BROKEN);
}

#[test]
fn runspaces_are_counted() {
    let mut pair = Pair::open();
    let calls = [
        pair.client.set_max_runspaces(5),
        pair.client.set_min_runspaces(6),
        pair.client.set_max_runspaces(0),
        pair.client.get_available_runspaces(),
        pair.client.reset_runspace(),
    ];
    let events = pair.to_server();
    assert_eq!(
        events,
        [
            PoolEvent::Runspaces { min: 1, max: 5 },
            PoolEvent::GetAvailable(calls[3]),
            PoolEvent::Reset(calls[4]),
        ]
    );
    assert_eq!(pair.server.runspaces(), (1, 5));
    pair.server.answer(calls[3], Availability::Free(2));
    pair.server.answer(calls[4], Availability::Done(true));
    let answers = [
        Availability::Done(true),
        Availability::Done(false),
        Availability::Done(false),
        Availability::Free(2),
        Availability::Done(true),
    ];
    let expected = calls.into_iter().zip(answers);
    let expected = expected.map(|(call, answer)| client::PoolEvent::Availability(call, answer));
    assert_eq!(pair.to_client(), expected.collect::<Vec<_>>());
}

#[test]
fn a_pipeline_runs() {
    let pair = Pair::open();
    let mut running = pair.start(CreatePipeline {
        no_input: false,
        ..script()
    });
    running.client.input_text("a line\n");
    running.client.input(&Value::Null);
    running.client.end_input();
    running.client.input_text("too late");
    assert_eq!(
        running.to_server(),
        [
            PipelineEvent::Input("a line\n".into()),
            PipelineEvent::Input(Value::Null),
            PipelineEvent::EndOfInput,
        ]
    );
    let long = "x\u{1d11e}".repeat(40_000);
    running.server.output_text(&long);
    running.server.output(&Value::I32(1));
    running.server.warning(Record::new("careful"));
    running.server.progress(Progress::new("copying", 1, "half"));
    running.server.complete();
    // A command that does not know yet that it is over.
    running.server.output_text("too late");
    running.server.error(ErrorRecord::from_std_err("too late"));
    running.server.fail(ErrorRecord::stopped());
    let events = running.to_client();
    let [
        client::PipelineEvent::Output(text),
        client::PipelineEvent::Output(Value::I32(1)),
        client::PipelineEvent::Warning(_),
        client::PipelineEvent::Progress(_),
        client::PipelineEvent::State(state),
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(*text, long.into());
    assert_eq!(state.state, PipelineState::COMPLETED);
    assert!(running.client.is_over());
    assert_eq!(running.server.pending(), 0);
}

#[test]
fn output_goes_on_after_a_stop_until_it_is_done() {
    let pair = Pair::open();
    let mut running = pair.start(script());
    running.server.stopping();
    running.server.output_text("cleaning up");
    running.server.stopped();
    let events = running.to_client();
    let [
        client::PipelineEvent::Output(_),
        client::PipelineEvent::State(state),
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(state.state, PipelineState::STOPPED);
    let error = state.error.as_ref().unwrap();
    assert_eq!(
        error.fully_qualified_error_id.as_deref(),
        Some("PipelineStopped")
    );
}

#[test]
fn hosts_are_called_and_answer() {
    let mut pair = Pair::open();
    let mut running = pair.start(script());
    let void = running
        .server
        .host_call(HostMethod::WRITE_LINE2, vec!["hello".into()]);
    assert_eq!(void, CallId::NO_ANSWER);
    let call = running.server.host_call(HostMethod::READ_LINE, vec![]);
    let events = running.to_client();
    let [
        client::PipelineEvent::HostCall(hello),
        client::PipelineEvent::HostCall(ask),
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(hello.parameters, ["hello".into()]);
    assert_eq!((ask.call, ask.method), (call, HostMethod::READ_LINE));
    let response = |call| HostResponse {
        call,
        method: HostMethod::READ_LINE,
        result: Some("typed".into()),
        error: None,
    };
    running.client.respond(response(call));
    let expected = PipelineEvent::HostResponse(Box::new(response(call)));
    assert_eq!(running.to_server(), [expected]);
    let call = pair.server.host_call(HostMethod::READ_LINE, vec![]);
    assert!(matches!(
        &pair.to_client()[..],
        [client::PoolEvent::HostCall(_)]
    ));
    pair.client.respond(response(call));
    let expected = PoolEvent::HostResponse(Box::new(response(call)));
    assert_eq!(pair.to_server(), [expected]);
}

#[test]
fn both_sides_read_secure_strings_once_the_key_is_exchanged() {
    let mut pair = Pair::open();
    pair.server.request_key();
    pair.to_client();
    // It is under way already.
    pair.client.exchange_key().unwrap();
    assert_eq!(pair.to_server(), [PoolEvent::KeyExchanged]);
    assert_eq!(pair.to_client(), [client::PoolEvent::KeyExchanged]);
    for text in ["", "päss", "\u{1d11e}", &"x".repeat(100)] {
        let text = Text::from(text);
        let secure = pair.client.key().unwrap().encrypt(&text).unwrap();
        assert_eq!(pair.server.key().unwrap().decrypt(&secure), Ok(text));
    }
    let secret = pair.server.key().unwrap().encrypt(&"s".into()).unwrap();
    pair.crash();
    assert_eq!(pair.client.key().unwrap().decrypt(&secret), Ok("s".into()));
    assert_eq!(pair.server.key(), pair.client.key());
    assert_eq!(
        format!("{:?} {secret:?}", pair.server.key()),
        "Some(SessionKey(..)) SecureString(..)"
    );
}

#[test]
fn a_crash_of_the_server_loses_no_pipeline() {
    let mut pair = Pair::open();
    let mut running = pair.start(CreatePipeline {
        no_input: false,
        ..script()
    });
    running.server.output_text("before");
    let before = running.server.take(usize::MAX).unwrap();
    let asked = running.server.host_call(HostMethod::READ_LINE, vec![]);
    running.server.take(usize::MAX);
    let kept = serde_json::to_string(&running.server.snapshot()).unwrap();
    pair.crash();
    running.server = server::Pipeline::restore(&pair.server, &serde_json::from_str(&kept).unwrap());
    running.server.output_text("after");
    let next = running.server.host_call(HostMethod::READ_LINE, vec![]);
    assert!(next > asked);
    let after = running.server.take(usize::MAX).unwrap();
    // Numbers of objects are never used again, whatever was sent before the crash.
    assert!(after[..8] > before[..8]);
    running.client.handle(&before).unwrap();
    running.client.handle(&after).unwrap();
    for line in ["before", "after"] {
        assert_eq!(
            running.client.poll_event(),
            Some(client::PipelineEvent::Output(line.into()))
        );
    }
    running.client.end_input();
    assert_eq!(running.to_server(), [PipelineEvent::EndOfInput]);
    running.server.complete();
    running.to_client();
    assert!(running.client.is_over());
}

#[test]
fn another_client_connects() {
    let mut pair = Pair::open();
    let mut running = pair.start(script());
    running.server.output_text("first");
    pair.client.disconnected();
    assert_eq!(pair.client.state(), PoolState::DISCONNECTED);
    let kept = running.server.snapshot();
    pair.crash();
    running.server = server::Pipeline::restore(&pair.server, &kept);

    pair.client = client::RunspacePool::new(POOL, PoolOptions::default());
    let response = pair.server.connect(&pair.client.connect()).unwrap();
    running.server.client_changed();
    pair.client.connected(&response).unwrap();
    let events = pair.to_client();
    let [client::PoolEvent::Opened, client::PoolEvent::PrivateData(_)] = &events[..] else {
        panic!("{events:?}");
    };
    running.client = client::Pipeline::adopt(&pair.client, PIPELINE);
    running.server.output_text("second");
    running.server.complete();
    assert_eq!(
        running.to_client()[0],
        client::PipelineEvent::Output("second".into())
    );
    assert!(running.client.is_over());
}

#[test]
fn a_client_that_connects_to_another_pool_is_refused() {
    let mut pair = Pair::open();
    let mut stranger =
        client::RunspacePool::new(PoolId(Uuid::from_u128(1)), PoolOptions::default());
    let error = pair.server.connect(&stranger.connect()).unwrap_err();
    assert!(matches!(
        error,
        ProtocolError::NotForUs(MessageKind::SESSION_CAPABILITY)
    ));
    let error = pair.server.connect(&[]).unwrap_err();
    assert!(matches!(error, ProtocolError::State { .. }));
    assert!(stranger.connected(&[]).is_err());
}

/// A message to the server, in one fragment.
fn to_server(message: &Message, pipeline: Option<PipelineId>) -> Vec<u8> {
    let header = Header {
        destination: Destination::SERVER,
        kind: message.kind(),
        pool: POOL,
        pipeline,
    };
    let mut outbox = winsta_psrp::fragment::Outbox::new(100_000);
    outbox.push(1, |out| {
        header.write(out);
        message.encode(out);
    });
    outbox.take(usize::MAX).unwrap()
}

#[test]
fn what_comes_at_the_wrong_time_is_refused() {
    let create = Message::CreatePipeline(Box::new(script()));
    let init = Pair::new(PoolOptions::default(), PoolConfig::default());
    let refuse = |server: &mut server::RunspacePool, message: &Message| {
        let error = server.handle(Stream::Default, &to_server(message, None));
        assert!(
            matches!(error, Err(ProtocolError::State { .. })),
            "{error:?}"
        );
    };
    let mut server = init.server;
    refuse(&mut server, &Message::EndOfPipelineInput);
    let mut pair = Pair::open();
    refuse(&mut pair.server, &create);
    refuse(
        &mut pair.server,
        &Message::SessionCapability(SessionCapability::OURS),
    );
    let error = pair
        .server
        .handle(Stream::Default, &to_server(&create, Some(PIPELINE)));
    assert!(
        matches!(error, Err(ProtocolError::NotForUs(_))),
        "{error:?}"
    );
    let mut pipeline = server::Pipeline::new(&pair.server, PIPELINE);
    let input = to_server(&Message::PipelineInput("x".into()), Some(PIPELINE));
    let error = pipeline.handle(Stream::Default, &input);
    assert!(
        matches!(error, Err(ProtocolError::State { .. })),
        "{error:?}"
    );
    let error = pair.client.handle(&to_server(&create, None));
    assert!(
        matches!(error, Err(ProtocolError::State { .. })),
        "{error:?}"
    );
}

#[test]
fn other_versions_are_refused() {
    for (protocol, welcome) in [
        (Version::new(1, 9), false),
        (Version::new(2, 0), true),
        (Version::new(2, 3), true),
        (Version::new(3, 0), false),
    ] {
        let mut server = server::RunspacePool::new(PoolConfig::default());
        let capability = Message::SessionCapability(SessionCapability {
            protocol,
            ..SessionCapability::OURS
        });
        let result = server.handle(Stream::Default, &to_server(&capability, None));
        assert_eq!(result.is_ok(), welcome, "{protocol}");
    }
}

#[test]
fn messages_that_are_too_long_are_refused() {
    let sizes = Sizes {
        message: 1_000,
        ..Sizes::default()
    };
    let config = PoolConfig {
        sizes,
        ..PoolConfig::default()
    };
    let mut server = server::RunspacePool::new(config);
    let options = PoolOptions {
        application_arguments: "x".repeat(1_000).into(),
        ..PoolOptions::default()
    };
    let mut client = client::RunspacePool::new(POOL, options);
    client.open();
    let bytes = client.take(Stream::Default, usize::MAX).unwrap();
    let error = server.handle(Stream::Default, &bytes).unwrap_err();
    assert!(matches!(error, ProtocolError::Fragment(_)), "{error:?}");
}
