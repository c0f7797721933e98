//! `gateway`: files of root's, which the gateway's helper reads.

use std::error::Error;

use winsta_api::TrustReport;
use winsta_client::tls::Token;
use winsta_domain::Endpoint;
use winsta_host::gateway::{Enrolled, settings};

use super::reach::machine;
use super::trust;
use crate::grammar::gateway::{Gateway, GatewayVerb};
use crate::grammar::shared::Format;
use crate::output;
use crate::report::{Exit, Failure, Outcome, Text, say};
use crate::tools::Execute;

impl Execute for Gateway {
    fn execute(self) -> Outcome {
        if !rustix::process::geteuid().is_root() {
            return Err(Failure {
                exit: Exit::Refused,
                text: Text::Error("you lack the right to administer the gateway".to_owned()),
                hint: Some("root has it: sudo winsta gateway …".to_owned()),
            });
        }
        match self.verb {
            GatewayVerb::Token { user, address } => token(&user, address.as_deref()),
            GatewayVerb::Trusted { remove, output } => trusted(remove.as_deref(), output.format),
        }
    }
}

fn token(user: &str, address: Option<&str>) -> Outcome {
    let port = Endpoint::DEFAULT_PORT;
    let place = match address {
        Some(text) => Endpoint::with_port(text, port),
        None => Endpoint::with_port(&machine(), port),
    };
    let place = place.map_err(|error| {
        Failure::usage(format!("clients cannot reach the gateway there: {error}"))
            .with_hint("--address NAME:PORT names the way to it")
    })?;
    let settings = settings().map_err(|error| failed("there is no token", &error))?;
    let (secret, until) = Enrolled::of_machine()
        .token(user, settings.life)
        .map_err(|error| failed("there is no token", &error))?;
    let token = Token {
        place,
        fingerprint: settings.shown,
        secret,
    };
    output::text(&format!("{token}\n"))?;
    say(&format!(
        "good once, until {}; for 'winsta trust TOKEN' on {user}'s machine",
        until.rfc3339()
    ));
    Ok(Exit::Done)
}

fn trusted(remove: Option<&str>, format: Format) -> Outcome {
    let enrolled = Enrolled::of_machine();
    let failed = |error| failed("cannot use the list of certificates", &error);
    let report = TrustReport {
        fingerprint: settings().map_or_else(|_| "nothing".to_owned(), |s| s.shown.to_string()),
        addresses: vec![format!("port {}", Endpoint::DEFAULT_PORT)],
        trusted: enrolled.list().map_err(failed)?,
    };
    let Some(wanted) = remove else {
        output::print(format, &report.trusted, || trust::table(&report))?;
        return Ok(Exit::Done);
    };
    let found = trust::one(&report, wanted)?;
    if !enrolled.remove(&found.fingerprint).map_err(failed)? {
        return Err(Failure::nothing("certificate", wanted));
    }
    say(&format!("{} is not known any more", found.name));
    Ok(Exit::Done)
}

/// Something that does not work, with all of its causes.
fn failed(what: &str, error: &(dyn Error + 'static)) -> Failure {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words = format!("{words}: {cause}");
        source = cause.source();
    }
    Failure::local(what, &words)
}
