//! `$s.Runspace.ConnectionInfo`: properties of objects that a shell's variable holds.

use serde_json::{Value, json};
use winsta_cmdlet::object::{Object, Properties, SessionObject};
use winsta_pssession::agent::View;

use super::{agent, select, show};
use crate::output;
use crate::report::{Exit, Failure, Outcome};

/// Prints the property that `paths` name: objects, and names behind them.
pub(crate) fn property(paths: &[String]) -> Outcome {
    let Some((objects, names)) = winsta_cmdlet::parse_paths(paths) else {
        return Err(Failure::usage(
            "this is no object with a property behind it",
        ));
    };
    for object in &objects {
        let mut value = Value::Object(whole(object)?);
        for name in &names {
            value = step(value, name).ok_or_else(|| Failure::nothing("property", name))?;
        }
        print(&value)?;
    }
    Ok(Exit::Done)
}

/// All properties of an object, with those that are looked up.
fn whole(object: &Object) -> Result<Properties, Failure> {
    let mut properties = object.properties();
    if let Object::Session(session) = object {
        let known = select::known(&mut agent::connect()?)?;
        let same = |view: &&View| {
            let id = session.instance_id.to_string();
            view.instance_id.eq_ignore_ascii_case(&id)
        };
        let view = known.iter().find(same);
        if let Some(view) = view {
            properties.extend(show::object(view).properties());
        }
        let runspace = json!({ "ConnectionInfo": connection(session, view) });
        properties.insert("Runspace".to_owned(), runspace);
    }
    Ok(properties)
}

/// What PowerShell tells of a session's connection. Times are in milliseconds.
fn connection(session: &SessionObject, view: Option<&View>) -> Value {
    let text = |key: &str| session.others.get(key).cloned().unwrap_or_default();
    let uri = view.map_or_else(|| text("ConnectionUri"), |view| view.address.clone().into());
    let address = uri.as_str().unwrap_or_default();
    let scheme = address.split("://").next().unwrap_or_default();
    let port = address
        .rsplit(':')
        .next()
        .and_then(|rest| rest.split('/').next());
    let port = port.and_then(|port| port.parse::<u16>().ok());
    let authentication = view
        .map(|view| view.target.authentication)
        .unwrap_or_default();
    let idle = view.and_then(|view| view.idle_timeout_ms);
    let mode = view.and_then(|view| view.output_buffering_mode.clone());
    let options = view.map(|view| view.options.clone()).unwrap_or_default();
    json!({
        "ConnectionUri": address,
        "ComputerName": session.computer_name,
        "Scheme": scheme,
        "Port": port,
        "AppName": "/wsman",
        "Credential": text("UserName"),
        "ShellUri": format!(
            "http://schemas.microsoft.com/powershell/{}", session.configuration_name
        ),
        "UseCompression": false,
        "AuthenticationMechanism": format!("{authentication:?}"),
        "SkipCACheck": view.is_some_and(|view| view.target.skip_ca_check),
        "OutputBufferingMode": mode.unwrap_or_else(|| "Block".to_owned()),
        "OpenTimeout": options.open_timeout_ms.unwrap_or(180_000),
        "OperationTimeout": options.retry_ms.unwrap_or(240_000),
        "IdleTimeout": idle.map_or_else(|| text("IdleTimeout"), Value::from),
    })
}

fn step(value: Value, name: &str) -> Option<Value> {
    let Value::Object(properties) = value else {
        return None;
    };
    let mut properties = properties.into_iter();
    properties
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// A value alone, or the properties of an object, a line for each.
fn print(value: &Value) -> Result<(), Failure> {
    let shown = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        other => other.to_string(),
    };
    let Value::Object(properties) = value else {
        return output::text(&format!("{}\n", shown(value)));
    };
    let width = properties.keys().map(String::len).max().unwrap_or_default();
    let lines = properties.iter().map(|(name, value)| {
        let line = format!("{name:width$} : {}", shown(value));
        format!("{}\n", line.trim_end())
    });
    output::text(&lines.collect::<String>())
}
