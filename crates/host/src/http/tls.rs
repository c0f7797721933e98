//! The listener for clients from elsewhere, within TLS.
//!
//! | path | for whom |
//! |---|---|
//! | `/wsman` | names with a password, and certificates that are enrolled |
//! | `POST /v1/trusted` | whoever brings a token's secret, once |
//! | everything else | certificates that are enrolled for the host's owner |

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Extension, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use rustls::ServerConfig;
use tokio::net::TcpListener;
use winsta_api::{AuditEntry, Enrolment, ErrorCode, Trusted, paths};
use winsta_client::tls::Fingerprint;

use super::answers::Refusal;
use super::attempts::Denied;
use super::door::Door;
use super::handshake;
use super::passwords::{Known, Passwords};
use super::requests::json;
use super::throttle::Throttle;
use super::{App, api, server, wsman};
use crate::clock;
use crate::failure::{Failure, failure, hinted};
use crate::people::{Caller, Remote};
use crate::remoting::Principal;
use crate::trust::{NotEnrolled, Stands, Trust};

/// What a client of WS-Management says when its certificate speaks for it.
const MUTUAL: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual";

/// What decides over those who come.
pub(crate) struct Reception {
    app: App,
    trust: Arc<Trust>,
    passwords: Option<Arc<Passwords>>,
    throttle: Throttle,
}

/// Whose connection a request came on.
#[derive(Clone, Debug)]
struct Visitor {
    address: IpAddr,
    certificate: Option<Fingerprint>,
    known: Arc<Known>,
}

impl Reception {
    /// Lets in whom `trust` knows, and those with passwords if there are any.
    pub(crate) fn new(app: App, trust: Arc<Trust>, passwords: Option<Arc<Passwords>>) -> Self {
        Self {
            app,
            trust,
            passwords,
            throttle: Throttle::default(),
        }
    }

    fn stands(&self, visitor: &Visitor) -> Option<(Fingerprint, Stands)> {
        let certificate = visitor.certificate?;
        Some((certificate, self.trust.who(certificate)?))
    }

    /// The host's owner, from elsewhere.
    fn owner(&self, visitor: &Visitor, certificate: Fingerprint) -> Caller {
        Caller {
            uid: self.app.engine.owner.uid,
            pid: None,
            remote: Some(Remote {
                address: visitor.address,
                certificate,
            }),
        }
    }

    /// Who asks for remote shells.
    async fn principal(&self, visitor: &Visitor, headers: &HeaderMap) -> Result<Principal, Denied> {
        let shown = headers.get(header::AUTHORIZATION);
        let by_certificate = shown.is_some_and(is_mutual);
        match &self.passwords {
            Some(passwords) if !by_certificate => {
                passwords
                    .who(visitor.address, &visitor.known, headers)
                    .await
            }
            _ if by_certificate => self.by_certificate(visitor).ok_or(Denied::Certificate),
            _ => Err(Denied::Certificate),
        }
    }

    fn by_certificate(&self, visitor: &Visitor) -> Option<Principal> {
        let (certificate, stands) = self.stands(visitor)?;
        let owner = self.app.engine.principal(&self.owner(visitor, certificate));
        Some(match stands {
            Stands::Owner => Principal {
                address: Some(visitor.address.to_string()),
                ..owner
            },
            Stands::User(name) => Principal {
                uid: owner.uid,
                name,
                address: Some(visitor.address.to_string()),
                administers: false,
            },
        })
    }

    /// Enrols the visitor's certificate, if they have a secret.
    async fn enrol(&self, visitor: &Visitor, body: Body) -> Result<Json<Trusted>, Unwelcome> {
        let working = self.app.activity.begin();
        let enrolled = self.try_enrol(visitor, body).await;
        drop(working);
        enrolled.map(Json)
    }

    async fn try_enrol(&self, visitor: &Visitor, body: Body) -> Result<Trusted, Unwelcome> {
        if let Some(wait) = self.throttle.wait(visitor.address) {
            return Err(Unwelcome::Wait(wait));
        }
        let certificate = visitor.certificate.ok_or_else(|| {
            let what = "a connection without a certificate has none to enrol";
            Unwelcome::Failed(failure(ErrorCode::Invalid, what))
        })?;
        let enrolment: Enrolment = json(body).await.map_err(Unwelcome::Failed)?;
        // The body may have taken its time, and others may have been wrong meanwhile.
        if let Some(wait) = self.throttle.wait(visitor.address) {
            return Err(Unwelcome::Wait(wait));
        }
        let Enrolment { secret, name } = enrolment;
        let enrolled = self
            .trust
            .enrol(&secret, certificate, &name, visitor.address);
        let detail = match &enrolled {
            Ok(trusted) => format!("{} {certificate}", trusted.name),
            Err(_) => certificate.to_string(),
        };
        let result = enrolled.map_err(|error| match error {
            NotEnrolled::Token => {
                self.throttle.failed(visitor.address);
                Unwelcome::Failed(hinted(
                    ErrorCode::Forbidden,
                    "the token is wrong, was used already, or is too old",
                    "'winsta host token' on that machine prints another",
                ))
            }
            NotEnrolled::List(failure) => Unwelcome::Failed(failure),
        });
        if result.is_ok() {
            self.throttle.succeeded(visitor.address);
        }
        let outcome = match &result {
            Ok(_) => "done".to_owned(),
            Err(Unwelcome::Failed(failure)) => failure.message.clone(),
            Err(Unwelcome::Wait(_) | Unwelcome::Unknown) => String::new(),
        };
        self.note(visitor, certificate, outcome, detail);
        result
    }

