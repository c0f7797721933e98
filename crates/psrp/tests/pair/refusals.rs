//! What is refused.

use uuid::Uuid;
use winsta_psrp::client::{self, PoolOptions};
use winsta_psrp::clixml::Version;
use winsta_psrp::fragment::Outbox;
use winsta_psrp::message::{Destination, Header, Message, MessageKind, SessionCapability};
use winsta_psrp::server::{self, PoolConfig};
use winsta_psrp::{PipelineId, PoolId, ProtocolError, Sizes, Stream};

use crate::driver::{PIPELINE, POOL, Pair, script};

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
    let mut outbox = Outbox::new(100_000);
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
