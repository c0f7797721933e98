//! A real host with a real keeper: what it does for its clients, and what crashes leave of it.

mod crash;
mod http;
mod life;
mod rig;
mod sessions;
