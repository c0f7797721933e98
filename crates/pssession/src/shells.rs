//! Sessions that a service has.

use std::time::Duration;

use winsta_wsman::names::{POWERSHELL, SHELLS};
use winsta_wsman::{Answer, BufferMode, Found, Operation, Shell};

use crate::endpoint::{Endpoint, Question};
use crate::patience::Patience;
use crate::problem::Problem;

/// Most items that are asked for at once.
const AT_ONCE: u32 = 32_000;
/// Most parts of a list.
const MAX_PARTS: usize = 1_000;

/// A session as its service describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its id, a GUID.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The resource that its configuration is.
    pub resource: String,
    /// Name of its configuration.
    pub configuration: String,
    /// Whether a client is connected to it.
    pub is_connected: bool,
    /// How long it stays without a client.
    pub idle_timeout: Option<Duration>,
    /// What happens when its buffer is full.
    pub buffer_mode: Option<BufferMode>,
    /// Its owner.
    pub owner: Option<String>,
}

impl Listed {
    fn of(shell: Shell) -> Option<Self> {
        let resource = shell.resource?;
        let configuration = resource.strip_prefix(POWERSHELL)?.to_owned();
        let id = shell.id?.to_ascii_uppercase();
        Some(Self {
            name: shell.name.unwrap_or_else(|| id.clone()),
            configuration,
            is_connected: shell.state.as_deref() != Some("Disconnected"),
            idle_timeout: shell.idle_timeout,
            buffer_mode: shell.buffer_mode,
            owner: shell.owner,
            resource,
            id,
        })
    }
}

/// The `PSSessions` of a service that its user may see.
pub fn list(
    endpoint: &Endpoint,
    within: Duration,
    patience: &Patience<'_>,
) -> Result<Vec<Listed>, Problem> {
    let mut operation = Operation::Enumerate {
        optimize: true,
        max_elements: Some(AT_ONCE),
        filter: Vec::new(),
    };
    let mut all = Vec::new();
    for _ in 0..MAX_PARTS {
        let question = Question::new(SHELLS, None, operation).within(within);
        let Answer::Items { items, context, .. } = endpoint.ask(question, patience)? else {
            return Err(Problem::Unrelated);
        };
        all.extend(items.into_iter().filter_map(|item| match item {
            Found::Shell(shell) => Listed::of(*shell),
            Found::Command { .. } => None,
        }));
        if context.is_empty() {
            break;
        }
        operation = Operation::Pull {
            context,
            max_elements: Some(AT_ONCE),
        };
    }
    Ok(all)
}
