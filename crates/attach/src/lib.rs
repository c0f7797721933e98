//! The terminal side of an attached client: the present terminal on one side, a keeper's socket on
//! the other.
//!
//! ```no_run
//! # use std::path::Path;
//! # use winsta_attach::{Options, attach};
//! # use winsta_wire::Ticket;
//! let outcome = attach(Path::new("keeper.sock"), Ticket("…".into()), &Options::default())?;
//! # Ok::<(), winsta_attach::AttachError>(())
//! ```
//!
//! Three threads: one takes what the user types to the keeper, one takes output to the terminal
//! and draws what else has to be drawn, one hears signals. What is worth deciding is decided in
//! machines that do no I/O: `keys` finds the detach key, `display` says what the terminal shows,
//! `notices` which message it is covered with, `notice_box` how that looks.

mod connect;
mod display;
mod error;
mod inbox;
mod input;
mod keys;
mod notice_box;
mod notices;
mod outbox;
mod pump;
mod rebuild;
mod run;
mod signals;
mod terminal;
mod token;
mod trail;
mod wake;

pub use connect::{Dial, ThisMachine, connect};
pub use error::{AttachError, Ending, Outcome};
pub use keys::{DetachKey, KeyError};
pub use run::{Options, attach, attach_through, run};
pub use terminal::terminal_size;
