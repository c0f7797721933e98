//! Python's clients and servers as peers, for tests and benchmarks.
//!
//! [`Python::with`] makes a virtual environment in `target/python` with packages from PyPI, once
//! for all who want the same ones; [`recordings`] are exchanges with real Windows hosts that
//! pypsrp's source distribution holds. Both need `python3` and, the first time, PyPI: who has
//! neither gets a [`Missing`] that says what to do, and skips.

mod environment;
pub mod packages;
mod recording;

pub use environment::{Missing, Python};
pub use recording::{Exchange, Recording, recordings};
