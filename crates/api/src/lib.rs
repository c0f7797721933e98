//! What a host's HTTP interface takes and gives, in JSON.
//!
//! Keys are only ever added. Times are RFC 3339 in UTC, durations whole seconds; what is not
//! known is `null`.

pub mod audit;
pub mod configuration;
pub mod error;
pub mod field;
pub mod host;
pub mod openapi;
#[cfg(any(test, feature = "oracle"))]
pub mod oracle;
pub mod paths;
pub mod session;
pub mod trust;
pub mod verbs;

pub use audit::AuditEntry;
pub use configuration::{
    BufferingMode, ConfigurationSettings, NewConfiguration, SessionConfiguration,
};
pub use error::{ApiError, ErrorCode, Holder};
pub use field::{Field, Fields};
pub use host::{Check, Counters, HostStatus, Upgrade, Upgraded};
pub use session::{ConnectionInfo, LineInfo, ProcessInfo, Session, Source};
pub use trust::{Enrolment, TokenGiven, TokenRequest, TrustReport, Trusted};
pub use verbs::{
    AttachRequest, AttachTicket, Attachment, Change, Created, Disconnected, EndReport, EndRequest,
    Guard, How, InputReport, KillReport, LabelRequest, Message, MessageReport, NewSession,
    SizeRequest, StopReport, SwitchRequest, WaitReport, Warn, Warning,
};
