//! Requests to get into sessions and out of them.

use axum::body::{Body, Bytes};
use axum::extract::ws::{Message as Packet, WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, State};
use axum::response::Response;
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use winsta_api::{
    AttachRequest, AttachTicket, Attachment, Disconnected, ErrorCode, Guard, SwitchRequest,
};
use winsta_domain::TerminalSize;
use winsta_wire::frame::{HEADER, MAX_PAYLOAD, encode, encode_json};
use winsta_wire::{Decoder, Hello, Kind, Ticket, VERSIONS};

use super::App;
use super::answers::{Answer, WithNote};
use super::requests::{Asked, Id, json};
use crate::failure::failure;
use crate::meta::Transport;
use crate::people::Caller;

pub(super) async fn ticket(
    State(app): State<App>,
    Id(id): Id,
    Extension(caller): Extension<Caller>,
    body: Body,
) -> Answer<WithNote<AttachTicket>> {
    let request: AttachRequest = json(body).await?;
    let transport = Transport::to_keeper(&caller);
    let ticket = app.engine.ticket(id, &request, caller, transport).await?;
    let detail = format!("{:?} as {}", request.mode, ticket.name);
    Ok(WithNote::about(id, detail, ticket))
}

pub(super) async fn disconnect(
    State(app): State<App>,
    Id(id): Id,
    Extension(caller): Extension<Caller>,
    body: Body,
) -> Answer<WithNote<Disconnected>> {
    let guard: Guard = json(body).await?;
    let by = app.engine.names.of(caller.uid);
    let report = app.engine.disconnect(id, &guard, &by).await?;
    let detail = format!("{} connections", report.connections);
    Ok(WithNote::about(id, detail, report))
}

pub(super) async fn switch(
    State(app): State<App>,
    Id(id): Id,
    Extension(caller): Extension<Caller>,
    body: Body,
) -> Answer<WithNote<AttachTicket>> {
    let request: SwitchRequest = json(body).await?;
    let ticket = app.engine.switch(id, &request, caller).await?;
    Ok(WithNote::about(
        id,
        format!("at {}", request.destination),
        ticket,
    ))
}

#[derive(Deserialize)]
pub(super) struct WebSocketQuery {
    mode: Option<Attachment>,
    cols: Option<u32>,
    rows: Option<u32>,
    from: Option<u64>,
    client_name: Option<String>,
    client_address: Option<String>,
}

/// Attaches through the host: each binary message is one frame of the keeper's protocol, beginning
/// with the keeper's greeting.
pub(super) async fn websocket(
    State(app): State<App>,
    Id(id): Id,
    Extension(caller): Extension<Caller>,
    Asked(query): Asked<WebSocketQuery>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Answer<Response> {
    let upgrade = upgrade.map_err(|error| failure(ErrorCode::Invalid, error.body_text()))?;
    let size = match (query.cols, query.rows) {
        (Some(cols), Some(rows)) => Some(
            TerminalSize::new(cols, rows)
                .map_err(|error| failure(ErrorCode::Invalid, error.to_string()))?,
        ),
        (None, _) | (_, None) => None,
    };
    let request = AttachRequest {
        mode: query.mode.unwrap_or(Attachment::TakeOver),
        client_name: query.client_name,
        client_address: query.client_address,
        ask_consent: false,
        from_session: None,
    };
    let ticket = app
        .engine
        .ticket(id, &request, caller, Transport::Websocket)
        .await?;
    let hello = Hello::Attach {
        versions: VERSIONS,
        ticket: Ticket(ticket.ticket),
        size,
        from: query.from,
        stream: winsta_wire::Stream::Out,
    };
    let upgrade = upgrade.max_message_size(MAX_PAYLOAD + HEADER);
    Ok(upgrade.on_upgrade(async move |socket| relay(socket, &ticket.socket, &hello).await))
}

/// Passes frames on both ways until one side ends.
async fn relay(mut client: WebSocket, path: &str, hello: &Hello) {
    let mut greeting = Vec::new();
    let Ok(mut keeper) = UnixStream::connect(path).await else {
        return;
    };
    if encode_json(&mut greeting, Kind::HELLO, hello).is_err()
        || keeper.write_all(&greeting).await.is_err()
    {
        return;
    }
    let mut decoder = Decoder::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        tokio::select! {
            packet = client.recv() => match packet {
                Some(Ok(Packet::Binary(frame))) => {
                    if keeper.write_all(&frame).await.is_err() {
                        return;
                    }
                }
                // Text is what the user typed, so that the simplest of clients works.
                Some(Ok(Packet::Text(typed))) => {
                    let mut frame = Vec::new();
                    if encode(&mut frame, Kind::INPUT, typed.as_bytes()).is_err()
                        || keeper.write_all(&frame).await.is_err()
                    {
                        return;
                    }
                }
                Some(Ok(Packet::Ping(_) | Packet::Pong(_))) => {}
                Some(Ok(Packet::Close(_)) | Err(_)) | None => return,
            },
            read = keeper.read(&mut buffer) => {
                let Ok(count @ 1..) = read else {
                    break;
                };
                decoder.push(buffer.get(..count).unwrap_or_default());
                if !forward(&mut decoder, &mut client).await {
                    return;
                }
            }
        }
    }
    // A client that is gone already needs no farewell.
    let _ = client.send(Packet::Close(None)).await;
}

/// Sends the whole frames that have come; `false` once that fails.
async fn forward(decoder: &mut Decoder, client: &mut WebSocket) -> bool {
    loop {
        let mut bytes = Vec::new();
        match decoder.next_frame() {
            Ok(Some(frame)) => {
                if encode(&mut bytes, frame.kind, frame.payload).is_err() {
                    return false;
                }
            }
            Ok(None) => return true,
            Err(_) => return false,
        }
        if client
            .send(Packet::Binary(Bytes::from(bytes)))
            .await
            .is_err()
        {
            return false;
        }
    }
}
