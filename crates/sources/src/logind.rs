//! Talking to logind.

use std::collections::HashMap;
use std::time::Duration;

use tokio::task::JoinSet;
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue};
use zbus::{Connection, MatchRule, MessageStream};

use crate::login::{Listed, Login};

/// Longest that D-Bus and logind together may take to answer.
pub(crate) const PATIENCE: Duration = Duration::from_millis(700);
/// How long an order may take: polkit may be asked first.
const ORDER: Duration = Duration::from_secs(5);
/// Most logins that are read.
const MAX_LOGINS: usize = 4_096;

const NAME: &str = "org.freedesktop.login1";
const MANAGER: &str = "org.freedesktop.login1.Manager";
const PATH: &str = "/org/freedesktop/login1";

/// Why logind does not answer, or not as wished.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// There is no D-Bus, or it refuses.
    #[error("the system's D-Bus cannot be reached")]
    Connect(#[source] zbus::Error),
    /// A call failed.
    #[error("logind does not do it")]
    Call(#[source] zbus::Error),
    /// Nothing came back in time.
    #[error("D-Bus or logind does not answer")]
    Stuck,
}

/// A connection to the system's bus.
#[derive(Clone, Debug)]
pub(crate) struct Bus {
    connection: Connection,
}

impl Bus {
    /// Connects.
    pub(crate) async fn connect() -> Result<Self, BusError> {
        let connecting = Connection::system();
        match tokio::time::timeout(PATIENCE, connecting).await {
            Ok(Ok(connection)) => Ok(Self { connection }),
            Ok(Err(error)) => Err(BusError::Connect(error)),
            Err(_elapsed) => Err(BusError::Stuck),
        }
    }

    /// Everything that logind says when something changes.
    pub(crate) async fn signals(&self) -> Result<MessageStream, BusError> {
        let rule = MatchRule::builder()
            .msg_type(zbus::message::Type::Signal)
            .sender(NAME)
            .and_then(|rule| rule.path_namespace(PATH))
            .map_err(BusError::Call)?
            .build();
        let subscribing = MessageStream::for_match_rule(rule, &self.connection, Some(64));
        within(PATIENCE, subscribing).await
    }

    /// All logins that are there.
    pub(crate) async fn logins(&self) -> Result<Vec<Login>, BusError> {
        let all = async {
            let body = (NAME, PATH, MANAGER);
            let reply = self
                .connection
                .call_method(Some(body.0), body.1, Some(body.2), "ListSessions", &())
                .await?;
            let listed: Vec<Listed> = reply.body().deserialize()?;
            let mut asked = JoinSet::new();
            for (_, _, _, _, path) in listed.into_iter().take(MAX_LOGINS) {
                asked.spawn(properties(self.connection.clone(), path));
            }
            let mut logins = Vec::with_capacity(asked.len());
            while let Some(read) = asked.join_next().await {
                // One that ended meanwhile has no properties.
                let read = read.ok().and_then(Result::ok);
                logins.extend(read.as_ref().and_then(Login::read));
            }
            Ok(logins)
        };
        within(PATIENCE, all).await
    }

    /// Ends a login as logind does it: its processes get TERM.
    pub(crate) async fn terminate(&self, login: &str) -> Result<(), BusError> {
        self.order("TerminateSession", &(login,)).await
    }

    /// Kills all processes of a login.
    pub(crate) async fn kill(&self, login: &str) -> Result<(), BusError> {
        self.order("KillSession", &(login, "all", 9_i32)).await
    }

    /// Locks a login's screen.
    pub(crate) async fn lock(&self, login: &str) -> Result<(), BusError> {
        self.order("LockSession", &(login,)).await
    }

    async fn order<B>(&self, method: &str, body: &B) -> Result<(), BusError>
    where
        B: serde::Serialize + zbus::zvariant::DynamicType + Sync,
    {
        let call = self
            .connection
            .call_method(Some(NAME), PATH, Some(MANAGER), method, body);
        within(ORDER, call).await.map(|_reply| ())
    }

    /// Stops the unit that holds a login's processes; for administrators.
    pub(crate) async fn stop_unit(&self, unit: &str) -> Result<(), BusError> {
        let body = (unit, "replace");
        let call = self.connection.call_method(
            Some("org.freedesktop.systemd1"),
            "/org/freedesktop/systemd1",
            Some("org.freedesktop.systemd1.Manager"),
            "StopUnit",
            &body,
        );
        within(ORDER, call).await.map(|_reply| ())
    }
}

async fn properties(
    connection: Connection,
    path: OwnedObjectPath,
) -> zbus::Result<HashMap<String, OwnedValue>> {
    let path: ObjectPath<'_> = path.into_inner();
    let reply = connection
        .call_method(
            Some(NAME),
            &path,
            Some("org.freedesktop.DBus.Properties"),
            "GetAll",
            &("org.freedesktop.login1.Session",),
        )
        .await?;
    reply.body().deserialize()
}

async fn within<T>(
    patience: Duration,
    work: impl Future<Output = zbus::Result<T>>,
) -> Result<T, BusError> {
    match tokio::time::timeout(patience, work).await {
        Ok(done) => done.map_err(BusError::Call),
        Err(_elapsed) => Err(BusError::Stuck),
    }
}
