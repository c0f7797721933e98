//! The machines that an administrator knows: names, groups and patterns.
//!
//! They stand in Winsta's own `hosts.toml`, or in an inventory of Ansible's. This crate reads
//! texts; whoever uses it reads files.
//!
//! ```
//! use winsta_inventory::{HostsFile, Inventory};
//! let file = HostsFile::parse("[groups]\nweb = [\"web[01-03]\"]", "hosts.toml")?;
//! let mut inventory = Inventory::default();
//! inventory.add(file.definitions)?;
//! let chosen = inventory.choose("@web,!web02")?;
//! let names: Vec<&str> = chosen.iter().map(|host| host.name.as_str()).collect();
//! assert_eq!(names, ["web01", "web03"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod ansible;
mod error;
mod hosts_file;
mod inventory;
#[cfg(any(test, feature = "oracle"))]
pub mod oracle;
mod range;

pub use error::{ChoiceError, Fault, InventoryError};
pub use hosts_file::{HostsFile, Ssh};
pub use inventory::{Definitions, Host, Inventory, Transport};
