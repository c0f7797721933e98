//! PowerShell's cmdlets for PSSessions, as they are typed in a Unix shell: which there are, what
//! their command lines mean, what they say of themselves. What carries them out is elsewhere.

mod bind;
mod guid;
pub mod object;
pub mod table;
mod wildcard;

pub use bind::{BindError, Bound, Common, Outcome, Partial, Preference, Value, ValueError, bind};
pub use guid::{Guid, NoGuid};
pub use table::{CMDLETS, Cmdlet, CmdletId, find};
pub use wildcard::Wildcard;
