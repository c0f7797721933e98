//! Sessions that Winsta does not host: ssh logins, xrdp's desktops, the machine's own console.
//!
//! [`Sources`] finds them: through logind on D-Bus, or where there is none through `/proc` alone.
//! What it finds is kept until a signal of logind or a change in xrdp's folder makes it stale, so
//! that asking again costs next to nothing, and nothing ticks while nobody asks. [`act`] does
//! things to them. What text from outside means is in [`parse`], what sessions follow from the
//! facts in `assemble`: both do no I/O.

pub mod act;
mod assemble;
mod bare;
pub mod desktop;
mod diag;
pub mod doctor;
mod facts;
mod found;
mod listeners;
mod login;
mod logind;
#[cfg(any(test, feature = "oracle"))]
pub mod oracle;
pub mod parse;
mod processes;
mod readiness;
mod sources;
mod watch;

pub use found::{Found, Key, Listener, Origin, Snapshot};
pub use processes::{Place, Process, place_of, process, process_owner};
pub use sources::{Own, Sources};