    fn note(&self, visitor: &Visitor, certificate: Fingerprint, outcome: String, detail: String) {
        let engine = &self.app.engine;
        engine.audit.entry(AuditEntry {
            time: clock::now().rfc3339().to_string(),
            host: engine.host.clone(),
            user: engine.owner.name.clone(),
            uid: engine.owner.uid,
            origin: self.owner(visitor, certificate).origin(),
            action: "enrol".to_owned(),
            session: None,
            owner: None,
            outcome,
            detail,
        });
    }
}

/// Why somebody gets nothing.
enum Unwelcome {
    /// Their certificate is not enrolled, or they have none.
    Unknown,
    /// Too many wrong secrets came from where they are.
    Wait(Duration),
    /// It is refused or failed.
    Failed(Failure),
}

impl IntoResponse for Unwelcome {
    fn into_response(self) -> Response {
        match self {
            Self::Failed(failure) => Refusal(failure).into_response(),
            Self::Unknown => {
                let unknown = hinted(
                    ErrorCode::Forbidden,
                    "the host does not know your certificate",
                    "'winsta host token' on that machine prints a token for 'winsta trust TOKEN' here",
                );
                let mut response = Refusal(unknown).into_response();
                *response.status_mut() = StatusCode::UNAUTHORIZED;
                challenge(response.headers_mut());
                response
            }
            Self::Wait(wait) => {
                let seconds = wait.as_secs() + 1;
                let text =
                    format!("too many wrong tokens came from this address; wait {seconds} s");
                let mut response = Refusal(failure(ErrorCode::Quota, text)).into_response();
                let headers = response.headers_mut();
                headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
                response
            }
        }
    }
}

/// Says that a certificate would do.
pub(crate) fn challenge(headers: &mut HeaderMap) {
    headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static(MUTUAL));
}

/// Whether a client says that its certificate speaks for it.
pub(crate) fn is_mutual(shown: &HeaderValue) -> bool {
    let shown = shown.to_str().unwrap_or_default();
    shown.trim().eq_ignore_ascii_case(MUTUAL)
}

/// Lets clients of WS-Management in.
async fn admit_shells(
    State(reception): State<Arc<Reception>>,
    Extension(visitor): Extension<Visitor>,
    mut request: Request,
    next: Next,
) -> Response {
    match reception.principal(&visitor, request.headers()).await {
        Ok(principal) => {
            request.extensions_mut().insert(principal);
            next.run(request).await
        }
        Err(denied) => {
            tracing::info!(address = %visitor.address, ?denied, "somebody is not let in");
            let mut response = denied.into_response();
            if response.status() == StatusCode::UNAUTHORIZED {
                challenge(response.headers_mut());
            }
            response
        }
    }
}

/// Lets the host's owner in.
async fn admit(
    State(reception): State<Arc<Reception>>,
    Extension(visitor): Extension<Visitor>,
    mut request: Request,
    next: Next,
) -> Response {
    if request.method() == Method::POST && request.uri().path() == paths::TRUSTED {
        let enrolled = reception.enrol(&visitor, request.into_body()).await;
        return enrolled.into_response();
    }
    let refusal = match reception.stands(&visitor) {
        Some((certificate, Stands::Owner)) => {
            let caller = reception.owner(&visitor, certificate);
            request.extensions_mut().insert(caller);
            return next.run(request).await;
        }
        Some((_, Stands::User(user))) => Unwelcome::Failed(failure(
            ErrorCode::Forbidden,
            format!("this certificate is for remote shells of {user}, and for nothing else"),
        )),
        None => Unwelcome::Unknown,
    };
    let (address, certificate) = (visitor.address, visitor.certificate);
    tracing::info!(%address, ?certificate, "somebody is not let in");
    refusal.into_response()
}

fn router(reception: Arc<Reception>) -> Router {
    let app = reception.app.clone();
    let shells = Router::new()
        .route(wsman::PATH, post(wsman::by_password))
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(Arc::clone(&reception), admit_shells))
        .with_state(app.clone());
    let api = api(&app)
        .layer(from_fn_with_state(reception, admit))
        .with_state(app);
    shells.merge(api)
}

/// Serves until this future is dropped.
pub(crate) async fn serve(
    listener: TcpListener,
    config: Arc<ServerConfig>,
    reception: Arc<Reception>,
) {
    let router = router(reception);
    handshake::accept(listener, config, Door::new(false), move |client| {
        let visitor = Visitor {
            address: client.address,
            certificate: client.certificate(),
            known: Arc::default(),
        };
        let asked = server::routed(router.clone(), move |request| {
            request.extensions_mut().insert(visitor.clone());
        });
        server::converse(client.stream, client.guest, asked)
    })
    .await;
}
