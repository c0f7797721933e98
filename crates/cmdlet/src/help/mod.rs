//! What a cmdlet says of itself, laid out as PowerShell does it.

mod configurations;
mod jobs;
mod layout;
mod sessions;
mod syntax;

pub use syntax::syntax;

use self::layout::{indented, wrapped};
use crate::table::{COMMON, Cmdlet, CmdletId, Impact, Parameter};

/// The words of a cmdlet's help; what its table says is not in them.
struct Text {
    id: CmdletId,
    synopsis: &'static str,
    /// Paragraphs.
    description: &'static [&'static str],
    examples: &'static [Example],
    related: &'static [&'static str],
}

struct Example {
    title: &'static str,
    /// What is typed, in bash.
    lines: &'static [&'static str],
    says: &'static str,
}

/// What the cmdlet is for, in one sentence.
pub fn synopsis(cmdlet: &Cmdlet) -> &'static str {
    text(cmdlet).map_or("", |text| text.synopsis)
}

/// The whole help of a cmdlet, in lines of at most 79 columns.
pub fn help(cmdlet: &Cmdlet) -> String {
    let mut out = String::new();
    section(&mut out, "NAME", &[cmdlet.name.to_owned()]);
    section(&mut out, "SYNOPSIS", &[wrapped(synopsis(cmdlet))]);
    section(&mut out, "SYNTAX", &syntax(cmdlet));
    if let Some(alias) = cmdlet.alias {
        section(&mut out, "ALIASES", &[alias.to_owned()]);
    }
    let text = text(cmdlet);
    let paragraphs = text.map_or(&[][..], |text| text.description);
    let paragraphs: Vec<String> = paragraphs.iter().map(|text| wrapped(text)).collect();
    section(&mut out, "DESCRIPTION", &paragraphs);
    section(&mut out, "PARAMETERS", &parameters(cmdlet));
    let examples = text.map_or(&[][..], |text| text.examples);
    let examples: Vec<String> = (1..).zip(examples).map(example).collect();
    section(&mut out, "EXAMPLES", &examples);
    let related = text.map_or(&[][..], |text| text.related);
    section(&mut out, "RELATED LINKS", &[related.join("\n")]);
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn text(cmdlet: &Cmdlet) -> Option<&'static Text> {
    let all = [
        sessions::TEXTS,
        sessions::MORE_TEXTS,
        configurations::TEXTS,
        jobs::TEXTS,
    ];
    all.into_iter().flatten().find(|text| text.id == cmdlet.id)
}

/// A heading and blocks under it, an empty line behind each.
fn section(out: &mut String, heading: &str, blocks: &[String]) {
    if blocks.iter().all(String::is_empty) {
        return;
    }
    out.push_str(heading);
    out.push('\n');
    for block in blocks {
        out.push_str(&indented(block));
        out.push('\n');
    }
}

fn parameters(cmdlet: &Cmdlet) -> Vec<String> {
    let own = cmdlet.all_parameters().filter(|parameter| {
        let is_common = COMMON.iter().any(|common| common.name == parameter.name);
        !is_common
    });
    let mut blocks: Vec<String> = own.map(|parameter| described(cmdlet, parameter)).collect();
    let names: Vec<String> = COMMON.iter().map(|p| format!("-{}", p.name)).collect();
    let all = format!("Every cmdlet has these: {}.", names.join(", "));
    blocks.push(format!("<CommonParameters>\n{}", indented(&wrapped(&all))));
    blocks
}

fn described(cmdlet: &Cmdlet, parameter: &Parameter) -> String {
    let mut about = parameter.about.to_owned();
    if parameter.name == "Confirm" && cmdlet.impact == Impact::High {
        about.push_str(" This cmdlet asks by itself; -Confirm:$false keeps it from that.");
    }
    let mut facts = vec![
        ("Required?", required(cmdlet, parameter)),
        ("Position?", position(parameter)),
        ("Accept pipeline input?", pipeline(parameter)),
        (
            "Accept wildcard characters?",
            parameter.wildcards.to_string(),
        ),
    ];
    if !parameter.aliases.is_empty() {
        facts.push(("Aliases", parameter.aliases.join(", ")));
    }
    let facts: Vec<String> = facts
        .into_iter()
        .map(|(what, value)| format!("{what:<30}{value}\n"))
        .collect();
    let body = format!("{}\n\n{}", wrapped(&about), facts.concat());
    format!("{}\n{}", syntax::heading(parameter), indented(&body))
}

/// Whether the sets that have it need it.
fn required(cmdlet: &Cmdlet, parameter: &Parameter) -> String {
    let sets = cmdlet.sets.iter();
    let (needed, free): (Vec<_>, Vec<_>) = sets
        .filter_map(|set| Some((set, parameter.in_set(set)?)))
        .partition(|(_, entry)| entry.mandatory);
    match (needed.as_slice(), free.as_slice()) {
        ([], _) => "false".to_owned(),
        (_, []) => "true".to_owned(),
        // Alone it is needed for one kind of use only: see the syntax.
        _ => "true or false, as the syntax says".to_owned(),
    }
}

