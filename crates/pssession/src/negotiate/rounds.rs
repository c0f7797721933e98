//! Logging on over HTTP (RFC 4559): tokens in headers, on one connection that then stays the user's.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use winsta_client::Connection;
use winsta_client::http::{HttpError, Request, Response};

use super::context::Context;
use super::{Logon, LogonProblem, Seal};
use crate::problem::Problem;

/// Most tokens that a client sends.
const MAX_ROUNDS: usize = 6;
/// How long the service may take for each.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection on which the service knows who speaks; its seal, if bodies are to be sealed.
pub(crate) type LoggedOn = (Box<dyn Connection>, Option<Box<Seal>>);

/// Logs on. Requests on the way have no body.
pub(crate) fn log_on(
    mut connection: Box<dyn Connection>,
    logon: &Logon,
    path: &str,
) -> Result<LoggedOn, Problem> {
    let scheme = logon.mechanism.scheme();
    let timeout = connection.set_timeout(Some(PATIENCE));
    timeout.map_err(|error| Problem::Lost(HttpError::Io(error)))?;
    let mut context = Context::new(logon, connection.end_point().as_deref())?;
    let mut token = context.step(Vec::new())?;
    for round in 1..=MAX_ROUNDS {
        let answered = ask(connection, path, scheme, &token)?;
        let is_in = (200..300).contains(&answered.status);
        match (answered.status, answered.offer) {
            // What a service says last proves that it knows the user too.
            (_, Offer::Token(last)) if is_in && !context.is_complete() => {
                let rest = context.step(last)?;
                if !context.is_complete() || !rest.is_empty() {
                    return Err(LogonProblem::Unproven.into());
                }
            }
            (_, _) if is_in => {}
            (401, Offer::Token(next)) if !context.is_complete() => {
                token = match context.step(next) {
                    // A wrong password is told in the last round, in one way or another.
                    Err(_) if round > 1 => return Err(Problem::Denied),
                    other => other?,
                };
                connection = answered.connection.ok_or(LogonProblem::Closed)?;
                continue;
            }
            (401, Offer::Other(offered)) => {
                return Err(LogonProblem::NotOffered {
                    wanted: scheme,
                    offered,
                }
                .into());
            }
            (401, Offer::Token(_) | Offer::Bare) => return Err(Problem::Denied),
            (status, _) => {
                let said = String::new();
                return Err(Problem::Status { status, said });
            }
        }
        if !context.is_complete() {
            return Err(LogonProblem::Unproven.into());
        }
        let connection = answered.connection.ok_or(LogonProblem::Closed)?;
        let protocol = logon.mechanism.protocol();
        let seal = logon.seals.then(|| Box::new(Seal { context, protocol }));
        return Ok((connection, seal));
    }
    Err(LogonProblem::Endless.into())
}

/// What the service says of how to log on.
#[derive(Debug, PartialEq, Eq)]
enum Offer {
    /// The next token.
    Token(Vec<u8>),
    /// That it has the mechanism.
    Bare,
    /// What else it has.
    Other(String),
}

struct Answered {
    status: u16,
    offer: Offer,
    connection: Option<Box<dyn Connection>>,
}

fn ask(
    connection: Box<dyn Connection>,
    path: &str,
    scheme: &str,
    token: &[u8],
) -> Result<Answered, Problem> {
    let field = format!("{scheme} {}", STANDARD.encode(token));
    let request = Request {
        method: "POST",
        target: path,
        fields: &[("authorization", &field)],
        content_type: "",
        body: &[],
    };
    let response = Response::ask(connection, &request).map_err(Problem::Lost)?;
    let status = response.status;
    let offer = offer(scheme, response.fields("www-authenticate"));
    let whole = response.into_bytes().map_err(Problem::Lost)?;
    Ok(Answered {
        status,
        offer,
        connection: whole.connection,
    })
}

/// Reads the fields `WWW-Authenticate`.
fn offer<'a>(scheme: &str, fields: impl Iterator<Item = &'a str>) -> Offer {
    let mut others = Vec::new();
    for field in fields {
        for part in field.split(',') {
            let (name, token) = part.trim().split_once(' ').unwrap_or((part.trim(), ""));
            if name.eq_ignore_ascii_case(scheme) {
                let token = STANDARD.decode(token.trim()).unwrap_or_default();
                return if token.is_empty() {
                    Offer::Bare
                } else {
                    Offer::Token(token)
                };
            }
            // What has an equals sign belongs to the scheme before it.
            if !name.contains('=') && !name.is_empty() {
                others.push(name.chars().take(32).collect::<String>());
            }
        }
    }
    if others.is_empty() {
        others.push("nothing".to_owned());
    }
    others.truncate(8);
    Offer::Other(others.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_say_what_is_offered() {
        let other = |text: &str| Offer::Other(text.to_owned());
        let cases: [(&[&str], Offer); 7] = [
            (&["Negotiate YWI="], Offer::Token(b"ab".to_vec())),
            (
                &["Basic realm=\"a, b\"", "negotiate YWI="],
                Offer::Token(b"ab".to_vec()),
            ),
            (&["Kerberos, Negotiate, Basic realm=\"x\""], Offer::Bare),
            (&["Negotiate !!!"], Offer::Bare),
            (
                &["Basic realm=\"winsta\", charset=\"UTF-8\""],
                other("Basic"),
            ),
            (&["Basic realm=\"x\"", "CredSSP"], other("Basic, CredSSP")),
            (&[], other("nothing")),
        ];
        for (fields, expected) in cases {
            assert_eq!(
                offer("Negotiate", fields.iter().copied()),
                expected,
                "{fields:?}"
            );
        }
    }
}
