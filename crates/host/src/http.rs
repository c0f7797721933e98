//! The HTTP interface: on the host's Unix socket, and where it is published.

pub(crate) mod answers;
mod attach;
pub(crate) mod attempts;
pub(crate) mod basic;
mod configurations;
pub(crate) mod door;
mod gate;
pub(crate) mod handshake;
mod hosts;
pub(crate) mod network;
mod output;
mod passage;
pub(crate) mod passwords;
pub(crate) mod requests;
pub(crate) mod server;
mod sessions;
mod throttle;
pub(crate) mod tls;
mod trust;
pub(crate) mod wsman;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, post, put};
use tokio::sync::mpsc;
use winsta_api::paths;

use crate::activity::Activity;
use crate::engine::Engine;
use crate::looks::Looks;
use crate::trust::Trust;

/// What requests work with.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) engine: Arc<Engine>,
    pub(crate) activity: Arc<Activity>,
    pub(crate) looks: Arc<Looks>,
    pub(crate) wishes: mpsc::Sender<Wish>,
    /// Whom a host knows that is published over TLS.
    pub(crate) trust: Option<Arc<Trust>>,
}

/// What a request wants of the process itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// End, and the keeper with it: there are no sessions.
    Stop,
    /// Become this program.
    Become(String),
}

/// All routes of the host's own socket.
pub(crate) fn router(app: App) -> Router {
    let shells = Router::new()
        .route(wsman::PATH, post(wsman::by_socket))
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(app.clone(), gate::gate));
    api(&app).merge(shells).with_state(app)
}

/// The interface. Who may use what is decided in [`gate`], in front of all of it.
fn api(app: &App) -> Router<App> {
    Router::new()
        .route("/v1/status", get(hosts::status))
        .route("/v1/doctor", get(hosts::doctor))
        .route("/v1/openapi.json", get(hosts::openapi))
        .route("/v1/audit", get(hosts::audit))
        .route("/v1/events", get(hosts::events))
        .route("/v1/processes", get(hosts::processes))
        .route("/v1/warnings", get(hosts::warnings))
        .route("/v1/warnings/{id}", delete(hosts::cancel_warning))
        .route(paths::KEEPER, get(passage::to_keeper))
        .route("/v1/host/stop", post(hosts::stop))
        .route("/v1/host/upgrade", post(hosts::upgrade))
        .route("/v1/sessions", get(sessions::list).post(sessions::create))
        .route(
            "/v1/sessions/{id}",
            get(sessions::one).delete(sessions::end_one),
        )
        .route(
            "/v1/sessions/{id}/attach",
            post(attach::ticket).get(attach::websocket),
        )
        .route("/v1/sessions/{id}/disconnect", post(attach::disconnect))
        .route("/v1/sessions/{id}/switch", post(attach::switch))
        .route("/v1/sessions/{id}/message", post(sessions::message))
        .route("/v1/sessions/{id}/wait", get(sessions::wait))
        .route("/v1/sessions/{id}/size", put(sessions::resize))
        .route("/v1/sessions/{id}/label", put(sessions::label))
        .route("/v1/sessions/{id}/line", get(sessions::line))
        .route("/v1/sessions/{id}/processes", get(sessions::processes))
        .route("/v1/sessions/{id}/processes/{pid}", delete(sessions::kill))
        .route("/v1/sessions/{id}/input", post(output::input))
        .route("/v1/sessions/{id}/output", get(output::output))
        .route("/v1/sessions/{id}/screen", get(output::screen))
        .route("/v1/tokens", post(trust::token))
        .route("/v1/trusted", get(trust::list).post(trust::enrol))
        .route("/v1/trusted/{fingerprint}", delete(trust::remove))
        .route(
            "/v1/session-configurations",
            get(configurations::all).post(configurations::make),
        )
        .route(
            "/v1/session-configurations/{name}",
            get(configurations::one)
                .patch(configurations::change)
                .delete(configurations::remove),
        )
        // Bodies are read, and limited, in `requests`.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(app.clone(), gate::gate))
}
