//! Keepers of other users, as units of systemd: `winsta-keeper@UID.socket` and `.service`.
//!
//! systemd makes the socket in a folder of root's and starts the keeper as its user, through PAM,
//! when somebody connects. What this asks is answered by systemd, so it can be believed, whatever
//! the keeper itself says.

use std::path::PathBuf;
use std::time::Duration;

use tokio_stream::StreamExt;
use zbus::zvariant::OwnedObjectPath;
use zbus::{Connection, Proxy};

use super::launch::Place;

const NAME: &str = "org.freedesktop.systemd1";
const PATH: &str = "/org/freedesktop/systemd1";
const MANAGER: &str = "org.freedesktop.systemd1.Manager";
const SERVICE: &str = "org.freedesktop.systemd1.Service";
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

/// One keeper.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    uid: u32,
}

/// A unit as systemd lists it.
type Listed = (
    String,
    String,
    String,
    String,
    String,
    String,
    OwnedObjectPath,
    u32,
    String,
    OwnedObjectPath,
);

/// Where the keeper of user `uid` is found.
pub(crate) fn place(uid: u32, socket: PathBuf) -> Place {
    Place::Unit {
        unit: Unit { uid },
        socket,
    }
}

/// Users whose keepers run.
pub(crate) async fn running() -> Result<Vec<u32>, UnitError> {
    in_time(async {
        let manager = manager(&Connection::system().await?).await?;
        let states = ["active", "activating", "reloading"];
        let patterns = ["winsta-keeper@*.service"];
        let listed: Vec<Listed> = manager
            .call("ListUnitsByPatterns", &(&states[..], &patterns[..]))
            .await?;
        let names = listed.iter().filter_map(|unit| {
            let name = unit.0.strip_prefix("winsta-keeper@")?;
            name.strip_suffix(".service")?.parse().ok()
        });
        Ok(names.collect())
    })
    .await
}

impl Unit {
    /// Has systemd listen for this keeper's peers.
    pub(crate) async fn listen(&self) -> Result<(), UnitError> {
        let unit = format!("winsta-keeper@{}.socket", self.uid);
        in_time(async {
            let manager = manager(&Connection::system().await?).await?;
            manager.call::<_, _, ()>("Subscribe", &()).await?;
            let mut ended = manager.receive_signal("JobRemoved").await?;
            // After a failure it would not be started again for a while.
            for failed in [&unit, &format!("winsta-keeper@{}.service", self.uid)] {
                let name = (failed,);
                let reset = manager.call::<_, _, ()>("ResetFailedUnit", &name).await;
                if let Err(error) = reset {
                    tracing::debug!(unit = failed, %error, "nothing to forgive");
                }
            }
            let job: OwnedObjectPath = manager.call("StartUnit", &(&unit, "replace")).await?;
            while let Some(message) = ended.next().await {
                let body = message.body();
                let (_, path, _, result): (u32, OwnedObjectPath, String, String) =
                    body.deserialize()?;
                if path == job {
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

    /// Process id of the keeper.
    pub(crate) async fn pid(&self) -> Result<u32, UnitError> {
        in_time(async {
            let bus = Connection::system().await?;
            let name = format!("winsta-keeper@{}.service", self.uid);
            let path: OwnedObjectPath = manager(&bus).await?.call("GetUnit", &(name,)).await?;
            let service = Proxy::new(&bus, NAME, path, SERVICE).await?;
            Ok(service.get_property("MainPID").await?)
        })
        .await
    }
}

async fn manager(bus: &Connection) -> zbus::Result<Proxy<'static>> {
    Proxy::new(bus, NAME, PATH, MANAGER).await
}

async fn in_time<T>(asking: impl Future<Output = Result<T, UnitError>>) -> Result<T, UnitError> {
    let asked = tokio::time::timeout(PATIENCE, asking).await;
    asked.unwrap_or(Err(UnitError::Stuck))
}
