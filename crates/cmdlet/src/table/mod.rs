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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_found_in_any_case() {
        assert_eq!(
            find("get-pssession").map(|c| c.id),
            Some(CmdletId::GetPSSession)
        );
        assert_eq!(find("ICM").map(|c| c.id), Some(CmdletId::InvokeCommand));
        assert_eq!(find("").map(|c| c.id), None);
        for cmdlet in CMDLETS {
            assert_eq!(get(cmdlet.id).map(|own| own.name), Some(cmdlet.name));
        }
        assert_eq!(find("rjb").map(Cmdlet::operation), Some("Remove"));
    }

    #[test]
    fn the_table_is_sound() {
        let mut cmdlets = HashSet::new();
        for cmdlet in CMDLETS {
            let own = std::iter::once(cmdlet.name).chain(cmdlet.alias);
            assert!(own.map(str::to_lowercase).all(|name| cmdlets.insert(name)));
            assert!((1..32).contains(&cmdlet.sets.len()), "{}", cmdlet.name);
            let mut names = HashSet::new();
            for parameter in cmdlet.all_parameters() {
                let own = std::iter::once(&parameter.name).chain(parameter.aliases);
                for name in own.map(|name| name.to_lowercase()) {
                    assert!(names.insert(name), "{} {}", cmdlet.name, parameter.name);
                }
                let uses = std::iter::once(parameter.uses.0).chain(parameter.uses.1);
                for set in uses.flat_map(|entry| entry.sets) {
                    assert!(cmdlet.sets.contains(set), "{} {set}", cmdlet.name);
                }
            }
            for set in cmdlet.sets {
                let mut places = HashSet::new();
                for parameter in cmdlet.parameters {
                    let place = parameter.in_set(set).and_then(|entry| entry.position);
                    // PowerShell itself has two of them at this one.
                    let known = (cmdlet.name, *set) == ("Enter-PSSession", "Uri");
                    let is_free = place.is_none_or(|place| places.insert(place));
                    assert!(is_free || known, "{} {set}", cmdlet.name);
                }
            }
        }
    }
}
