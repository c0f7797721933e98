//! psrpcore, an independent implementation, at the other end: its client of our server, and its
//! server of our client.

use serde_json::{Value as Json, json};
use uuid::Uuid;
use winsta_psrp::clixml::{DateTime, Object, Value};
use winsta_psrp::message::{
    Argument, Availability, Command, CreatePipeline, ErrorCategory, ErrorRecord, HostMethod,
    HostResponse, Information, PipelineState, PowerShell, Progress, Record,
};
use winsta_psrp::{PipelineId, PoolId, Sizes, Stream, client, server};
use winsta_python::packages;
use winsta_tests::wire_peer::{Line, Peer};

fn peer(program: &str) -> Option<Peer> {
    let peer = Peer::start(packages::REMOTING, program);
    peer.map_err(|missing| println!("skipped: {missing}")).ok()
}

/// Small fragments, so that messages have several.
fn sizes() -> Sizes {
    Sizes {
        fragment: 700,
        ..Sizes::default()
    }
}

/// What the script of `psrpcore_client.py` wants of a server.
struct Server {
    pool: server::RunspacePool,
    pipeline: Option<server::Pipeline>,
    inputs: Vec<Value>,
    commands: Vec<Vec<Command>>,
    answer: Option<Value>,
}

impl Server {
    fn on_pool(&mut self, event: server::PoolEvent) {
        match event {
            server::PoolEvent::Opening(init) => {
                assert_eq!((init.min_runspaces, init.max_runspaces), (1, 3));
                assert!(init.host_info.is_null);
                self.pool.open();
            }
            server::PoolEvent::Runspaces { min, max } => assert_eq!((min, max), (1, 5)),
            server::PoolEvent::GetAvailable(call) => {
                self.pool.answer(call, Availability::Free(4));
            }
            server::PoolEvent::Reset(call) => self.pool.answer(call, Availability::Done(true)),
            server::PoolEvent::KeyExchanged => assert!(self.pool.key().is_some()),
            server::PoolEvent::HostResponse(_) | server::PoolEvent::PipelineHostResponse(..) => {
                panic!("nothing was asked")
            }
        }
    }

    fn on_pipeline(&mut self, event: server::PipelineEvent) {
        let pipeline = self.pipeline.as_mut().expect("it began");
        match event {
            server::PipelineEvent::Created(create) => {
                assert!(create.add_to_history && !create.no_input);
                self.commands = create.script.statements;
            }
            server::PipelineEvent::Input(value) => self.inputs.push(value),
            server::PipelineEvent::EndOfInput => {
                let key = self.pool.key().expect("it was exchanged");
                for value in &self.inputs {
                    match value.as_text().and_then(|text| text.as_str()) {
                        Some(line) => pipeline.output_text(line),
                        None => pipeline.output(value),
                    }
                }
                pipeline.output(&Value::I32(7));
                let secret = key.encrypt(&"sécret".into()).unwrap();
                pipeline.output(&Value::Secure(secret));
                pipeline.error(ErrorRecord::from_std_err("no such file"));
                pipeline.warning(Record::new("careful"));
                pipeline.verbose(Record::new("many words"));
                pipeline.debug(Record::new("a bug"));
                pipeline.progress(Progress {
                    percent_complete: 50,
                    ..Progress::new("copying", 1, "half")
                });
                pipeline.information(Information {
                    data: "informed".into(),
                    source: "here".to_owned(),
                    time: Some(DateTime::from_unix_millis(1_528_933_588_005)),
                    tags: vec!["PSHOST".to_owned()],
                    user: "bob".to_owned(),
                    computer: "web01".to_owned(),
                    process: 1,
                    native_thread: 2,
                    managed_thread: 3,
                });
                pipeline.host_call(HostMethod::WRITE_LINE2, vec!["a line".into()]);
                pipeline.host_call(HostMethod::READ_LINE, vec![]);
            }
            server::PipelineEvent::HostResponse(response) => {
                self.answer.clone_from(&response.result);
                pipeline.stopped();
            }
            server::PipelineEvent::Metadata(_) => panic!("it was not asked for"),
        }
    }
}

