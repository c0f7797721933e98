//! Asks many hosts at once. What one of them does or does not do keeps nobody from the others'
//! answers.

use std::io::{self, IsTerminal, Write as _};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde::ser::{Serialize, SerializeMap, Serializer};
use winsta_client::{Deadline, Host};

use super::reach::Place;
use crate::grammar::shared::{Format, Network};
use crate::output::{self, Row};
use crate::report::{Exit, Failure, Outcome, Text};

/// What a worker needs: no more than its calls.
const STACK: usize = 256 << 10;
/// How long nothing is said about how far it is.
const QUIET: Duration = Duration::from_millis(400);
/// How often it is said then.
const STEP: Duration = Duration::from_millis(100);

/// Asks all `places`, so many at a time as `network` says; the answers are in the order of the
/// places. One place has all the time that it takes, several have no more than is said.
pub(crate) fn ask<T: Send>(
    places: &[Place],
    network: Network,
    question: impl Fn(&Place, Host) -> Result<T, Failure> + Sync,
) -> Vec<Result<T, Failure>> {
    let put = |place: &Place, deadline| {
        let host = place.host(network.time(), deadline)?;
        question(place, host).map_err(|failure| failure.on(place))
    };
    if let [only] = places {
        return vec![put(only, Deadline::NEVER)];
    }
    let queue = Mutex::new(places.iter().enumerate());
    let next = || queue.lock().ok().and_then(|mut queue| queue.next());
    let mut answers: Vec<Option<Result<T, Failure>>> = Vec::new();
    answers.resize_with(places.len(), || None);
    let (report, reports) = channel();
    std::thread::scope(|scope| {
        for _ in 0..places.len().min(network.throttle.into()) {
            let report = report.clone();
            let work = || {
                // The answers are collected for as long as anybody reports.
                let report = report;
                while let Some((index, place)) = next() {
                    let answer = put(place, Deadline::after(network.time()));
                    let _collected = report.send((index, answer));
                }
            };
            let worker = std::thread::Builder::new().stack_size(STACK);
            // With fewer threads it takes longer; with none at all, each place says so.
            let _started = worker.spawn_scoped(scope, work);
        }
        drop(report);
        collect(&reports, &mut answers);
    });
    answers
        .into_iter()
        .map(|answer| answer.unwrap_or_else(|| Err(Failure::local("no thread", &"cannot start"))))
        .collect()
}

