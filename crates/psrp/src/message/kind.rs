//! Kinds of messages.

use std::fmt;

/// What a message is ([MS-PSRP] 2.2.1). Unknown kinds are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageKind(pub u32);

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $number:literal)*) => {
        impl MessageKind {
            $($(#[$doc])* pub const $name: Self = Self($number);)*

            /// The name that the specification gives it.
            pub fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$name => Some(stringify!($name)),)*
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    /// Versions that a side speaks.
    SESSION_CAPABILITY = 0x0001_0002
    /// A client makes a pool.
    INIT_RUNSPACEPOOL = 0x0001_0004
    /// A client's public key.
    PUBLIC_KEY = 0x0001_0005
    /// The session's key for a client.
    ENCRYPTED_SESSION_KEY = 0x0001_0006
    /// A server wants the public key.
    PUBLIC_KEY_REQUEST = 0x0001_0007
    /// A client comes to a pool that was disconnected.
    CONNECT_RUNSPACEPOOL = 0x0001_0008
    /// A client sets the greatest number of runspaces.
    SET_MAX_RUNSPACES = 0x0002_1002
    /// A client sets the smallest number of runspaces.
    SET_MIN_RUNSPACES = 0x0002_1003
    /// A server answers a request about runspaces.
    RUNSPACE_AVAILABILITY = 0x0002_1004
    /// How a pool stands.
    RUNSPACEPOOL_STATE = 0x0002_1005
    /// A client starts a pipeline.
    CREATE_PIPELINE = 0x0002_1006
    /// A client asks how many runspaces are free.
    GET_AVAILABLE_RUNSPACES = 0x0002_1007
    /// Something happened in a runspace.
    USER_EVENT = 0x0002_1008
    /// What a server says about itself.
    APPLICATION_PRIVATE_DATA = 0x0002_1009
    /// A client asks which commands there are.
    GET_COMMAND_METADATA = 0x0002_100a
    /// A server tells a client that connected about the pool.
    RUNSPACEPOOL_INIT_DATA = 0x0002_100b
    /// A client wants a runspace as new.
    RESET_RUNSPACE_STATE = 0x0002_100c
    /// A server calls the client's host for a pool.
    RUNSPACEPOOL_HOST_CALL = 0x0002_1100
    /// A client's host answers that.
    RUNSPACEPOOL_HOST_RESPONSE = 0x0002_1101
    /// An object for a pipeline.
    PIPELINE_INPUT = 0x0004_1002
    /// No more objects for a pipeline.
    END_OF_PIPELINE_INPUT = 0x0004_1003
    /// An object of a pipeline.
    PIPELINE_OUTPUT = 0x0004_1004
    /// An error in a pipeline.
    ERROR_RECORD = 0x0004_1005
    /// How a pipeline stands.
    PIPELINE_STATE = 0x0004_1006
    /// A debug message of a pipeline.
    DEBUG_RECORD = 0x0004_1007
    /// A verbose message of a pipeline.
    VERBOSE_RECORD = 0x0004_1008
    /// A warning of a pipeline.
    WARNING_RECORD = 0x0004_1009
    /// How far a pipeline is.
    PROGRESS_RECORD = 0x0004_1010
    /// Information of a pipeline.
    INFORMATION_RECORD = 0x0004_1011
    /// A server calls the client's host for a pipeline.
    PIPELINE_HOST_CALL = 0x0004_1100
    /// A client's host answers that.
    PIPELINE_HOST_RESPONSE = 0x0004_1101
}

impl fmt::Display for MessageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "message {:#010x}", self.0),
        }
    }
}
