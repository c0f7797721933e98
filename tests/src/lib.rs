//! What the end-to-end tests share: real processes of the real binary, and patience.

pub mod binary;
pub mod cells;
pub mod desk;
pub mod keeper;
pub mod patience;
pub mod stage;
pub mod tmux;
