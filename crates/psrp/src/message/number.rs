//! Enumerations of .NET. Unknown numbers are kept.

use crate::clixml::{Object, Value};

macro_rules! numbers {
    ($(
        $(#[$doc:meta])*
        $type:ident $full:literal { $($(#[$about:meta])* $name:ident = $number:literal $shown:literal)* }
    )*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(pub i32);

        impl $type {
            $($(#[$about])* pub const $name: Self = Self($number);)*

            /// The type's name in .NET.
            pub const TYPE_NAME: &str = $full;

            /// The name that .NET gives the number.
            pub fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$name => Some($shown),)*
                    _ => None,
                }
            }

            /// Reads the number, also where it stands for itself.
            pub fn from_value(value: &Value) -> Option<Self> {
                value.as_i32().map(Self)
            }

            /// The number with its type and its name.
            pub fn to_value(self) -> Value {
                let number = || self.0.to_string();
                let name = self.name().map_or_else(number, str::to_owned);
                Object::enumeration(Self::TYPE_NAME, &name, self.0).into()
            }
        }
    )*};
}

pub(super) use numbers;

numbers! {
    /// How a pool stands ([MS-PSRP] 2.2.3.4).
    PoolState "System.Management.Automation.Runspaces.RunspacePoolState" {
        /// It is not open yet.
        BEFORE_OPEN = 0 "BeforeOpen"
        /// It is being opened.
        OPENING = 1 "Opening"
        /// It is open.
        OPENED = 2 "Opened"
        /// It is closed.
        CLOSED = 3 "Closed"
        /// It is being closed.
        CLOSING = 4 "Closing"
        /// It is broken.
        BROKEN = 5 "Broken"
        /// Versions have been sent.
        NEGOTIATION_SENT = 6 "NegotiationSent"
        /// Versions fit.
        NEGOTIATION_SUCCEEDED = 7 "NegotiationSucceeded"
        /// A client is connecting.
        CONNECTING = 8 "Connecting"
        /// No client is connected.
        DISCONNECTED = 9 "Disconnected"
    }
    /// How a pipeline stands ([MS-PSRP] 2.2.3.5).
    PipelineState "System.Management.Automation.PSInvocationState" {
        /// It has not started.
        NOT_STARTED = 0 "NotStarted"
        /// It is running.
        RUNNING = 1 "Running"
        /// It is being stopped.
        STOPPING = 2 "Stopping"
        /// It was stopped.
        STOPPED = 3 "Stopped"
        /// It ended well.
        COMPLETED = 4 "Completed"
        /// It ended with an error.
        FAILED = 5 "Failed"
        /// Its client is not connected.
        DISCONNECTED = 6 "Disconnected"
    }
    /// Which thread runs pipelines ([MS-PSRP] 2.2.3.6).
    ThreadOptions "System.Management.Automation.Runspaces.PSThreadOptions" {
        /// As the server likes.
        DEFAULT = 0 "Default"
        /// A new one each time.
        USE_NEW_THREAD = 1 "UseNewThread"
        /// One for all.
        REUSE_THREAD = 2 "ReuseThread"
        /// The one that calls.
        USE_CURRENT_THREAD = 3 "UseCurrentThread"
    }
    /// The COM apartment of that thread ([MS-PSRP] 2.2.3.7).
    ApartmentState "System.Management.Automation.Runspaces.ApartmentState" {
        /// Single-threaded.
        STA = 0 "STA"
        /// Multi-threaded.
        MTA = 1 "MTA"
        /// As the server likes.
        UNKNOWN = 2 "UNKNOWN"
    }
    /// Which records tell what was invoked, as flags ([MS-PSRP] 2.2.3.8).
    StreamOptions "System.Management.Automation.Runspaces.RemoteStreamOptions" {
        /// None.
        NONE = 0 "0"
        /// Errors.
        ERROR = 1 "AddInvocationInfoToErrorRecord"
        /// Warnings.
        WARNING = 2 "AddInvocationInfoToWarningRecord"
        /// Debug records.
        DEBUG = 4 "AddInvocationInfoToDebugRecord"
        /// Verbose records.
        VERBOSE = 8 "AddInvocationInfoToVerboseRecord"
        /// All.
        ALL = 15 "AddInvocationInfo"
    }
    /// What is merged into what ([MS-PSRP] 2.2.3.31).
    ResultTypes "System.Management.Automation.Runspaces.PipelineResultTypes" {
        /// Nothing.
        NONE = 0 "None"
        /// Output.
        OUTPUT = 1 "Output"
        /// Errors.
        ERROR = 2 "Error"
        /// Warnings.
        WARNING = 3 "Warning"
        /// Verbose records.
        VERBOSE = 4 "Verbose"
        /// Debug records.
        DEBUG = 5 "Debug"
        /// Information.
        INFORMATION = 6 "Information"
        /// All of them.
        ALL = 7 "All"
        /// It is thrown away.
        NULL = 8 "Null"
    }
    /// Whether an activity goes on ([MS-PSRP] 2.2.2.25).
    ProgressType "System.Management.Automation.ProgressRecordType" {
        /// It goes on.
        PROCESSING = 0 "Processing"
        /// It is done.
        COMPLETED = 1 "Completed"
    }
    /// Kinds of commands, as flags ([MS-PSRP] 2.2.3.19).
    CommandTypes "System.Management.Automation.CommandTypes" {
        /// Aliases.
        ALIAS = 1 "Alias"
        /// Functions.
        FUNCTION = 2 "Function"
        /// Filters.
        FILTER = 4 "Filter"
        /// Cmdlets.
        CMDLET = 8 "Cmdlet"
        /// Files with scripts.
        EXTERNAL_SCRIPT = 16 "ExternalScript"
        /// Programs.
        APPLICATION = 32 "Application"
        /// Scripts.
        SCRIPT = 64 "Script"
        /// Workflows.
        WORKFLOW = 128 "Workflow"
        /// Configurations.
        CONFIGURATION = 256 "Configuration"
        /// All of them.
        ALL = 511 "All"
    }
    /// Kinds of errors ([MS-PSRP] 2.2.3.9).
    ErrorCategory "System.Management.Automation.ErrorCategory" {
        /// None that is known.
        NOT_SPECIFIED = 0 "NotSpecified"
        /// Something could not be opened.
        OPEN_ERROR = 1 "OpenError"
        /// Something could not be closed.
        CLOSE_ERROR = 2 "CloseError"
        /// A device failed.
        DEVICE_ERROR = 3 "DeviceError"
        /// Two wait for each other.
        DEADLOCK_DETECTED = 4 "DeadlockDetected"
        /// An argument is wrong.
        INVALID_ARGUMENT = 5 "InvalidArgument"
        /// Data are wrong.
        INVALID_DATA = 6 "InvalidData"
        /// It cannot be done now.
        INVALID_OPERATION = 7 "InvalidOperation"
        /// A result is wrong.
        INVALID_RESULT = 8 "InvalidResult"
        /// A type is wrong.
        INVALID_TYPE = 9 "InvalidType"
        /// Metadata are wrong.
        METADATA_ERROR = 10 "MetadataError"
        /// It is not implemented.
        NOT_IMPLEMENTED = 11 "NotImplemented"
        /// It is not installed.
        NOT_INSTALLED = 12 "NotInstalled"
        /// It was not found.
        OBJECT_NOT_FOUND = 13 "ObjectNotFound"
        /// It was stopped.
        OPERATION_STOPPED = 14 "OperationStopped"
        /// It took too long.
        OPERATION_TIMEOUT = 15 "OperationTimeout"
        /// It is not well-formed.
        SYNTAX_ERROR = 16 "SyntaxError"
        /// A script is not well-formed.
        PARSER_ERROR = 17 "ParserError"
        /// It is not allowed.
        PERMISSION_DENIED = 18 "PermissionDenied"
        /// It is in use.
        RESOURCE_BUSY = 19 "ResourceBusy"
        /// It is there already.
        RESOURCE_EXISTS = 20 "ResourceExists"
        /// It is not there.
        RESOURCE_UNAVAILABLE = 21 "ResourceUnavailable"
        /// Something could not be read.
        READ_ERROR = 22 "ReadError"
        /// Something could not be written.
        WRITE_ERROR = 23 "WriteError"
        /// A program wrote to its standard error.
        FROM_STD_ERR = 24 "FromStdErr"
        /// Security forbids it.
        SECURITY_ERROR = 25 "SecurityError"
        /// A protocol was broken.
        PROTOCOL_ERROR = 26 "ProtocolError"
        /// A connection failed.
        CONNECTION_ERROR = 27 "ConnectionError"
        /// Somebody could not be authenticated.
        AUTHENTICATION_ERROR = 28 "AuthenticationError"
        /// A limit was reached.
        LIMITS_EXCEEDED = 29 "LimitsExceeded"
        /// A quota was reached.
        QUOTA_EXCEEDED = 30 "QuotaExceeded"
        /// It is switched off.
        NOT_ENABLED = 31 "NotEnabled"
    }
}
