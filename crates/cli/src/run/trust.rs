//! `trust`, `host token` and `host trusted`.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};
use std::time::Duration;

use winsta_api::{TokenRequest, TrustReport, Trusted};
use winsta_client::Dirs;
use winsta_client::tls::{Fingerprint, Token, enrol, pin};
use winsta_domain::Endpoint;

use super::reach::{host, machine, user};
use crate::grammar::shared::Format;
use crate::grammar::unix::Trust;
use crate::output::{self, Row};
use crate::report::{Exit, Failure, Outcome, say};
use crate::table::layout::{Column, header, line};
use crate::tools::Execute;

const COLUMNS: [Column; 5] = [
    Column::left("CERTIFICATE", 1, 16),
    Column::left("NAME", 19, 24),
    Column::left("USER", 45, 12),
    Column::left("SINCE", 59, 24),
    Column::left("FROM", 85, usize::MAX),
];

/// Most bytes of a token that are read.
const MAX_TOKEN: u64 = 1_024;
/// Longest name that a host takes for a certificate, in characters.
const MAX_NAME: usize = 64;

impl Row for Trusted {
    const KEYS: &'static [&'static str] = &["fingerprint", "name", "user", "since", "from"];
}

impl Execute for Trust {
    fn execute(self) -> Outcome {
        let dirs = Dirs::from_env()
            .map_err(|error| Failure::local("there is no place for a key", &error))?;
        match &self.fingerprint {
            Some(fingerprint) => know(&dirs, &self.what, fingerprint),
            None => bring(&dirs, &self),
        }
    }
}

/// Knows a host from now on.
fn know(dirs: &Dirs, place: &str, fingerprint: &str) -> Outcome {
    let place: Endpoint = place
        .parse()
        .map_err(|error| Failure::usage(format!("{place} is no host: {error}")))?;
    let fingerprint: Fingerprint = fingerprint
        .parse()
        .map_err(|error| Failure::usage(format!("{fingerprint}: {error}")))?;
    pin(dirs, &place, fingerprint)
        .map_err(|error| Failure::call("cannot remember the host", &error))?;
    say(&format!("{place} is known by {fingerprint}"));
    Ok(Exit::Done)
}

/// Has a host know this user.
fn bring(dirs: &Dirs, trust: &Trust) -> Outcome {
    let mut text = trust.what.clone();
    if text == "-" {
        text.clear();
        let read = io::stdin().lock().take(MAX_TOKEN).read_line(&mut text);
        read.map_err(|error| Failure::local("cannot read the token", &error))?;
    }
    let token: Token = text.parse().map_err(|error| {
        let hint =
            "'winsta host token' on that machine prints one; a host alone needs --fingerprint";
        Failure::usage(format!("{error}")).with_hint(hint)
    })?;
    let own = || {
        let own = format!("{}@{}", user(), machine());
        own.chars().take(MAX_NAME).collect()
    };
    let name = trust.name.clone().unwrap_or_else(own);
    let time = Duration::from_secs(trust.timeout.max(1).into());
    let trusted = enrol(dirs, &token, &name, time)
        .map_err(|error| Failure::call("cannot enrol your certificate", &error))?;
    let place = &token.place;
    match trusted.user {
        None => say(&format!(
            "{place} knows you as {name}: --server tls://{place}"
        )),
        Some(user) => say(&format!(
            "{place} knows you as {name}, for remote shells of {user}"
        )),
    }
    Ok(Exit::Done)
}

/// Prints a token.
pub(super) fn token(address: Option<String>, user: Option<String>) -> Outcome {
    let given = host(None)?
        .token(&TokenRequest { address, user })
        .map_err(|error| Failure::call("there is no token", &error))?;
    output::text(&format!("{}\n", given.token))?;
    say(&format!(
        "good once, until {}; for 'winsta trust TOKEN' on the other machine",
        given.expires
    ));
    Ok(Exit::Done)
}

/// Lists certificates, or takes one off the list.
pub(super) fn trusted(remove: Option<&str>, format: Format) -> Outcome {
    let host = host(None)?;
    let report = host
        .trusted()
        .map_err(|error| Failure::call("cannot list the certificates", &error))?;
    let Some(wanted) = remove else {
        output::print(format, &report.trusted, || table(&report))?;
        return Ok(Exit::Done);
    };
    let found = one(&report, wanted)?;
    let removed = host
        .distrust(&found.fingerprint)
        .map_err(|error| Failure::call("cannot take the certificate off the list", &error))?;
    say(&format!("{} is not known any more", removed.name));
    Ok(Exit::Done)
}

/// The certificate that is meant.
pub(super) fn one<'a>(report: &'a TrustReport, wanted: &str) -> Result<&'a Trusted, Failure> {
    let digits = wanted.replace(':', "").to_ascii_lowercase();
    let begins = |entry: &&Trusted| digits.len() >= 8 && entry.fingerprint.starts_with(&digits);
    let fits = |entry: &&Trusted| entry.name == wanted || begins(entry);
    let mut found = report.trusted.iter().filter(fits);
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(Failure::nothing("certificate", wanted)),
        (Some(_), Some(_)) => Err(Failure::usage(format!("several certificates are {wanted}"))
            .with_hint("name it by its fingerprint: winsta host trusted -o json")),
    }
}

pub(super) fn table(report: &TrustReport) -> String {
    let mut out = format!(
        "The host shows {} at {}\n\n",
        report.fingerprint,
        report.addresses.join(", ")
    );
    header(&COLUMNS, &mut out);
    for entry in &report.trusted {
        let brief: String = entry.fingerprint.chars().take(16).collect();
        let cells: [Cow<'_, str>; 5] = [
            brief.into(),
            entry.name.as_str().into(),
            entry.user.as_deref().unwrap_or("(owner)").into(),
            entry.since.as_str().into(),
            entry.from.as_str().into(),
        ];
        line(&COLUMNS, ' ', &cells, &mut out);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(fingerprint: &str, name: &str) -> Trusted {
        Trusted {
            fingerprint: fingerprint.to_owned(),
            name: name.to_owned(),
            user: None,
            since: String::new(),
            from: String::new(),
        }
    }

    #[test]
    fn a_certificate_is_meant_by_name_or_beginning() {
        let report = TrustReport {
            fingerprint: String::new(),
            addresses: Vec::new(),
            trusted: vec![
                entry("0011223344556677", "laptop"),
                entry("0011223344556688", "robot"),
                entry("ff11223344556688", "robot"),
            ],
        };
        for (wanted, found) in [
            ("laptop", Ok("0011223344556677")),
            ("00:11:22:33:44:55:66:77", Ok("0011223344556677")),
            ("FF112233", Ok("ff11223344556688")),
            ("ff11", Err(Exit::Nothing)),
            ("00112233", Err(Exit::Usage)),
            ("robot", Err(Exit::Usage)),
            ("phone", Err(Exit::Nothing)),
        ] {
            let meant = one(&report, wanted);
            let meant = meant.map(|entry| entry.fingerprint.as_str());
            assert_eq!(meant.map_err(|failure| failure.exit), found, "{wanted}");
        }
    }
}
