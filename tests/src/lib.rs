//! What the end-to-end tests share: real processes of the real binary, and patience.

pub mod binary;
pub mod cells;
pub mod chance;
pub mod desk;
pub mod desktop;
pub mod keeper;
pub mod machine;
pub mod numbered;
pub mod patience;
pub mod process;
pub mod psrp;
pub mod published;
pub mod remote;
pub mod sshd;
pub mod stage;
pub mod stall;
pub mod system;
pub mod tmux;
pub mod trouble;
pub mod watcher;
pub mod wire_peer;
pub mod xml;
