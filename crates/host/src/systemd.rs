//! systemd, asked over D-Bus.

use std::time::Duration;

use tokio_stream::StreamExt;
use zbus::zvariant::OwnedObjectPath;
use zbus::{Connection, Proxy};

/// Its name on the bus.
pub(crate) const NAME: &str = "org.freedesktop.systemd1";
const PATH: &str = "/org/freedesktop/systemd1";
const MANAGER: &str = "org.freedesktop.systemd1.Manager";
/// How long systemd may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// Why a unit is not as it should be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnitError {
    /// systemd does not do it.
    #[error("systemd does not answer as it should")]
    Bus(#[from] zbus::Error),
    /// It could not be started.
    #[error("systemd could not start {unit}: {result}")]
    Failed {
        /// The unit.
        unit: String,
        /// In systemd's words.
        result: String,
    },
    /// No answer came in time.
    #[error("systemd does not answer")]
    Stuck,
}

/// Starts a socket's unit, and forgives that and the unit of its service what they failed in.
pub(crate) async fn listen(socket: &str, service: &str) -> Result<(), UnitError> {
    in_time(async {
        let manager = manager(&Connection::system().await?).await?;
        manager.call::<_, _, ()>("Subscribe", &()).await?;
        let mut ended = manager.receive_signal("JobRemoved").await?;
        // After a failure it would not be started again for a while.
        for failed in [socket, service] {
            let name = (failed,);
            let reset = manager.call::<_, _, ()>("ResetFailedUnit", &name).await;
            if let Err(error) = reset {
                tracing::debug!(unit = failed, %error, "nothing to forgive");
            }
        }
        let job: OwnedObjectPath = manager.call("StartUnit", &(socket, "replace")).await?;
        while let Some(message) = ended.next().await {
            let body = message.body();
            let (_, path, _, result): (u32, OwnedObjectPath, String, String) =
                body.deserialize()?;
            if path == job {
                let unit = socket.to_owned();
                return match result.as_str() {
                    "done" | "skipped" => Ok(()),
                    _ => Err(UnitError::Failed { unit, result }),
                };
            }
        }
        Err(UnitError::Stuck)
    })
    .await
}

/// Its manager of units.
pub(crate) async fn manager(bus: &Connection) -> zbus::Result<Proxy<'static>> {
    Proxy::new(bus, NAME, PATH, MANAGER).await
}

/// Asks, for no longer than systemd may take.
pub(crate) async fn in_time<T>(
    asking: impl Future<Output = Result<T, UnitError>>,
) -> Result<T, UnitError> {
    let asked = tokio::time::timeout(PATIENCE, asking).await;
    asked.unwrap_or(Err(UnitError::Stuck))
}
