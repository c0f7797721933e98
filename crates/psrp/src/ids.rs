//! Identities of pools, pipelines, calls and objects.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! guids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        ///
        /// Shown in upper case, as WS-Management wants it; read in any.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:X}", self.0.hyphenated())
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    )*};
}

guids! {
    /// A runspace pool; over WS-Management it is also the shell's id.
    PoolId
    /// A pipeline; over WS-Management it is also the command's id.
    PipelineId
}

/// A call whose answer names it ([MS-PSRP] 2.2.3.25 and others: `ci`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallId(pub i64);

impl CallId {
    /// A host call that wants no answer.
    pub const NO_ANSWER: Self = Self(-100);
}

/// Gives out numbers of objects: each message of a pool and its pipelines is one.
///
/// Clones share their counter, as a peer may put together what comes for a whole pool by nothing
/// but these numbers.
#[derive(Clone, Debug)]
pub(crate) struct ObjectIds(Arc<AtomicU64>);

impl ObjectIds {
    /// Numbers of the `incarnation`th time that this pool is worked on, far beyond those of the
    /// time before: so no count has to be kept where a crash cannot reach it.
    pub(crate) fn new(incarnation: u32) -> Self {
        // The highest bit stays clear: peers take it for a sign.
        let incarnation = u64::from(incarnation) & 0x7fff;
        Self(Arc::new(AtomicU64::new((incarnation << 48) + 1)))
    }

    pub(crate) fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}
