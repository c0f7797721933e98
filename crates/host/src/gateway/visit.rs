//! One client's connection: who they are, and what they ask.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use winsta_api::{Enrolment, ErrorCode, Trusted, paths};
use winsta_client::Dirs;
use winsta_client::tls::{Fingerprint, Secret};
use winsta_wire::{Claim, Shown};

use super::way::{self, Way};
use crate::clock;
use crate::failure::{self, Failure, failure, hinted};
use crate::http::answers::Refusal;
use crate::http::attempts::{Attempts, Checked, Denied};
use crate::http::door::Guest;
use crate::http::handshake::Client;
use crate::http::requests::{bytes, json};
use crate::http::server::Cut;
use crate::http::{basic, tls, wsman};

/// How many claims root's helper looks at at once, each in a process of its own that lives for
/// seconds where a password is wrong. `winsta-authenticate.socket` allows some more.
const AT_ONCE: usize = 32;

/// What all connections share.
pub(super) struct Gateway {
    dirs: Dirs,
    attempts: Arc<Attempts>,
}

/// A connection.
pub(super) struct Visit {
    gateway: Arc<Gateway>,
    address: IpAddr,
    /// The certificate that the client has the key of.
    certificate: Option<Fingerprint>,
    guest: Arc<Guest>,
    /// Where its requests go, between two of them. A password is checked once for it, and once
    /// more when the user's host has gone.
    way: Mutex<Option<Way>>,
}

impl Gateway {
    /// A gateway that has let nobody in.
    pub(super) fn new(dirs: Dirs) -> Self {
        Self {
            dirs,
            attempts: Arc::new(Attempts::new(AT_ONCE)),
        }
    }
}

impl Visit {
    /// A connection that has asked for nothing.
    pub(super) fn new(gateway: Arc<Gateway>, client: &Client) -> Self {
        Self {
            gateway,
            address: client.address,
            certificate: client.certificate(),
            guest: Arc::clone(&client.guest),
            way: Mutex::new(None),
        }
    }

    /// Answers a request; a connection has one at a time.
    pub(super) async fn answer(&self, request: Request) -> Result<Response, Cut> {
        match (request.method(), request.uri().path()) {
            (&Method::POST, wsman::PATH) => self.lead(request).await,
            (&Method::POST, paths::TRUSTED) => Ok(self.enrol(request.into_body()).await),
            (_, wsman::PATH | paths::TRUSTED) => {
                let text = "what is asked is posted";
                let mut answer = wsman::plain(StatusCode::METHOD_NOT_ALLOWED, text);
                let allowed = HeaderValue::from_static("POST");
                answer.headers_mut().insert(header::ALLOW, allowed);
                Ok(answer)
            }
            _ => {
                let text =
                    "the gateway leads to remote shells, at /wsman; ssh leads to everything else";
                Ok(wsman::plain(StatusCode::NOT_FOUND, text))
            }
        }
    }

    /// Leads a request to the host of whoever makes it.
    async fn lead(&self, request: Request) -> Result<Response, Cut> {
        let (head, body) = request.into_parts();
        let mut way = match self.way(&head.headers).await {
            Ok(way) => way,
            Err(denied) => {
                tracing::info!(address = %self.address, ?denied, "somebody is not let in");
                let mut answer = denied.into_response();
                if answer.status() == StatusCode::UNAUTHORIZED {
                    tls::challenge(answer.headers_mut());
                }
                return Ok(answer);
            }
        };
        let kind = head.headers.get(header::CONTENT_TYPE).cloned();
        let answer = match bytes(body, wsman::MAX_BODY).await {
            Ok(body) => way.ask(self.address, kind, body).await.map_err(|error| {
                let words = failure::in_words(&error);
                tracing::info!(address = %self.address, "a client is cut off: {words}");
                Cut
            })?,
            Err(failure) => wsman::plain(StatusCode::BAD_REQUEST, &failure.message),
        };
        *self.kept() = Some(way);
        Ok(answer)
    }

    /// Where requests with these headers go.
    async fn way(&self, headers: &HeaderMap) -> Result<Way, Denied> {
        let shown = headers.get(header::AUTHORIZATION).ok_or(Denied::Nothing)?;
        let kept = self.kept().take();
        if let Some(mut way) = kept
            && way.is_good_for(shown).await
        {
            return Ok(way);
        }
        let claim = if tls::is_mutual(shown) {
            let certificate = self.certificate.ok_or(Denied::Certificate)?;
            Some(Shown::Certificate(certificate.bytes()))
        } else {
            let (user, password) = basic::credentials(shown).ok_or(Denied::Nothing)?;
            Some(Shown::Password { user, password })
        };
        let checked = self.claim(claim, way::ask).await;
        let let_in = checked.map_err(|denied| match denied {
            Denied::Wrong if tls::is_mutual(shown) => Denied::Certificate,
            denied => denied,
        })?;
        tracing::info!(address = %self.address, user = let_in.user, "let in");
        let part = self.guest.part(let_in.uid).ok_or(Denied::Crowded)?;
        let way = Way::open(let_in, shown.clone(), part).await;
        way.map_err(|error| {
            tracing::error!("{}", failure::in_words(&error));
            Denied::Undecided
        })
    }

    /// Has root's helper look at what is shown. What nobody can have is as wrong as anything else,
    /// and counts.
    async fn claim<T: Send + 'static>(
        &self,
        shown: Option<Shown>,
        ask: fn(&Dirs, &Claim) -> Checked<T>,
    ) -> Result<T, Denied> {
        let claim = shown.and_then(|shown| Claim::new(shown, self.address).ok());
        let gateway = Arc::clone(&self.gateway);
        let check = move || match &claim {
            Some(claim) => ask(&gateway.dirs, claim),
            None => Checked::Wrong,
        };
        self.gateway.attempts.check(self.address, check).await
    }

    /// Enrols the connection's certificate, if its owner has a token's secret.
    async fn enrol(&self, body: Body) -> Response {
        match self.try_enrol(body).await {
            Ok(trusted) => axum::Json(trusted).into_response(),
            Err(failure) => Refusal(failure).into_response(),
        }
    }

    async fn try_enrol(&self, body: Body) -> Result<Trusted, Failure> {
        let certificate = self.certificate.ok_or_else(|| {
            let what = "a connection without a certificate has none to enrol";
            failure(ErrorCode::Invalid, what)
        })?;
        let Enrolment { secret, name } = json(body).await?;
        let shown = secret.parse().ok().map(|secret: Secret| Shown::Token {
            certificate: certificate.bytes(),
            secret: secret.bytes(),
            name: name.clone(),
        });
        let enrolled = self.claim(shown, way::enrol).await;
        let user = enrolled.map_err(|denied| match denied {
            Denied::Wait(wait) => {
                let seconds = wait.as_secs() + 1;
                let text =
                    format!("too much that is wrong came from this address; wait {seconds} s");
                failure(ErrorCode::Quota, text)
            }
            Denied::Undecided => failure(
                ErrorCode::Internal,
                "nothing can be enrolled now; the machine's journal says why",
            ),
            _ => hinted(
                ErrorCode::Forbidden,
                "the token is wrong, was used already, or is too old",
                "'winsta gateway token' on that machine prints another",
            ),
        })?;
        Ok(Trusted {
            fingerprint: certificate.to_string(),
            name,
            user: Some(user),
            since: clock::now().rfc3339().to_string(),
            from: self.address.to_string(),
        })
    }

    fn kept(&self) -> MutexGuard<'_, Option<Way>> {
        self.way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
