//! What holds for any words of a command line: a function that panics if it does not.

use crate::object::Object;
use crate::table::{CMDLETS, Cmdlet};
use crate::{Bound, Outcome, Value, Wildcard, bind, find, parse_path, parse_paths};

/// The bytes are words, separated by NUL: a cmdlet, or a letter that chooses one, and what follows
/// it. The last word is also tried as a line from a pipe. Whatever is accepted has a parameter set
/// that has all of its parameters, and objects in it are the same after a shell has split them.
///
/// # Panics
///
/// If that does not hold.
pub fn cmdlet_words(data: &[u8]) {
    let words: Vec<String> = data
        .split(|byte| *byte == 0)
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect();
    let Some((name, rest)) = words.split_first() else {
        return;
    };
    let _paths = parse_paths(&words);
    for word in &words {
        let _matches = Wildcard::new(word).matches(name);
        if let Some((object, _)) = parse_path(word) {
            survives(&object);
        }
    }
    let chosen = name.bytes().fold(0, |sum, byte| sum + usize::from(byte));
    let chosen = CMDLETS.get(chosen % CMDLETS.len());
    let Some(cmdlet) = find(name).or(chosen) else {
        return;
    };
    let line = rest.last().map_or("", String::as_str);
    match bind(cmdlet, rest) {
        Ok(Outcome::Ready(bound)) => {
            check(cmdlet, &bound);
            if let Ok(bound) = bound.bind_input(line) {
                check(cmdlet, &bound);
            }
        }
        Ok(Outcome::NeedsInput(partial)) => {
            assert!(!partial.without_input().to_string().is_empty());
            if let Ok(bound) = partial.bind_input(line) {
                check(cmdlet, &bound);
            }
        }
        Ok(Outcome::Help) => {}
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn check(cmdlet: &Cmdlet, bound: &Bound) {
    let set = bound.set();
    assert!(cmdlet.sets.contains(&set), "{set}");
    for name in bound.given() {
        let mut all = cmdlet.all_parameters();
        let parameter = all.find(|parameter| parameter.name == name);
        let is_there = parameter.is_some_and(|parameter| parameter.in_set(set).is_some());
        assert!(is_there, "{name} is not in {set}");
        match bound.value(name) {
            Some(Value::Object(object)) => survives(object),
            Some(Value::Texts(texts)) => assert!(!texts.is_empty()),
            _ => {}
        }
    }
    for parameter in cmdlet.parameters {
        let is_needed = parameter.in_set(set).is_some_and(|entry| entry.mandatory);
        assert!(
            !is_needed || bound.has(parameter.name),
            "{}",
            parameter.name
        );
    }
    let sessions = bound.sessions().iter().cloned().map(Object::Session);
    let jobs = bound.jobs().iter().cloned().map(Object::Job);
    sessions.chain(jobs).for_each(|object| survives(&object));
    let _common = (bound.common(), bound.asks(), bound.takes_input());
}

/// A line that no shell takes apart, and that says the same when it is read and written again.
fn survives(object: &Object) {
    let line = object.to_string();
    let splits =
        |c: char| c.is_whitespace() || c.is_control() || "*?[]/~$`'!()<>|&;#\\".contains(c);
    let escapes = line.replace("\\u", "");
    assert!(!escapes.contains(splits), "{line}");
    let again = Object::parse(&line).ok().map(|object| object.to_string());
    assert!(again.is_some(), "{line}");
    // The last digit of a fraction may be read as its neighbour.
    if !object.properties().values().any(has_fraction) {
        assert_eq!(again, Some(line));
    }
}

fn has_fraction(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Object(members) => members.values().any(has_fraction),
        other => other.is_f64(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_corpus() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus");
        let mut files = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            cmdlet_words(&std::fs::read(entry.unwrap().path()).unwrap());
            files += 1;
        }
        assert!(files > 5, "the corpus in {folder} is gone");
    }

    /// Words as people type them, and what is left of them after mistakes.
    fn word() -> impl Strategy<Value = String> {
        let names = CMDLETS.iter().flat_map(Cmdlet::all_parameters);
        let names: Vec<String> = names
            .map(|parameter| format!("-{}", parameter.name))
            .collect();
        let session = r#"{"PSTypeName":"PSSession","Id":1,"InstanceId":"00000000000000000000000000000001","x y":"*"}"#;
        let job =
            r#"{"PSTypeName":"PSRemotingJob","InstanceId":"00000000000000000000000000000002"}"#;
        let fixed = [
            "1", "a,b", "a,", ",", "{x", "y}", "{x}", "--", "-", "$true", session, job,
        ];
        prop_oneof![
            4 => prop::sample::select(names.clone()),
            2 => (prop::sample::select(names), 1..8_usize).prop_map(|(name, n)| {
                name.chars().take(n).collect()
            }),
            4 => prop::sample::select(fixed.map(str::to_owned).to_vec()),
            1 => "[-{}\"':,.@=;$a-c0-9 \\n]{0,12}",
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn any_bytes(data in prop::collection::vec(any::<u8>(), 0..200)) {
            cmdlet_words(&data);
        }

        #[test]
        fn any_words(index in 0..CMDLETS.len(), words in prop::collection::vec(word(), 0..7)) {
            let name = CMDLETS.get(index).map_or("", |cmdlet| cmdlet.name);
            let line = std::iter::once(name.to_owned()).chain(words);
            cmdlet_words(line.collect::<Vec<_>>().join("\0").as_bytes());
        }
    }
}