#[test]
fn psrpcores_client_is_served() {
    let Some(mut peer) = peer(include_str!("../peers/psrpcore_client.py")) else {
        return;
    };
    let config = server::PoolConfig {
        version_table: vec![("PSEdition".to_owned(), "Core".into())],
        sizes: sizes(),
        ..server::PoolConfig::default()
    };
    let mut server = Server {
        pool: server::RunspacePool::new(config),
        pipeline: None,
        inputs: Vec::new(),
        commands: Vec::new(),
        answer: None,
    };
    let mut seen = Json::Null;
    while let Some(line) = peer.receive() {
        let (id, stream, bytes) = match line {
            Line::Fragments {
                pipeline,
                stream,
                bytes,
            } => (pipeline, stream, bytes),
            Line::Seen(all) => {
                seen = all;
                break;
            }
        };
        let Some(id) = id else {
            server.pool.handle(stream, &bytes).expect("messages");
            while let Some(event) = server.pool.poll_event() {
                server.on_pool(event);
            }
            while let Some(bytes) = server.pool.take(2000) {
                peer.send(None, Stream::Default, &bytes);
            }
            continue;
        };
        let new = || server::Pipeline::new(&server.pool, id);
        let pipeline = server.pipeline.get_or_insert_with(new);
        pipeline.handle(stream, &bytes).expect("messages");
        while let Some(event) = server
            .pipeline
            .as_mut()
            .and_then(server::Pipeline::poll_event)
        {
            server.on_pipeline(event);
        }
        while let Some(bytes) = server.pipeline.as_mut().and_then(|p| p.take(2000)) {
            peer.send(Some(id), Stream::Default, &bytes);
        }
    }
    check_commands(&server);
    assert_eq!(server.inputs.len(), 7);
    assert_eq!(server.answer, Some("typed".into()));
    check_seen_by_client(&seen);
}

fn check_commands(server: &Server) {
    let [first, second] = &server.commands[..] else {
        panic!("{:?}", server.commands);
    };
    let [thing, out] = &first[..] else {
        panic!("{first:?}");
    };
    assert_eq!((thing.text.as_str(), thing.is_script), ("Get-Thing", false));
    let [name, force, argument] = &thing.arguments[..] else {
        panic!("{thing:?}");
    };
    let named = |name: &str, value: Value| Argument {
        name: Some(name.to_owned()),
        value,
    };
    assert_eq!(*name, named("Name", "x".into()));
    assert_eq!(force.name.as_deref(), Some("Force"));
    assert_eq!(argument.name, None);
    assert_eq!(argument.value.items().map(<[Value]>::len), Some(2));
    assert_eq!(out.text, "Out-Default");
    assert!(second[0].is_script);
    let Value::Secure(secret) = &second[0].arguments[0].value else {
        panic!("{second:?}");
    };
    let key = server.pool.key().expect("it was exchanged");
    assert_eq!(key.decrypt(secret).unwrap(), *"päss");
}

fn check_seen_by_client(seen: &Json) {
    assert_eq!(seen["pool"], 2);
    assert_eq!(seen["remoting"], "2.3");
    assert_eq!(seen["name"], "Core");
    // At most 5 works, at least 9 does not, a reset does.
    assert_eq!(seen["set"], json!([true, false, true]));
    assert_eq!(seen["available"], 4);
    let texts = [
        "",
        "plain",
        "tab\there\r\n",
        "_x000A_ _X",
        "\u{1d11e} \u{3053}\u{3093} \u{7f}\u{85}",
        "<&>\"'",
    ];
    let output = seen["output"].as_array().expect("output");
    assert_eq!(output[..6], texts.map(Json::from));
    assert_eq!(output[6..], [json!("'PSDict'"), json!(7), json!("sécret")]);
    assert_eq!(
        seen["error"],
        json!([
            "no such file",
            "NativeCommandError",
            0,
            "RemoteException",
            "no such file"
        ])
    );
    assert_eq!(seen["warning"], "careful");
    assert_eq!(seen["verbose"], "many words");
    assert_eq!(seen["debug"], "a bug");
    assert_eq!(seen["progress"], json!(["copying", 50]));
    let information = json!(["informed", ["PSHOST"], "2018-06-13T23:46:28.005000+00:00"]);
    assert_eq!(seen["information"], information);
    assert_eq!(seen["calls"], json!([[-100, 16, ["a line"]], [1, 11, []]]));
    assert_eq!(seen["state"], PipelineState::STOPPED.0);
    assert_eq!(seen["reason"], "The pipeline has been stopped.");
}

