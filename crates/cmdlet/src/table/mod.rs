//! The cmdlets: names, parameters, parameter sets. Data that binder and help read.

mod changes;
mod configurations;
mod format;
mod get;
mod invoke;
mod jobs;
mod kind;
mod options;
mod parameter;
mod sessions;
mod shared;

pub use kind::{Choice, Kind};
pub use parameter::{Parameter, Use};
pub use shared::COMMON;

/// Names a cmdlet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is called what it is")]
pub enum CmdletId {
    NewPSSession,
    GetPSSession,
    EnterPSSession,
    ExitPSSession,
    InvokeCommand,
    DisconnectPSSession,
    ConnectPSSession,
    ReceivePSSession,
    RemovePSSession,
    NewPSSessionOption,
    NewPSTransportOption,
    GetPSSessionConfiguration,
    RegisterPSSessionConfiguration,
    UnregisterPSSessionConfiguration,
    EnablePSSessionConfiguration,
    DisablePSSessionConfiguration,
    SetPSSessionConfiguration,
    GetJob,
    ReceiveJob,
    WaitJob,
    StopJob,
    RemoveJob,
    FormatList,
    FormatTable,
}

/// Whether a cmdlet changes something, and so takes `-WhatIf` and `-Confirm`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Impact {
    /// It changes nothing.
    None,
    /// It asks only with `-Confirm`.
    Medium,
    /// It asks unless told `-Confirm:$false`.
    High,
}

/// A cmdlet.
#[derive(Debug)]
pub struct Cmdlet {
    /// Which one.
    pub id: CmdletId,
    /// Its name, verb and noun joined by a dash.
    pub name: &'static str,
    /// Its short name, if it has one.
    pub alias: Option<&'static str>,
    /// The parameter sets; the first one is taken when several fit.
    pub sets: &'static [&'static str],
    /// Its own parameters, without those of [`COMMON`] and of [`Impact`].
    pub parameters: &'static [Parameter],
    /// What it changes.
    pub impact: Impact,
}

/// All cmdlets.
pub const CMDLETS: &[Cmdlet] = &[
    sessions::NEW,
    get::GET,
    sessions::ENTER,
    sessions::EXIT,
    invoke::INVOKE,
    changes::DISCONNECT,
    changes::CONNECT,
    changes::RECEIVE,
    changes::REMOVE,
    options::SESSION_OPTION,
    options::TRANSPORT_OPTION,
    configurations::GET,
    configurations::REGISTER,
    configurations::UNREGISTER,
    configurations::ENABLE,
    configurations::DISABLE,
    configurations::SET,
    jobs::GET,
    jobs::RECEIVE,
    jobs::WAIT,
    jobs::STOP,
    jobs::REMOVE,
    format::LIST,
    format::TABLE,
];

/// The cmdlet of this name or short name, in any case.
pub fn find(name: &str) -> Option<&'static Cmdlet> {
    CMDLETS.iter().find(|cmdlet| {
        let mut names = std::iter::once(cmdlet.name).chain(cmdlet.alias);
        names.any(|own| own.eq_ignore_ascii_case(name))
    })
}

/// The cmdlet of this id.
pub fn get(id: CmdletId) -> Option<&'static Cmdlet> {
    CMDLETS.iter().find(|cmdlet| cmdlet.id == id)
}

impl Cmdlet {
    /// What it does, as `-WhatIf` says it: the verb, such as `Disconnect`.
    pub fn operation(&self) -> &'static str {
        self.name.split('-').next().unwrap_or_default()
    }

    /// Its own parameters, then those that are the same everywhere.
    pub fn all_parameters(&self) -> impl Iterator<Item = &'static Parameter> + use<> {
        let changes = match self.impact {
            Impact::None => &[],
            Impact::Medium | Impact::High => shared::SHOULD_PROCESS,
        };
        self.parameters.iter().chain(changes).chain(COMMON)
    }
}