fn position(parameter: &Parameter) -> String {
    let (first, second) = parameter.uses;
    let second = second.and_then(|second| second.position);
    let places: Vec<String> = first
        .position
        .into_iter()
        .chain(second)
        .map(|place| (u16::from(place) + 1).to_string())
        .collect();
    if places.is_empty() {
        "named".to_owned()
    } else {
        places.join(" or ")
    }
}

fn pipeline(parameter: &Parameter) -> String {
    match (parameter.by_value, parameter.by_property) {
        (true, true) => "true (ByValue, ByPropertyName)",
        (true, false) => "true (ByValue)",
        (false, true) => "true (ByPropertyName)",
        (false, false) => "false",
    }
    .to_owned()
}

fn example((number, example): (usize, &Example)) -> String {
    let lines: Vec<String> = example
        .lines
        .iter()
        .map(|line| format!("$ {line}\n"))
        .collect();
    format!(
        "Example {number}: {}\n\n{}\n{}",
        example.title,
        lines.concat(),
        wrapped(example.says)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CMDLETS, Outcome, bind, find};

    #[test]
    fn every_cmdlet_says_all_of_itself() {
        for cmdlet in CMDLETS {
            let text = text(cmdlet).expect(cmdlet.name);
            assert!(text.synopsis.ends_with('.'), "{}", cmdlet.name);
            assert!(!text.description.is_empty(), "{}", cmdlet.name);
            assert!(!text.examples.is_empty(), "{}", cmdlet.name);
            for related in text.related {
                assert!(find(related).is_some(), "{related}");
            }
            let help = help(cmdlet);
            for line in help.lines() {
                let is_typed = line.trim_start().starts_with('$');
                assert!(is_typed || line.chars().count() <= 79, "{line}");
            }
            for parameter in cmdlet.parameters {
                assert!(help.contains(&format!("    -{}", parameter.name)));
                assert!(parameter.about.ends_with('.') || parameter.about.ends_with("'."));
            }
        }
    }

    #[test]
    fn the_help_of_one() {
        let help = help(find("dnsn").unwrap());
        let parts = [
            "NAME\n    Disconnect-PSSession\n\nSYNOPSIS\n    ",
            "SYNTAX\n    Disconnect-PSSession [-Session] <PSSession[]>",
            "-OutputBufferingMode {None | Drop | Block}",
            "    -Id <Int32[]>\n        The numbers",
            "        Required?                     true\n        Position?                     1\n",
            "        Accept pipeline input?        true (ByPropertyName)\n",
            "EXAMPLES\n    Example 1: ",
            "RELATED LINKS\n    Connect-PSSession\n",
        ];
        for part in parts {
            assert!(help.contains(part), "{part}\nin\n{help}");
        }
    }

    /// Splits as bash does where there are only quotes and blanks.
    fn words(line: &str) -> Vec<String> {
        let mut words = Vec::new();
        let mut word = None;
        let mut quote = None;
        for c in line.chars() {
            match (quote, c) {
                (None, ' ') => words.extend(word.take()),
                (None, '\'' | '"') => {
                    quote = Some(c);
                    word.get_or_insert_with(String::new);
                }
                (Some(open), _) if open == c => quote = None,
                _ => word.get_or_insert_with(String::new).push(c),
            }
        }
        words.extend(word);
        words
    }

    #[test]
    fn what_the_examples_type_can_be_bound() {
        const SESSION: &str =
            r#"{"PSTypeName":"PSSession","InstanceId":"aea843106dbf4c2190ac13980039925a"}"#;
        const JOB: &str =
            r#"{"PSTypeName":"PSRemotingJob","InstanceId":"aea843106dbf4c2190ac13980039925a"}"#;
        let mut bound = 0;
        for text in CMDLETS.iter().filter_map(text) {
            for line in text.examples.iter().flat_map(|example| example.lines) {
                let inner = line
                    .split_once("=$(")
                    .map_or(*line, |(_, inner)| inner.trim_end_matches(')'));
                let put = inner
                    .replace("$s", &SESSION.replace('"', "\u{1}"))
                    .replace("$j", &JOB.replace('"', "\u{1}"))
                    .replace("$o", "{\u{1}PSTypeName\u{1}:\u{1}PSSessionOption\u{1}}")
                    .replace("$t", "{\u{1}PSTypeName\u{1}:\u{1}PSTransportOption\u{1}}");
                let words: Vec<String> = words(&put)
                    .iter()
                    .map(|word| word.replace('\u{1}', "\""))
                    .collect();
                for command in words.split(|word| word == "|") {
                    let (name, arguments) = command.split_first().unwrap();
                    let cmdlet = find(name).expect(name);
                    match bind(cmdlet, arguments) {
                        Ok(Outcome::Ready(_) | Outcome::NeedsInput(_)) => bound += 1,
                        other => panic!("{line}: {other:?}"),
                    }
                }
            }
        }
        assert!(bound >= 40, "{bound}");
    }
}
