//! The way from one client's connection to the host of the user who they have shown to be.

use std::io;
use std::net::IpAddr;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, Response, header};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::task::JoinHandle;
use winsta_api::paths;
use winsta_client::Dirs;
use winsta_wire::{Claim, Verdict};

use super::passing;
use crate::http::attempts::Checked;
use crate::http::basic;
use crate::http::door::Part;
use crate::http::wsman;

/// How long PAM may take: modules ask far-away directories.
const PATIENCE: Duration = Duration::from_secs(100);
/// Most bytes of the head of an answer.
const BUFFER: usize = 64 << 10;

/// Somebody whom root's helper has let in.
#[derive(Debug)]
pub(super) struct LetIn {
    pub(super) uid: u32,
    pub(super) user: String,
    /// Leads to their relay.
    stream: UnixStream,
}

/// Has root's helper look at a claim. Takes as long as PAM does.
pub(super) fn ask(dirs: &Dirs, claim: &Claim) -> Checked<LetIn> {
    checked(
        try_ask(dirs, claim).and_then(|(verdict, way)| match (verdict, way) {
            (Verdict::LetIn { uid, user }, Some(way)) => Ok(Some(LetIn {
                uid,
                user,
                stream: way.into(),
            })),
            (Verdict::Refused, _) => Ok(None),
            (verdict, _) => Err(strange(&verdict)),
        }),
    )
}

/// Has root's helper enrol a certificate; gives the user for whom it stands.
pub(super) fn enrol(dirs: &Dirs, claim: &Claim) -> Checked<String> {
    checked(try_ask(dirs, claim).and_then(|(verdict, _)| match verdict {
        Verdict::Enrolled { user } => Ok(Some(user)),
        Verdict::Refused => Ok(None),
        verdict => Err(strange(&verdict)),
    }))
}

fn try_ask(dirs: &Dirs, claim: &Claim) -> io::Result<(Verdict, Option<OwnedFd>)> {
    let helper = UnixStream::connect(dirs.authenticate_socket())?;
    helper.set_read_timeout(Some(PATIENCE))?;
    passing::send(&helper, &claim.encode(), None)?;
    let mut way = None;
    let record = passing::receive(|buffer| passing::read_with(&helper, buffer, &mut way))?;
    Ok((Verdict::parse(&record).map_err(io::Error::other)?, way))
}

fn checked<T>(asked: io::Result<Option<T>>) -> Checked<T> {
    match asked {
        Ok(Some(found)) => Checked::Right(found),
        Ok(None) => Checked::Wrong,
        Err(error) => {
            tracing::error!(%error, "root's helper does not answer as it should");
            Checked::Undecided
        }
    }
}

fn strange(verdict: &Verdict) -> io::Error {
    io::Error::other(match verdict {
        Verdict::Undecided => "it cannot tell, and has said why",
        Verdict::LetIn { .. } => "no connection came with its word",
        Verdict::Refused | Verdict::Enrolled { .. } => "it answers what was not asked",
    })
}

/// A connection to a user's own host.
pub(super) struct Way {
    sender: SendRequest<Body>,
    /// Moves the connection's bytes.
    driver: JoinHandle<()>,
    /// What opened it.
    shown: HeaderValue,
    _part: Part,
}

impl Way {
    /// The way of somebody who was let in for this header, with their part of the room.
    pub(super) async fn open(let_in: LetIn, shown: HeaderValue, part: Part) -> Result<Self, NoWay> {
        let_in.stream.set_nonblocking(true)?;
        let stream = tokio::net::UnixStream::from_std(let_in.stream)?;
        let mut http = http1::Builder::new();
        http.max_buf_size(BUFFER);
        let (sender, connection) = http.handshake(TokioIo::new(stream)).await?;
        let driver = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to a user's host ended early");
            }
        });
        Ok(Self {
            sender,
            driver,
            shown,
            _part: part,
        })
    }

    /// Whether it is for who shows this, and leads somewhere still.
    pub(super) async fn is_good_for(&mut self, shown: &HeaderValue) -> bool {
        basic::same(&self.shown, shown) && self.sender.ready().await.is_ok()
    }

    /// Asks the user's host for remote shells. Of what the client sent nothing goes on but the body
    /// and what it is, and of what comes back likewise.
    pub(super) async fn ask(
        &mut self,
        client: IpAddr,
        kind: Option<HeaderValue>,
        body: Vec<u8>,
    ) -> Result<Response<Body>, NoWay> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(wsman::PATH)
            .header(header::HOST, "winsta")
            .header(paths::CLIENT_HEADER, client.to_string());
        let mut request = request.body(Body::from(body))?;
        if let Some(kind) = kind {
            request.headers_mut().insert(header::CONTENT_TYPE, kind);
        }
        let answer = self.sender.send_request(request).await?;
        let (head, body) = answer.into_parts();
        let mut response = Response::new(Body::new(body));
        *response.status_mut() = head.status;
        if let Some(kind) = head.headers.get(header::CONTENT_TYPE) {
            let kind = kind.clone();
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
        }
        Ok(response)
    }
}

/// The user's host learns that nobody waits any more.
impl Drop for Way {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Why a user's host does not answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoWay {
    /// The connection cannot be used.
    #[error("the connection cannot be used")]
    Io(#[from] io::Error),
    /// It ended, or what came is no answer.
    #[error("the user's host gives no answer")]
    Http(#[from] hyper::Error),
    /// There is no request to ask it.
    #[error("there is no such request")]
    Request(#[from] axum::http::Error),
}
