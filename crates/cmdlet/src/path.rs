//! Property paths that were typed as commands: `$s.Runspace.ConnectionInfo`.
//!
//! A shell that has put an object in place of `$s` looks for a command of that name, finds none,
//! and asks its hook.

use crate::object::{Object, Properties};

/// Reads an object with the names of properties behind it, each after a dot. No name is a path
/// too: the object itself.
///
/// The properties are to be looked up by the caller; names mean them in any case.
pub fn parse_path(word: &str) -> Option<(Object, Vec<String>)> {
    let word = word.trim();
    let mut values = serde_json::Deserializer::from_str(word).into_iter::<Properties>();
    let object = Object::from_properties(values.next()?.ok()?).ok()?;
    if object.type_name().is_empty() {
        return None;
    }
    let rest = word.get(values.byte_offset()..)?;
    let mut parts = rest.split('.');
    if !parts.next()?.is_empty() {
        return None;
    }
    let segments: Option<Vec<String>> = parts.map(segment).collect();
    Some((object, segments?))
}

/// Reads what a shell passes to its hook when a variable holds several objects: the same path
/// for each of them, whether the path stands behind each object or behind the last one.
pub fn parse_paths(words: &[String]) -> Option<(Vec<Object>, Vec<String>)> {
    let lines = words.iter().flat_map(|word| word.lines());
    let mut objects = Vec::new();
    let mut path = Vec::new();
    for line in lines {
        let (object, segments) = parse_path(line)?;
        if !path.is_empty() && segments != path {
            return None;
        }
        objects.push(object);
        path = segments;
    }
    (!objects.is_empty()).then_some((objects, path))
}

fn segment(name: &str) -> Option<String> {
    let mut chars = name.chars();
    let first = chars.next()?;
    let begins = first.is_alphabetic() || first == '_';
    let whole = begins && chars.all(|c| c.is_alphanumeric() || c == '_');
    whole.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: &str = r#"{"PSTypeName":"PSSession","InstanceId":"aea84310-6dbf-4c21-90ac-13980039925a","Name":"a.b"}"#;

    fn segments(word: &str) -> Option<Vec<String>> {
        parse_path(word).map(|(_, segments)| segments)
    }

    #[test]
    fn paths_of_objects() {
        let found = segments(&format!("{S}.Runspace.ConnectionInfo.IdleTimeout")).unwrap();
        assert_eq!(found, ["Runspace", "ConnectionInfo", "IdleTimeout"]);
        assert_eq!(segments(S), Some(Vec::new()));
        for wrong in ["", "x", ".a", "{}.a", r#"{"a":1}.b"#] {
            assert_eq!(segments(wrong), None, "{wrong}");
        }
        for tail in [".", "..a", ".a.", "a", ".1", ".a b", ".a-b", "[0]"] {
            assert_eq!(segments(&format!("{S}{tail}")), None, "{tail}");
        }
    }

    #[test]
    fn paths_of_several_objects() {
        let words = |words: &[&str]| -> Vec<String> { words.iter().map(|w| (*w).into()).collect() };
        let one = format!("{S}.Name");
        let count = |given: &[&str]| {
            parse_paths(&words(given)).map(|(objects, path)| (objects.len(), path.len()))
        };
        assert_eq!(count(&[S, S, &one]), Some((3, 1)));
        assert_eq!(count(&[&one, &one]), Some((2, 1)));
        assert_eq!(count(&[&format!("{S}\n{S}\n{one}")]), Some((3, 1)));
        assert_eq!(count(&[S]), Some((1, 0)));
        assert_eq!(count(&[&one, S]), None);
        assert_eq!(count(&[&one, "-x"]), None);
        assert_eq!(count(&[]), None);
    }
}
