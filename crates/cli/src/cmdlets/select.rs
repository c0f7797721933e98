//! Which sessions a cmdlet means.

use std::collections::{HashMap, HashSet};

use winsta_cmdlet::{Bound, Guid, Wildcard};
use winsta_pssession::agent::{Agent, Ask, Target, Tell, View};

use super::{agent, failure, target};
use crate::report::{Exit, Failure};

/// Sessions that were found, and how what was not found ends the command.
pub(super) struct Found {
    pub(super) views: Vec<View>,
    pub(super) exit: Exit,
}

impl Found {
    /// Their ids, by which the agent knows them.
    pub(super) fn instances(&self) -> Vec<String> {
        self.views
            .iter()
            .map(|view| view.instance_id.clone())
            .collect()
    }
}

/// The sessions that the command lines mean, each once. What is not there is said at once.
pub(super) fn select(agent: &mut Agent, bounds: &[Bound]) -> Result<Found, Failure> {
    let mut found = Found {
        views: Vec::new(),
        exit: Exit::Done,
    };
    let given = Given::of(agent, bounds, &mut found.exit)?;
    let mut chosen = HashSet::new();
    for bound in bounds {
        let views = one(agent, bound, &given, &mut found.exit)?;
        let new = views
            .into_iter()
            .filter(|view| chosen.insert(view.instance_id.clone()));
        found.views.extend(new);
    }
    Ok(found)
}

fn one(
    agent: &mut Agent,
    bound: &Bound,
    given: &Given,
    exit: &mut Exit,
) -> Result<Vec<View>, Failure> {
    let targets = target::named(bound)?;
    if !targets.is_empty() {
        let throttle = throttle(bound);
        let all = listed(agent, bound, targets, throttle, exit)?;
        return Ok(all
            .into_iter()
            .filter(|view| is_meant(bound, view))
            .collect());
    }
    if !bound.sessions().is_empty() {
        return Ok(given.find(bound, exit));
    }
    let all = known(agent)?;
    let chosen: Vec<View> = all
        .into_iter()
        .filter(|view| is_meant(bound, view))
        .collect();
    missing(bound, &chosen, exit);
    Ok(chosen)
}

/// Says which of the sessions that were named one by one are not there.
fn missing(bound: &Bound, chosen: &[View], exit: &mut Exit) {
    let ids = bound.ints("Id").iter().filter(|id| {
        let is_one = |view: &View| i64::from(view.id) == i64::from(**id);
        !chosen.iter().any(is_one)
    });
    let ids = ids.map(|id| format!("the Id {id}"));
    let guids = bound.guids("InstanceId").iter().map(ToString::to_string);
    let guids = guids.filter(|guid| {
        !chosen
            .iter()
            .any(|view| view.instance_id.eq_ignore_ascii_case(guid))
    });
    let guids = guids.map(|guid| format!("the InstanceId {guid}"));
    let names = bound.texts("Name").iter().filter(|name| {
        let pattern = Wildcard::new(name);
        !name.contains(['*', '?', '[']) && !chosen.iter().any(|view| pattern.matches(&view.name))
    });
    let names = names.map(|name| format!("the name {name}"));
    for what in ids.chain(guids).chain(names) {
        let why = format!(
            "There is no session with {what}; Get-PSSession lists those that are known here."
        );
        say(bound, &why);
        *exit = (*exit).max(Exit::Nothing);
    }
}

/// Whether a session has the numbers, names and states that are asked for.
fn is_meant(bound: &Bound, view: &View) -> bool {
    let ids = bound.ints("Id");
    let guids = bound.guids("InstanceId");
    let names = bound.texts("Name");
    let is_id = ids.is_empty() || ids.iter().any(|id| i64::from(*id) == i64::from(view.id));
    let is_guid = guids.is_empty()
        || guids
            .iter()
            .any(|guid| view.instance_id.eq_ignore_ascii_case(&guid.to_string()));
    let is_name = names.is_empty()
        || names
            .iter()
            .any(|name| Wildcard::new(name).matches(&view.name));
    let state = bound.text("State").filter(|state| *state != "All");
    let is_state = state.is_none_or(|state| state == view.state);
    let configuration = bound.text("ConfigurationName");
    let is_configuration =
        configuration.is_none_or(|name| Wildcard::new(name).matches(&view.configuration_name));
    is_id && is_guid && is_name && is_state && is_configuration
}