/// What our client hears of the script of `psrpcore_server.py`.
struct Client {
    pool: client::RunspacePool,
    pipeline: Option<client::Pipeline>,
    pool_events: Vec<client::PoolEvent>,
    events: Vec<client::PipelineEvent>,
}

impl Client {
    fn on_pool(&mut self, event: client::PoolEvent) {
        match &event {
            client::PoolEvent::Opened => {
                self.pool.set_max_runspaces(5);
                self.pool.set_min_runspaces(2);
                self.pool.get_available_runspaces();
                self.pool.reset_runspace();
                self.pool.exchange_key().expect("a key");
            }
            client::PoolEvent::HostCall(call) if call.method == HostMethod::READ_LINE => {
                self.pool.respond(HostResponse {
                    call: call.call,
                    method: call.method,
                    result: Some("from the pool's host".into()),
                    error: None,
                });
            }
            client::PoolEvent::KeyExchanged => self.start(),
            _ => {}
        }
        self.pool_events.push(event);
    }

    fn start(&mut self) {
        let key = self.pool.key().expect("it was exchanged");
        let secret = Value::Secure(key.encrypt(&"gehe\u{ef}m".into()).unwrap());
        let script = PowerShell {
            statements: vec![
                vec![
                    Command::new("Get-Thing").with("Name", "x").with_argument(3),
                    Command::new("Out-Default"),
                ],
                vec![Command::script("echo 'two'").with("Secret", secret)],
            ],
            ..PowerShell::default()
        };
        let create = CreatePipeline {
            no_input: false,
            add_to_history: true,
            ..CreatePipeline::new(script)
        };
        let id = PipelineId(Uuid::from_u128(77));
        let mut pipeline = client::Pipeline::create(&self.pool, id, create);
        pipeline.input_text("line _x000A_ \u{1d11e}\n");
        let dictionary = Object::dictionary(vec![("k".into(), Value::from(true))]);
        pipeline.input(&dictionary.into());
        pipeline.end_input();
        self.pipeline = Some(pipeline);
    }

    fn send(&mut self, peer: &mut Peer) {
        for stream in [Stream::Default, Stream::PromptResponse] {
            while let Some(bytes) = self.pool.take(stream, 2000) {
                peer.send(None, stream, &bytes);
            }
            if let Some(pipeline) = &mut self.pipeline {
                while let Some(bytes) = pipeline.take(stream, 2000) {
                    peer.send(Some(pipeline.id()), stream, &bytes);
                }
            }
        }
    }

    fn on_pipeline(&mut self, bytes: &[u8]) {
        let pipeline = self.pipeline.as_mut().expect("it was started");
        pipeline.handle(bytes).expect("messages");
        while let Some(event) = pipeline.poll_event() {
            if let client::PipelineEvent::HostCall(call) = &event {
                pipeline.respond(HostResponse {
                    call: call.call,
                    method: call.method,
                    result: Some("typed".into()),
                    error: None,
                });
            }
            self.events.push(event);
        }
    }
}

