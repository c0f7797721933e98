//! What goes into a session and what comes out of it, raw.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use winsta_api::{AttachRequest, AttachTicket, Attachment, InputReport, paths};
use winsta_domain::SessionId;
use winsta_wire::frame::encode_json;
use winsta_wire::{
    Answer as Said, Decoder, Hello, KeeperMessage, Kind, Output, Stream, Ticket, VERSIONS,
    Verb as Ask,
};

use super::App;
use super::answers::{Answer, WithNote};
use super::requests::{Asked, Id, bytes};
use crate::access::Verb;
use crate::engine::Engine;
use crate::failure::{Failure, keeper_failure};
use crate::keeper::port::KeeperError;
use crate::meta::Transport;
use crate::people::Caller;
use crate::screen::Wanted;

/// Bytes of output asked for at once.
const PIECE: u32 = 256 << 10;
/// Pieces that may wait for a slow reader.
const WAITING: usize = 4;

#[derive(Deserialize)]
pub(super) struct InputQuery {
    #[serde(default)]
    eof: bool,
}

pub(super) async fn input(
    State(app): State<App>,
    Id(id): Id,
    Asked(query): Asked<InputQuery>,
    body: Body,
) -> Answer<WithNote<InputReport>> {
    let typed = bytes(body, paths::MAX_INPUT).await?;
    let report = app.engine.input(id, &typed, query.eof).await?;
    // Never what was typed: it may be a password.
    let detail = format!("{} bytes", report.bytes);
    Ok(WithNote::about(id, detail, report))
}

#[derive(Deserialize)]
pub(super) struct ScreenQuery {
    #[serde(default)]
    ansi: bool,
    #[serde(default)]
    scrollback: u32,
}

pub(super) async fn screen(
    State(app): State<App>,
    Id(id): Id,
    Asked(query): Asked<ScreenQuery>,
) -> Answer<String> {
    let wanted = Wanted {
        ansi: query.ansi,
        scrollback: query.scrollback,
    };
    Ok(app.engine.screen(id, wanted).await?)
}

#[derive(Deserialize)]
pub(super) struct OutputQuery {
    from: Option<u64>,
    #[serde(default)]
    follow: bool,
    #[serde(default)]
    stream: Stream,
}

pub(super) async fn output(
    State(app): State<App>,
    Id(id): Id,
    Extension(caller): Extension<Caller>,
    Asked(query): Asked<OutputQuery>,
) -> Answer<Response> {
    let from = query.from.unwrap_or_default();
    let first = read(&app.engine, id, query.stream, from).await?;
    let offset = first.offset;
    let (pieces, body) = mpsc::channel(WAITING);
    if query.follow {
        let user = app.engine.names.of(caller.uid);
        let ticket = app
            .engine
            .ticket(id, &follower(), user, Transport::Output)
            .await?;
        tokio::spawn(follow(ticket, query.stream, offset, pieces));
    } else {
        tokio::spawn(kept(app, id, query.stream, first, pieces));
    }
    let body = ReceiverStream::new(body).map(Ok::<_, Infallible>);
    let mut response = Response::new(Body::from_stream(body));
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("application/octet-stream");
    headers.insert(header::CONTENT_TYPE, kind);
    let name = HeaderName::from_static(paths::OFFSET_HEADER);
    headers.insert(name, HeaderValue::from(offset));
    Ok(response)
}

/// A piece of kept output.
struct Piece {
    offset: u64,
    end: u64,
    bytes: Vec<u8>,
}

async fn read(engine: &Engine, id: SessionId, stream: Stream, from: u64) -> Result<Piece, Failure> {
    let ask = Ask::Read {
        session: id,
        stream,
        from,
        max: PIECE,
    };
    match engine.ask_about(id, Verb::Output, ask, Vec::new()).await? {
        (Said::Bytes { offset, end, .. }, bytes) => Ok(Piece { offset, end, bytes }),
        _ => Err(keeper_failure(&KeeperError::Strange)),
    }
}

/// Sends what was kept when the request came.
async fn kept(
    app: App,
    id: SessionId,
    stream: Stream,
    first: Piece,
    pieces: mpsc::Sender<Vec<u8>>,
) {
    let end = first.end;
    let mut piece = first;
    loop {
        let next = piece.offset + piece.bytes.len() as u64;
        // What was printed since belongs to the next request.
        let surplus = usize::try_from(next.saturating_sub(end)).unwrap_or(usize::MAX);
        piece
            .bytes
            .truncate(piece.bytes.len().saturating_sub(surplus));
        let done = piece.bytes.is_empty() || next >= end;
        if pieces.send(piece.bytes).await.is_err() || done {
            return;
        }
        match read(&app.engine, id, stream, next).await {
            Ok(more) => piece = more,
            Err(error) => {
                tracing::debug!(session = %id, error = %error.message, "output is cut short");
                return;
            }
        }
    }
}

fn follower() -> AttachRequest {
    AttachRequest {
        mode: Attachment::View,
        client_name: None,
        client_address: None,
        ask_consent: false,
        from_session: None,
    }
}

/// Sends what is printed, until the session or the reader ends.
async fn follow(ticket: AttachTicket, stream: Stream, from: u64, pieces: mpsc::Sender<Vec<u8>>) {
    let hello = Hello::Attach {
        versions: VERSIONS,
        ticket: Ticket(ticket.ticket),
        size: None,
        from: Some(from),
        stream,
    };
    let mut greeting = Vec::new();
    let Ok(mut socket) = UnixStream::connect(&ticket.socket).await else {
        return;
    };
    if encode_json(&mut greeting, Kind::HELLO, &hello).is_err()
        || socket.write_all(&greeting).await.is_err()
    {
        return;
    }
    let mut decoder = Decoder::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        loop {
            let piece = match decoder.next_frame() {
                Ok(Some(frame)) if frame.kind == Kind::OUTPUT => match Output::parse(frame.payload)
                {
                    Ok(output) => output.bytes.to_vec(),
                    Err(_) => return,
                },
                Ok(Some(frame)) => match frame.json::<KeeperMessage>() {
                    Ok(KeeperMessage::Closed { .. }) if frame.kind == Kind::KEEPER => return,
                    _ => continue,
                },
                Ok(None) => break,
                Err(_) => return,
            };
            if pieces.send(piece).await.is_err() {
                return;
            }
        }
        tokio::select! {
            // A reader that goes away is noticed even while nothing is printed.
            () = pieces.closed() => return,
            read = socket.read(&mut buffer) => match read {
                Ok(0) | Err(_) => return,
                Ok(count) => decoder.push(buffer.get(..count).unwrap_or_default()),
            },
        }
    }
}