fn collect<T>(
    reports: &Receiver<(usize, Result<T, Failure>)>,
    answers: &mut [Option<Result<T, Failure>>],
) {
    let mut count = Count::new(answers.len());
    loop {
        match reports.recv_timeout(STEP) {
            Ok((index, answer)) => {
                count.done += 1;
                if let Some(place) = answers.get_mut(index) {
                    *place = Some(answer);
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return count.clear(),
        }
        count.show();
    }
}

/// How far it is, for somebody who waits.
struct Count {
    all: usize,
    done: usize,
    begun: Instant,
    shown: Option<Instant>,
    wanted: bool,
}

impl Count {
    fn new(all: usize) -> Self {
        Self {
            all,
            done: 0,
            begun: Instant::now(),
            shown: None,
            wanted: io::stderr().is_terminal(),
        }
    }

    fn show(&mut self) {
        let soon = self.shown.is_some_and(|shown| shown.elapsed() < STEP);
        if self.wanted && !soon && self.begun.elapsed() > QUIET {
            self.shown = Some(Instant::now());
            let (done, all) = (self.done, self.all);
            let _gone = write!(io::stderr(), "\r{done} of {all} hosts \x1b[K");
        }
    }

    fn clear(self) {
        if self.shown.is_some() {
            let _gone = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

/// Says what failed where, a line each, and gives the worst status.
pub(crate) fn say_failures(failures: &[(&Place, &Failure)]) -> Exit {
    for (_, failure) in failures {
        failure.print_line();
    }
    if failures.is_empty() {
        Exit::Done
    } else {
        Exit::HostFailed
    }
}

/// What several hosts have, and those that failed.
pub(crate) struct Gathered<'a, R> {
    /// Rows with the place that they come from.
    pub(crate) rows: Vec<(&'a Place, R)>,
    /// Places that gave none, and why.
    pub(crate) failures: Vec<(&'a Place, Failure)>,
}

impl<'a, R> Gathered<'a, R> {
    /// Sorts answers. A host where nothing matches has not failed.
    pub(crate) fn new(places: &'a [Place], answers: Vec<Result<Vec<R>, Failure>>) -> Self {
        let mut gathered = Self {
            rows: Vec::new(),
            failures: Vec::new(),
        };
        for (place, answer) in places.iter().zip(answers) {
            match answer {
                Ok(rows) => gathered
                    .rows
                    .extend(rows.into_iter().map(|row| (place, row))),
                Err(failure) if failure.exit == Exit::Nothing => {}
                Err(failure) => gathered.failures.push((place, failure)),
            }
        }
        gathered
    }
}

impl<R> Gathered<'_, R> {
    /// Says which hosts failed, a line each.
    pub(crate) fn say_failures(&self) -> Exit {
        let failures: Vec<_> = self
            .failures
            .iter()
            .map(|(place, why)| (*place, why))
            .collect();
        say_failures(&failures)
    }
}

impl<R: Row> Gathered<'_, R> {
    /// Prints the rows, with a column for the host, and what failed. `kind` and `target` name what
    /// is missing if nothing is there.
    pub(crate) fn print(
        &self,
        format: Format,
        kind: &str,
        target: Option<&str>,
        table: impl FnOnce(&[&R]) -> String,
    ) -> Outcome {
        let names: Vec<&str> = self.rows.iter().map(|(place, _)| &*place.name).collect();
        let table = |rows: &[&R]| with_hosts(&table(rows), &names);
        self.print_plain(format, kind, target, table)
    }

    /// The same without that column.
    pub(crate) fn print_plain(
        &self,
        format: Format,
        kind: &str,
        target: Option<&str>,
        table: impl FnOnce(&[&R]) -> String,
    ) -> Outcome {
        let nothing = self.rows.is_empty();
        if format == Format::Table {
            if !nothing {
                let rows: Vec<&R> = self.rows.iter().map(|(_, row)| row).collect();
                output::text(&table(&rows))?;
            }
        } else {
            let rows = self.rows.iter().map(|(_, row)| OfHost::Row(row));
            let failed = self.failures.iter().map(|(place, failure)| OfHost::Failed {
                host: &place.name,
                error: failure.words(),
            });
            let rows: Vec<OfHost<'_, R>> = rows.chain(failed).collect();
            output::print(format, &rows, String::new)?;
        }
        match self.say_failures() {
            Exit::Done if nothing => Err(Failure::nothing(kind, target.unwrap_or("*"))),
            exit => Ok(exit),
        }
    }
}

/// A row of one of several hosts; all have the key `error`.
enum OfHost<'a, R> {
    Row(&'a R),
    Failed { host: &'a str, error: String },
}

impl<R: Row> Row for OfHost<'_, R> {
    const KEYS: &'static [&'static str] = R::KEYS;
}

impl<R: Row> Serialize for OfHost<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct Fine<'a, R> {
            #[serde(flatten)]
            row: &'a R,
            error: Option<&'a str>,
        }
        match self {
            Self::Row(row) => Fine {
                row: *row,
                error: None,
            }
            .serialize(serializer),
            Self::Failed { host, error } => {
                let mut map = serializer.serialize_map(None)?;
                for key in R::KEYS {
                    map.serialize_entry(key, &(*key == "host").then_some(host))?;
                }
                map.serialize_entry("error", error)?;
                map.end()
            }
        }
    }
}

/// A table with the name of its host before each row.
fn with_hosts(table: &str, names: &[&str]) -> String {
    let visible = crate::table::layout::visible;
    let shown: Vec<_> = names.iter().map(|name| visible(name)).collect();
    let width = shown.iter().map(|name| name.chars().count()).max();
    let width = width.unwrap_or_default().max("HOST".len());
    let mut out = String::with_capacity(table.len() + (width + 1) * names.len());
    let mut shown = shown.iter().map(AsRef::as_ref);
    for (index, line) in table.lines().enumerate() {
        let host = if index == 0 {
            Some("HOST")
        } else {
            shown.next()
        };
        match (host, line.split_at_checked(1)) {
            (Some(host), Some((marker, rest))) => {
                let line = format!("{marker}{host:width$} {rest}");
                out.push_str(line.trim_end());
            }
            // Totals below the rows.
            _ => out.push_str(line),
        }
        out.push('\n');
    }
    out
}

impl Failure {
    /// Says on which machine it happened, unless it is this one or that has been said.
    pub(crate) fn on(mut self, place: &Place) -> Self {
        if let (Text::Error(text), false) = (&self.text, place.is_here())
            && !text.starts_with(&format!("{}: ", place.name))
        {
            self.text = Text::Error(format!("{}: {text}", place.name));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(serde::Serialize)]
    struct Sample {
        host: &'static str,
        id: u32,
    }

    impl Row for Sample {
        const KEYS: &'static [&'static str] = &["host", "id"];
    }

    #[test]
    fn rows_and_failures_have_the_same_keys() {
        let row = Sample { host: "a", id: 1 };
        let rows = [
            OfHost::Row(&row),
            OfHost::Failed {
                host: "b",
                error: "down".to_owned(),
            },
        ];
        let expected = json!([
            { "host": "a", "id": 1, "error": null },
            { "host": "b", "id": null, "error": "down" },
        ]);
        assert_eq!(serde_json::to_value(&rows).unwrap(), expected);
    }

    #[test]
    fn the_host_stands_before_its_rows() {
        let table = " NAME  ID\n>a      1\n b      2\nTotal: 2\n";
        let expected = " HOST  NAME  ID\n>web01 a      1\n x     b      2\nTotal: 2\n";
        assert_eq!(with_hosts(table, &["web01", "x"]), expected);
    }
}
