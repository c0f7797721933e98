//! The way to the keeper for clients that cannot reach its socket: a connection that becomes one to
//! it.

use std::path::PathBuf;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::UnixStream;
use tokio::time::timeout;
use winsta_api::{ErrorCode, paths};
use winsta_wire::{Decoder, Hello, Kind};

use super::App;
use super::answers::Answer;
use crate::failure::{Failure, failure, hinted};

/// How long a client may take to say hello.
const HELLO: Duration = Duration::from_secs(10);
/// Bytes read at once before that.
const BUFFER: usize = 16 << 10;

/// Leads a client to the keeper of this host's user.
pub(super) async fn to_keeper(State(app): State<App>, mut request: Request) -> Answer<Response> {
    if app.engine.is_shared() {
        return Err(elsewhere().into());
    }
    let asked = request.headers().get(header::UPGRADE);
    if asked.is_none_or(|protocol| protocol != paths::KEEPER_PROTOCOL) {
        let what = format!("this needs 'Upgrade: {}'", paths::KEEPER_PROTOCOL);
        return Err(failure(ErrorCode::Invalid, what).into());
    }
    let upgrade = hyper::upgrade::on(&mut request);
    let socket = app.engine.dirs.keeper_socket(app.engine.owner.uid);
    tokio::spawn(carry(upgrade, socket));
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(
        header::UPGRADE,
        HeaderValue::from_static(paths::KEEPER_PROTOCOL),
    );
    Ok(response)
}

fn elsewhere() -> Failure {
    hinted(
        ErrorCode::Unsupported,
        "the host for all users leads to no keeper",
        "each user's keeper has a socket of its own, which a permit to attach names",
    )
}

/// Passes bytes on both ways until one side ends.
async fn carry(upgrade: OnUpgrade, socket: PathBuf) {
    let carried = async {
        let mut client = TokioIo::new(upgrade.await?);
        let Ok(Some(hello)) = timeout(HELLO, hello(&mut client)).await else {
            return Ok(());
        };
        let mut keeper = UnixStream::connect(&socket).await?;
        keeper.write_all(&hello).await?;
        copy_bidirectional(&mut client, &mut keeper).await?;
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
    };
    if let Err(error) = carried.await {
        tracing::debug!(%error, "a way to the keeper ended early");
    }
}

/// What a client that has a permit says first. Whoever comes this way is no host, for the keeper
/// would take them for this one.
async fn hello(client: &mut TokioIo<Upgraded>) -> Option<Vec<u8>> {
    let (mut said, mut decoder) = (Vec::new(), Decoder::new());
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = client.read(&mut buffer).await.ok()?;
        let fresh = buffer.get(..count).filter(|fresh| !fresh.is_empty())?;
        said.extend_from_slice(fresh);
        decoder.push(fresh);
        if let Some(frame) = decoder.next_frame().ok()? {
            let attaches =
                frame.kind == Kind::HELLO && matches!(frame.json(), Ok(Hello::Attach { .. }));
            return attaches.then_some(said);
        }
        if said.len() > BUFFER {
            return None;
        }
    }
}
