//! What goes into a session and what comes out of it, raw.

use std::io;

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use winsta_api::{AttachRequest, AttachTicket, Attachment, InputReport, paths};
use winsta_domain::SessionId;
use winsta_wire::frame::encode_json;
use winsta_wire::{
    Answer as Said, CloseReason, Decoder, Hello, KeeperMessage, Kind, Output, Stream, Ticket,
    VERSIONS, Verb as Ask,
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
        let ticket = app
            .engine
            .ticket(id, &follower(), caller, Transport::Output)
            .await?;
        tokio::spawn(follow(ticket, query.stream, offset, pieces));
    } else {
        tokio::spawn(kept(app, id, query.stream, first, pieces));
    }
    let mut response = Response::new(Body::from_stream(ReceiverStream::new(body)));
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("application/octet-stream");
    headers.insert(header::CONTENT_TYPE, kind);
    let name = HeaderName::from_static(paths::OFFSET_HEADER);
    headers.insert(name, HeaderValue::from(offset));
    Ok(response)
}

/// What a body is made of. An error cuts it off, so that it does not pass for whole: whoever reads
/// it asks again, from the offset behind the last byte that came.
type Part = Result<Vec<u8>, io::Error>;

fn cut(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Part {
    Err(io::Error::other(why))
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
async fn kept(app: App, id: SessionId, stream: Stream, first: Piece, pieces: mpsc::Sender<Part>) {
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
        if pieces.send(Ok(piece.bytes)).await.is_err() || done {
            return;
        }
        match read(&app.engine, id, stream, next).await {
            Ok(more) if more.offset == next => piece = more,
            Ok(_) => {
                // Whoever reads may have gone away.
                let _ = pieces.send(cut("what follows is no longer kept")).await;
                return;
            }
            Err(error) => {
                tracing::debug!(session = %id, error = %error.message, "output is cut short");
                let _ = pieces.send(cut(error.message.clone())).await;
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
async fn follow(ticket: AttachTicket, stream: Stream, from: u64, pieces: mpsc::Sender<Part>) {
    let end = tokio::select! {
        // A reader that goes away is noticed even while nothing is printed.
        () = pieces.closed() => return,
        end = pass_on(ticket, stream, from, &pieces) => end,
    };
    if let Err(why) = end {
        // Whoever reads may have gone away.
        let _ = pieces.send(cut(why)).await;
    }
}

/// Passes output on to the session's end, or says why the rest cannot be had here.
async fn pass_on(
    ticket: AttachTicket,
    stream: Stream,
    from: u64,
    pieces: &mpsc::Sender<Part>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let hello = Hello::Attach {
        versions: VERSIONS,
        ticket: Ticket(ticket.ticket),
        size: None,
        from: Some(from),
        stream,
    };
    let mut greeting = Vec::new();
    encode_json(&mut greeting, Kind::HELLO, &hello)?;
    let mut socket = UnixStream::connect(&ticket.socket).await?;
    socket.write_all(&greeting).await?;
    let mut next = from;
    let mut decoder = Decoder::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        while let Some(frame) = decoder.next_frame()? {
            if frame.kind == Kind::OUTPUT {
                let output = Output::parse(frame.payload)?;
                if output.offset != next {
                    return Err("the reader is too slow: bytes are no longer kept".into());
                }
                next += output.bytes.len() as u64;
                pieces.send(Ok(output.bytes.to_vec())).await?;
            } else if frame.kind == Kind::KEEPER {
                match frame.json()? {
                    KeeperMessage::Closed {
                        reason: CloseReason::Ended { .. },
                    } => return Ok(()),
                    KeeperMessage::Closed { .. } => return Err("sent away".into()),
                    _ => {}
                }
            }
        }
        match socket.read(&mut buffer).await? {
            0 => return Err("the keeper is lost".into()),
            count => decoder.push(buffer.get(..count).unwrap_or_default()),
        }
    }
}
