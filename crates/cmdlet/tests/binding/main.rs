//! What command lines mean, as data: `table.txt` says it in its own head.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use winsta_cmdlet::{BindError, Bound, Outcome, Value, bind, find};

const TABLE: &str = include_str!("table.txt");

/// What stands for an object in the table.
const OBJECTS: &[(&str, &str)] = &[
    (
        "$S1",
        r#"{"PSTypeName":"PSSession","Id":1,"Name":"S1","InstanceId":"00000000-0000-0000-0000-000000000001","ComputerName":"Srv1","ConfigurationName":"Conf","State":"Opened"}"#,
    ),
    (
        "$S2",
        r#"{"PSTypeName":"PSSession","Id":2,"Name":"S2","InstanceId":"00000000-0000-0000-0000-000000000002","ComputerName":"Srv2","ConfigurationName":"Conf","State":"Disconnected"}"#,
    ),
    (
        "$J1",
        r#"{"PSTypeName":"PSRemotingJob","Id":7,"Name":"J1","InstanceId":"00000000-0000-0000-0000-000000000007","State":"Running"}"#,
    ),
    (
        "$OPT",
        r#"{"PSTypeName":"PSSessionOption","IdleTimeout":172800000}"#,
    ),
    (
        "$TRANSPORT",
        r#"{"PSTypeName":"PSTransportOption","MaxSessions":3}"#,
    ),
    (
        "$OTHER",
        r#"{"Name":"other","ComputerName":"Srv9","Port":"x"}"#,
    ),
    (
        "$CONFIG",
        r#"{"PSTypeName":"PSSessionConfiguration","Name":"ITTasks"}"#,
    ),
];

/// Splits as bash does where there are only blanks and quotes, then puts objects in place. `$TWO`
/// is what a quoted variable with two sessions is.
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
    words.iter().map(|word| expanded(word)).collect()
}

fn expanded(word: &str) -> String {
    let word = word.replace("$TWO", "$S1\n$S2");
    let put = |word: String, (name, object): &(&str, &str)| word.replace(name, object);
    OBJECTS.iter().fold(word, put)
}

fn shown(value: &Value) -> String {
    let joined = |items: &mut dyn Iterator<Item = String>| items.collect::<Vec<_>>().join("|");
    match value {
        Value::Switch(on) => on.to_string(),
        Value::Text(text) => text.clone(),
        Value::Texts(texts) => joined(&mut texts.iter().cloned()),
        Value::Int(number) => number.to_string(),
        Value::Ints(numbers) => joined(&mut numbers.iter().map(ToString::to_string)),
        Value::Double(number) => number.to_string(),
        Value::Guid(guid) => guid.to_string(),
        Value::Guids(guids) => joined(&mut guids.iter().map(ToString::to_string)),
        Value::Sessions(sessions) => joined(&mut sessions.iter().map(|s| format!("${}", s.name))),
        Value::Jobs(jobs) => joined(&mut jobs.iter().map(|job| format!("${}", job.name))),
        Value::Options(options) => format!("<{}>", options.kind.name()),
        Value::Script(script) => format!("{{{script}}}"),
        Value::Table(entries) => joined(&mut entries.iter().map(|(n, v)| format!("{n}:{v}"))),
        Value::Object(object) => format!("<{}>", object.type_name()),
    }
}

fn bound(bound: &Bound) -> String {
    let values = bound
        .given()
        .map(|name| format!(" {name}={}", shown(bound.value(name).unwrap())));
    format!("{}:{}", bound.set(), values.collect::<String>())
}

fn error(error: &BindError) -> String {
    format!("! {error}")
}

/// What a command line comes to; behind a `<` stands a line from a pipe.
fn outcome(line: &str) -> String {
    let (line, input) = line
        .split_once(" < ")
        .map_or((line, None), |(line, input)| (line, Some(expanded(input))));
    let words = words(line);
    let (name, rest) = words.split_first().unwrap();
    let Some(cmdlet) = find(name) else {
        return "no cmdlet".to_owned();
    };
    let with = |result: Result<Bound, BindError>| result.map_or_else(|e| error(&e), |b| bound(&b));
    match (bind(cmdlet, rest), input) {
        (Err(wrong), _) => error(&wrong),
        (Ok(Outcome::Help), _) => "help".to_owned(),
        (Ok(Outcome::Ready(whole)), None) => bound(&whole),
        (Ok(Outcome::Ready(whole)), Some(input)) => with(whole.bind_input(&input)),
        (Ok(Outcome::NeedsInput(part)), None) => error(&part.without_input()).replacen('!', "?", 1),
        (Ok(Outcome::NeedsInput(part)), Some(input)) => with(part.bind_input(&input)),
    }
}

#[test]
fn command_lines_mean_what_powershell_says() {
    let mut cases = 0;
    let mut faults = Vec::new();
    let mut lines = TABLE
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    while let Some(line) = lines.next() {
        let typed = line.strip_prefix("$ ").unwrap();
        let expected = lines.next().unwrap().trim();
        let found = outcome(typed);
        // An error may be given by its beginning and its end.
        let fits = match expected.split_once(" ... ") {
            Some((begin, end)) => found.starts_with(begin) && found.ends_with(end),
            None => found == expected,
        };
        if !fits {
            faults.push(format!("$ {typed}\n  {found}\n  expected {expected}"));
        }
        cases += 1;
    }
    assert!(
        faults.is_empty(),
        "{} of {cases}:\n{}",
        faults.len(),
        faults.join("\n")
    );
    assert!(cases >= 150, "{cases}");
}
