//! PSSessions from their client's side: sessions on other machines that outlive their client.
//!
//! * [`Endpoint`] asks a service of WS-Management, again and again until it answers;
//! * [`Session`] is a runspace pool there, [`Running`] one of its pipelines;
//! * [`agent`] holds sessions between commands, and is what the commands talk to.
//!
//! Everything here blocks: an agent has a thread for each command that is being carried out, and a
//! command's own process waits for nothing else.

pub mod agent;
mod endpoint;
mod kept;
mod login;
mod negotiate;
#[cfg(any(test, feature = "oracle"))]
pub mod oracle;
mod pace;
mod patience;
mod problem;
mod running;
mod saying;
mod screen;
mod session;
mod shells;

pub use endpoint::{Endpoint, Question};
pub use login::Login;
pub use negotiate::sealed::NotSealed;
pub use negotiate::{Logon, LogonProblem, Mechanism};
pub use patience::Patience;
pub use problem::Problem;
pub use running::{Running, Script, Stopper};
pub use saying::Saying;
pub use session::{Session, Wanted};
pub use shells::{Listed, list};
