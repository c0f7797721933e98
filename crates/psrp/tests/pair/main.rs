//! Our client and our server, with nothing between them.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "that is how a test fails"
)]

mod driver;
mod random;
mod refusals;

use driver::{PIPELINE, POOL, Pair, script};
use winsta_psrp::client::{self, PoolOptions};
use winsta_psrp::clixml::{Text, Value, Version};
use winsta_psrp::message::{
    Availability, CreatePipeline, ErrorRecord, HostInfo, HostMethod, HostResponse, PipelineState,
    PoolState, Progress, Record, ScreenSize, SessionCapability,
};
use winsta_psrp::server::{self, PipelineEvent, PoolConfig, PoolEvent};
use winsta_psrp::{CallId, Stream};

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
    let events = pair.client_speaks();
    let [PoolEvent::Opening(init)] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!((init.min_runspaces, init.max_runspaces), (2, 3));
    assert_eq!(pair.server.id(), POOL);
    assert_eq!(pair.server.state(), PoolState::OPENING);
    pair.server.open();
    // Once is enough.
    pair.server.open();
    let events = pair.server_speaks();
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
    pair.client_speaks();
    pair.server.fail(ErrorRecord::from_std_err("no shell"));
    pair.server.close();
    let events = pair.server_speaks();
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
    let events = pair.client_speaks();
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
    assert_eq!(pair.server_speaks(), expected.collect::<Vec<_>>());
}

#[test]
fn a_pool_has_no_more_runspaces_than_allowed() {
    for (asked, given) in [((1, 99), (1, 4)), ((9, 9), (4, 4)), ((-1, -5), (1, 1))] {
        let options = PoolOptions {
            min_runspaces: asked.0,
            max_runspaces: asked.1,
            ..PoolOptions::default()
        };
        let config = PoolConfig {
            max_runspaces: 4,
            ..PoolConfig::default()
        };
        let mut pair = Pair::new(options, config);
        pair.client_speaks();
        assert_eq!(pair.server.runspaces(), given);
    }
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
        running.client_speaks(),
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
    let events = running.server_speaks();
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
    let events = running.server_speaks();
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
    let events = running.server_speaks();
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
    assert_eq!(running.client_speaks(), [expected]);
    // pypsrp answers pipelines in the pool's stream.
    running.client.respond(response(call));
    let answer = running.client.take(Stream::PromptResponse, usize::MAX);
    let answer = answer.unwrap();
    pair.server.handle(Stream::PromptResponse, &answer).unwrap();
    let expected = PoolEvent::PipelineHostResponse(PIPELINE, Box::new(response(call)));
    assert_eq!(pair.server.poll_event(), Some(expected));
    let call = pair.server.host_call(HostMethod::READ_LINE, vec![]);
    assert!(matches!(
        &pair.server_speaks()[..],
        [client::PoolEvent::HostCall(_)]
    ));
    pair.client.respond(response(call));
    let expected = PoolEvent::HostResponse(Box::new(response(call)));
    assert_eq!(pair.client_speaks(), [expected]);
}

#[test]
fn both_sides_read_secure_strings_once_the_key_is_exchanged() {
    let mut pair = Pair::open();
    pair.server.request_key();
    pair.server_speaks();
    // It is under way already.
    pair.client.exchange_key().unwrap();
    assert_eq!(pair.client_speaks(), [PoolEvent::KeyExchanged]);
    assert_eq!(pair.server_speaks(), [client::PoolEvent::KeyExchanged]);
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
    assert_eq!(running.client_speaks(), [PipelineEvent::EndOfInput]);
    running.server.complete();
    running.server_speaks();
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
    let events = pair.server_speaks();
    let [client::PoolEvent::Opened, client::PoolEvent::PrivateData(_)] = &events[..] else {
        panic!("{events:?}");
    };
    running.client = client::Pipeline::adopt(&pair.client, PIPELINE);
    running.server.output_text("second");
    running.server.complete();
    assert_eq!(
        running.server_speaks()[0],
        client::PipelineEvent::Output("second".into())
    );
    assert!(running.client.is_over());
}