#[test]
fn psrpcores_server_is_used() {
    let Some(mut peer) = peer(include_str!("../peers/psrpcore_server.py")) else {
        return;
    };
    let options = client::PoolOptions {
        max_runspaces: 3,
        sizes: sizes(),
        ..client::PoolOptions::default()
    };
    let mut client = Client {
        pool: client::RunspacePool::new(PoolId(Uuid::from_u128(1)), options),
        pipeline: None,
        pool_events: Vec::new(),
        events: Vec::new(),
    };
    client.pool.open();
    client.send(&mut peer);
    let mut seen = Json::Null;
    while let Some(line) = peer.receive() {
        match line {
            Line::Fragments {
                pipeline: None,
                bytes,
                ..
            } => {
                client.pool.handle(&bytes).expect("messages");
                while let Some(event) = client.pool.poll_event() {
                    client.on_pool(event);
                }
            }
            Line::Fragments { bytes, .. } => client.on_pipeline(&bytes),
            Line::Seen(all) => {
                seen = all;
                break;
            }
        }
        client.send(&mut peer);
    }
    check_pool_events(&client.pool_events);
    check_pipeline_events(&client);
    assert_eq!(seen["runspaces"], json!([1, 3]));
    assert_eq!(seen["host"], true);
    assert_eq!(seen["history"], true);
    assert_eq!(
        seen["commands"],
        json!([
            ["Get-Thing", false, false, [["Name", "x"], [null, 3]]],
            ["Out-Default", false, true, []],
            ["echo 'two'", true, true, [["Secret", "gehe\u{ef}m"]]],
        ])
    );
    assert_eq!(
        seen["input"],
        json!(["line _x000A_ \u{1d11e}\n", { "k": true }])
    );
    assert_eq!(seen["pool answer"], "from the pool's host");
    assert_eq!(seen["pipeline answer"], "typed");
}

fn check_pool_events(events: &[client::PoolEvent]) {
    use client::PoolEvent;
    let extra = events.iter().find_map(|event| match event {
        PoolEvent::PrivateData(data) => data.entries(),
        _ => None,
    });
    let extra = extra.expect("private data").iter();
    assert!(
        extra
            .into_iter()
            .any(|(key, value)| { (key, value) == (&Value::from("Extra"), &Value::from("x")) })
    );
    let answers: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            PoolEvent::Availability(_, answer) => Some(*answer),
            _ => None,
        })
        .collect();
    assert_eq!(
        answers,
        [
            Availability::Done(true),
            Availability::Done(true),
            Availability::Free(4),
            Availability::Done(false),
        ]
    );
    let calls = events
        .iter()
        .filter(|e| matches!(e, PoolEvent::HostCall(_)));
    assert_eq!(calls.count(), 2);
}

fn check_pipeline_events(client: &Client) {
    use client::PipelineEvent as Event;
    let key = client.pool.key().expect("it was exchanged");
    let [
        Event::State(running),
        Event::Output(line),
        Event::Output(dictionary),
        Event::Output(Value::Secure(secret)),
        Event::Output(version),
        Event::Output(long),
        Event::Error(error),
        Event::Warning(warning),
        Event::Verbose(verbose),
        Event::Debug(debug),
        Event::Progress(progress),
        Event::Information(information),
        Event::HostCall(call),
        Event::State(state),
    ] = &client.events[..]
    else {
        panic!("{:#?}", client.events);
    };
    assert_eq!(running.state, PipelineState::RUNNING);
    assert_eq!(*line, "line _x000A_ \u{1d11e}\n".into());
    assert_eq!(dictionary.entries().map(<[_]>::len), Some(1));
    assert_eq!(key.decrypt(secret).unwrap(), *"from the server");
    assert_eq!(version.as_version(), "1.2.3.4".parse().ok());
    assert_eq!(*long, "x".repeat(5000).into());
    assert_eq!(error.message(), "it broke");
    assert_eq!(error.fully_qualified_error_id.as_deref(), Some("Broken"));
    assert_eq!(error.category, ErrorCategory::READ_ERROR);
    assert_eq!(warning.message, "careful");
    assert_eq!(verbose.message, "many words");
    assert_eq!(debug.message, "a bug");
    assert_eq!(
        (progress.activity.as_str(), progress.percent_complete),
        ("copying", 50)
    );
    assert_eq!(information.data, "informed".into());
    assert_eq!(call.method, HostMethod::READ_LINE);
    assert_eq!(state.state, PipelineState::STOPPED);
    let reason = state.error.as_ref().expect("a reason");
    assert_eq!(reason.category, ErrorCategory::OPERATION_STOPPED);
    assert!(
        client
            .pipeline
            .as_ref()
            .is_some_and(client::Pipeline::is_over)
    );
}
