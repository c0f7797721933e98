//! PowerShell's cmdlets for PSSessions, as they are typed in a Unix shell: which there are, what
//! their command lines mean, what they say of themselves. What carries them out is elsewhere.
//!
//! [`find`] a cmdlet, [`bind`] the words that follow its name, and look at what is [`Bound`]. If
//! [`Outcome::NeedsInput`] comes, each line of the standard input goes to
//! [`Partial::bind_input`], or the error is [`Partial::without_input`].
//!
//! ```
//! use winsta_cmdlet::{Outcome, bind, find};
//! let cmdlet = find("disconnect-pssession").unwrap();
//! let words = ["-Id", "1,", "2", "-Idle", "43200"].map(str::to_owned);
//! let Ok(Outcome::Ready(bound)) = bind(cmdlet, &words) else { panic!() };
//! assert_eq!((bound.set(), bound.ints("Id")), ("Id", &[1, 2][..]));
//! assert_eq!(bound.int("IdleTimeoutSec"), Some(43200));
//! ```

pub mod aliases;
mod bind;
pub mod confirm;
mod guid;
pub mod help;
pub mod object;
#[cfg(any(test, feature = "oracle"))]
pub mod oracle;
mod path;
pub mod table;
mod wildcard;

pub use bind::{BindError, Bound, Common, Outcome, Partial, Preference, Value, ValueError, bind};
pub use guid::{Guid, NoGuid};
pub use help::help;
pub use path::{parse_path, parse_paths};
pub use table::{CMDLETS, Cmdlet, CmdletId, find};
pub use wildcard::Wildcard;