/// Sessions that were given as objects, looked up all at once: hundreds may come through a pipe.
struct Given(HashMap<Guid, View>);

impl Given {
    /// Looks them up. Those that the agent does not know are looked for on their machines.
    fn of(agent: &mut Agent, bounds: &[Bound], exit: &mut Exit) -> Result<Self, Failure> {
        let mut given = Self(HashMap::new());
        let objects = || bounds.iter().flat_map(Bound::sessions);
        let Some(first) = bounds.iter().find(|bound| !bound.sessions().is_empty()) else {
            return Ok(given);
        };
        given.add(known(agent)?);
        let mut targets: Vec<Target> = Vec::new();
        for object in objects().filter(|object| !given.0.contains_key(&object.instance_id)) {
            let target = target::of(object)?;
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
        if !targets.is_empty() {
            given.add(listed(agent, first, targets, 0, exit)?);
        }
        Ok(given)
    }

    fn add(&mut self, views: Vec<View>) {
        for view in views {
            if let Ok(id) = view.instance_id.parse() {
                self.0.entry(id).or_insert(view);
            }
        }
    }

    /// The sessions of a command line's objects.
    fn find(&self, bound: &Bound, exit: &mut Exit) -> Vec<View> {
        let mut views = Vec::new();
        for object in bound.sessions() {
            if let Some(view) = self.0.get(&object.instance_id) {
                views.push(view.clone());
            } else {
                let (name, computer) = (&object.name, &object.computer_name);
                say(
                    bound,
                    &format!("The session {name} is no more on {computer}."),
                );
                *exit = (*exit).max(Exit::Nothing);
            }
        }
        views
    }
}

/// All sessions that the agent knows.
pub(super) fn known(agent: &mut Agent) -> Result<Vec<View>, Failure> {
    let mut views = Vec::new();
    agent::ask(agent, &Ask::Known, |tell| {
        if let Tell::Session(view) = tell {
            views.push(*view);
        }
        Ok(())
    })?;
    Ok(views)
}

/// The sessions of machines, those of each in a row.
fn listed(
    agent: &mut Agent,
    bound: &Bound,
    targets: Vec<Target>,
    throttle: usize,
    exit: &mut Exit,
) -> Result<Vec<View>, Failure> {
    let order: Vec<String> = targets
        .iter()
        .map(|target| target.computer_name.clone())
        .collect();
    let ask = Ask::List { targets, throttle };
    let mut views = asked(agent, bound, &ask, exit)?;
    views.sort_by_key(|view| {
        let place = order
            .iter()
            .position(|name| *name == view.target.computer_name);
        (place, view.id)
    });
    Ok(views)
}

/// The sessions that the agent tells of; errors are said.
pub(super) fn asked(
    agent: &mut Agent,
    bound: &Bound,
    ask: &Ask,
    exit: &mut Exit,
) -> Result<Vec<View>, Failure> {
    let mut views = Vec::new();
    agent::ask(agent, ask, |tell| {
        match tell {
            Tell::Session(view) => views.push(*view),
            Tell::Failed(failed) => {
                say(bound, &failed.why);
                *exit = (*exit).max(agent::status(&failed));
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(views)
}

/// How many are asked at once; 0 for the usual number.
pub(super) fn throttle(bound: &Bound) -> usize {
    let limit = bound.int("ThrottleLimit").unwrap_or_default();
    usize::try_from(limit).unwrap_or_default()
}

/// Says an error of one of several.
pub(super) fn say(bound: &Bound, why: &str) {
    failure(bound.cmdlet(), why).print();
}
