//! PowerShell's cmdlets for PSSessions, as they are typed in a Unix shell: which there are, what
//! their command lines mean, what they say of themselves. What carries them out is elsewhere.

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
