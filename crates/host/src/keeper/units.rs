//! Keepers of other users, as units of systemd: `winsta-keeper@UID.socket` and `.service`.
//!
//! systemd makes the socket in a folder of root's and starts the keeper as its user, through PAM,
//! when somebody connects. What this asks is answered by systemd, so it can be believed, whatever
//! the keeper itself says.

use std::path::PathBuf;

use zbus::zvariant::OwnedObjectPath;
use zbus::{Connection, Proxy};

use super::launch::Place;
pub(crate) use crate::systemd::UnitError;
use crate::systemd::{self, NAME, in_time, manager};

const SERVICE: &str = "org.freedesktop.systemd1.Service";

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
        let uid = self.uid;
        let socket = format!("winsta-keeper@{uid}.socket");
        systemd::listen(&socket, &format!("winsta-keeper@{uid}.service")).await
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
