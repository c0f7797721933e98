//! Things that an administrator should know, shown with every answer until they are over.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What a problem is about; each topic has at most one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Topic {
    /// Audit trail and history.
    Audit,
    /// The configuration file.
    Config,
    /// The keeper.
    Keeper,
    /// The limit on open files.
    Files,
}

/// The present problems.
#[derive(Clone, Debug, Default)]
pub(crate) struct Problems {
    present: Arc<Mutex<BTreeMap<Topic, String>>>,
}

impl Problems {
    /// Sets or ends the problem of a topic.
    pub(crate) fn set(&self, topic: Topic, problem: Option<String>) {
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        match problem {
            Some(text) => present.insert(topic, text),
            None => present.remove(&topic),
        };
    }

    /// All problems, in words.
    pub(crate) fn list(&self) -> Vec<String> {
        let present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        present.values().cloned().collect()
    }
}
