//! How a cmdlet is typed, a line for each parameter set.

use super::layout::filled;
use crate::table::{Cmdlet, Impact, Kind, Parameter, Use};

/// Columns of a line of syntax before it is indented.
const WIDTH: usize = 75;

/// A block of lines for each parameter set, that of the default set first.
pub fn syntax(cmdlet: &Cmdlet) -> Vec<String> {
    cmdlet
        .sets
        .iter()
        .map(|set| {
            let parts = parts(cmdlet, set);
            let parts = std::iter::once(cmdlet.name).chain(parts.iter().map(String::as_str));
            filled(parts, WIDTH, "    ")
        })
        .collect()
}

/// What stands behind the name: first what has a position, then what is needed, then the rest.
fn parts(cmdlet: &Cmdlet, set: &str) -> Vec<String> {
    let mut own: Vec<(&Parameter, Use)> = cmdlet
        .parameters
        .iter()
        .filter_map(|parameter| Some((parameter, parameter.in_set(set)?)))
        .collect();
    own.sort_by_key(|(_, entry)| (entry.position.unwrap_or(u8::MAX), !entry.mandatory));
    let mut parts: Vec<String> = own
        .iter()
        .map(|(parameter, entry)| part(parameter, *entry))
        .collect();
    if cmdlet.impact != Impact::None {
        parts.extend(["[-Confirm]", "[-WhatIf]"].map(str::to_owned));
    }
    parts.push("[<CommonParameters>]".to_owned());
    parts
}

fn part(parameter: &Parameter, entry: Use) -> String {
    let name = format!("-{}", parameter.name);
    let name = if entry.position.is_some() {
        format!("[{name}]")
    } else {
        name
    };
    let whole = with_value(&name, parameter.kind);
    if entry.mandatory {
        whole
    } else {
        format!("[{whole}]")
    }
}

/// The name of a parameter and what follows it, as a heading.
pub(super) fn heading(parameter: &Parameter) -> String {
    let heading = with_value(&format!("-{}", parameter.name), parameter.kind);
    filled(std::iter::once(heading.as_str()), WIDTH, "    ")
}

fn with_value(name: &str, kind: Kind) -> String {
    match kind {
        Kind::Switch => name.to_owned(),
        Kind::Choice(choice) => format!("{name} {{{}}}", choice.words.join(" | ")),
        _ => format!("{name} <{}>", kind.short_name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::find;

    fn lines(name: &str) -> Vec<String> {
        let blocks = syntax(find(name).unwrap());
        let whole = |block: &String| block.split_whitespace().collect::<Vec<_>>().join(" ");
        blocks.iter().map(whole).collect()
    }

    #[test]
    fn the_syntax_of_the_seed() {
        let rest = "[-IdleTimeoutSec <Int32>] [-OutputBufferingMode {None | Drop | Block}] \
                    [-ThrottleLimit <Int32>] [-Confirm] [-WhatIf] [<CommonParameters>]";
        assert_eq!(
            lines("Disconnect-PSSession"),
            [
                format!("Disconnect-PSSession [-Session] <PSSession[]> {rest}"),
                format!("Disconnect-PSSession [-Id] <Int32[]> {rest}"),
                format!("Disconnect-PSSession -Name <String[]> {rest}"),
                format!("Disconnect-PSSession -InstanceId <Guid[]> {rest}"),
            ]
        );
    }

    #[test]
    fn positions_and_optional_ones() {
        assert_eq!(lines("exsn"), ["Exit-PSSession [<CommonParameters>]"]);
        let invoke = lines("icm");
        let begins = |set: usize, start: &str| {
            let line = invoke.get(set).unwrap();
            assert!(line.starts_with(start), "{line}");
        };
        begins(
            0,
            "Invoke-Command [-ScriptBlock] <ScriptBlock> [-ArgumentList <Object[]>]",
        );
        begins(
            1,
            "Invoke-Command [[-Session] <PSSession[]>] [-ScriptBlock] <ScriptBlock> [-Arg",
        );
        begins(
            2,
            "Invoke-Command [[-Session] <PSSession[]>] [-FilePath] <String> [-Arg",
        );
        begins(
            3,
            "Invoke-Command [[-ComputerName] <String[]>] [-ScriptBlock] <ScriptBlock> [",
        );
        begins(
            7,
            "Invoke-Command [-ScriptBlock] <ScriptBlock> -HostName <String[]> [-Arg",
        );
    }
}
