//! `query termserver`.

use serde::Serialize;
use winsta_client::Host;

use super::fleet::{self, Gathered};
use super::known::{self, Known};
use super::query::or_empty;
use super::reach::{Place, all_places, is_this_machine, machine, places};
use crate::grammar::windows::QueryTermserver;
use crate::output::Row;
use crate::report::{Failure, Outcome};
use crate::table::layout::{Column, header, line};
use crate::tools::Execute;

/// A host that is known.
#[derive(Serialize)]
struct KnownHost {
    host: String,
    address: String,
    version: Option<String>,
    sessions: Option<u32>,
    groups: Vec<String>,
}

impl Row for KnownHost {
    const KEYS: &'static [&'static str] = &["host", "address", "version", "sessions", "groups"];
}

impl Execute for QueryTermserver {
    fn execute(self) -> Outcome {
        let known = known::load()?;
        let places = match self.target.as_deref() {
            None => all_places(&known)?,
            Some(target) => {
                let found = places(Some(target))?;
                // Names of strangers lead somewhere too, but are not known.
                let known: Vec<Place> = found
                    .into_iter()
                    .filter(|place| is_known(&known, place))
                    .collect();
                if known.is_empty() {
                    let none = Err(Failure::nothing("server", target));
                    return or_empty::<KnownHost>(none, self.output.format)
                        .map(|_| crate::report::Exit::Nothing);
                }
                known
            }
        };
        let answers = fleet::ask(&places, self.network, |place, host| {
            asked(&known, place, &host).map(|host| vec![host])
        });
        let gathered = Gathered::new(&places, answers);
        // Hosts that do not answer are known all the same.
        let silent = gathered.failures.iter().map(|(place, _)| KnownHost {
            host: place.name.clone(),
            address: place.address().unwrap_or_default(),
            version: None,
            sessions: None,
            groups: Vec::new(),
        });
        let silent: Vec<KnownHost> = silent.collect();
        let table = |rows: &[&KnownHost]| {
            let mut all: Vec<&KnownHost> = rows.iter().copied().chain(&silent).collect();
            all.sort_by_key(|row| places.iter().position(|place| place.name == row.host));
            table(&all, self.address)
        };
        let target = self.target.as_deref();
        gathered.print_plain(self.output.format, "server", target, table)
    }
}

fn is_known(known: &Known, place: &Place) -> bool {
    let of_inventory = known.inventory.hosts().iter();
    let mut names = of_inventory.map(|host| host.name.as_str());
    place.is_here() || names.any(|name| name == place.name)
}

fn asked(known: &Known, place: &Place, host: &Host) -> Result<KnownHost, Failure> {
    let groups = place.name.parse().ok();
    let groups = groups.map(|name| known.inventory.groups_of(&name));
    let groups = groups.unwrap_or_default().into_iter().map(str::to_owned);
    let row = |version, sessions, socket: String| KnownHost {
        host: place.name.clone(),
        address: place.address().unwrap_or(socket),
        version,
        sessions,
        groups: groups.clone().collect(),
    };
    match host.status() {
        Ok(status) => Ok(row(
            Some(status.version),
            Some(status.sessions),
            status.socket,
        )),
        // It answers, in its own way.
        Err(error) if error.is_without_winsta() => Ok(row(None, None, String::new())),
        Err(error) => Err(Failure::call("cannot ask the host", &error)),
    }
}

fn table(rows: &[&KnownHost], with_address: bool) -> String {
    let mut columns = vec![
        Column::left("SERVER", 1, 22),
        Column::left("VERSION", 25, 9),
        Column::right("SESSIONS", 43),
    ];
    if with_address {
        columns.push(Column::left("ADDRESS", 46, usize::MAX));
    }
    let mut out = String::new();
    header(&columns, &mut out);
    let machine = machine();
    for row in rows {
        let sessions = row.sessions.map(|count| count.to_string());
        let cells = [
            row.host.as_str().into(),
            row.version.as_deref().unwrap_or_default().into(),
            sessions.unwrap_or_default().into(),
            row.address.as_str().into(),
        ];
        let marker = if is_this_machine(&row.host, &machine) {
            '>'
        } else {
            ' '
        };
        line(&columns, marker, &cells, &mut out);
    }
    out
}
