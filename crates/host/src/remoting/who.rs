//! Who asks.

/// A user of remote shells, known by the kernel or by a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Principal {
    /// The account whose rights programs of the shells have.
    pub(crate) uid: u32,
    /// The name: shells are whoever's made them.
    pub(crate) name: String,
    /// Network address, of clients that have one.
    pub(crate) address: Option<String>,
    /// Whether all shells of the host may be listed and ended.
    pub(crate) administers: bool,
}

impl Principal {
    /// Whether this user may see and end a shell of `owner`.
    pub(crate) fn may_see(&self, owner: &str) -> bool {
        self.administers || self.owns(owner)
    }

    /// Whether this user may run commands in a shell of `owner`, and take it.
    pub(crate) fn owns(&self, owner: &str) -> bool {
        self.name == owner
    }
}
