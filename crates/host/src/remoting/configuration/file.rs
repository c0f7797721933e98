//! The file of a session configuration: TOML, a key for each property.

use std::collections::BTreeMap;
use std::path::Path;

use toml::Spanned;
use winsta_api::{ConfigurationSettings, SessionConfiguration};

use super::super::engines;
use super::super::limits::Limits;

/// The shortest idle timeout, in milliseconds.
const MIN_IDLE: u64 = winsta_domain::shell::MIN_IDLE;
/// The longest text in a file, in bytes.
const MAX_TEXT: usize = 4_096;
/// Most users and groups in `permission`.
const MAX_NAMES: usize = 1_000;

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub(crate) struct Mistake {
    pub(super) line: usize,
    pub(super) why: String,
}

/// A value that a property cannot have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key} {why}")]
pub(crate) struct BadValue {
    key: &'static str,
    why: String,
}

/// Reads a file of a host of user `owner`.
pub(super) fn parse(text: &str, owner: &str) -> Result<ConfigurationSettings, Mistake> {
    let settings = toml::from_str(text).map_err(|error| mistake(text, &error))?;
    check(&settings, owner).map_err(|bad| Mistake {
        line: line_of(text, bad.key),
        why: bad.to_string(),
    })?;
    Ok(settings)
}

/// Gives a file these values; all else of it stays, comments too.
pub(super) fn edit(text: &str, changes: &ConfigurationSettings) -> Result<String, Mistake> {
    let said = keys(text).map_err(|error| mistake(text, &error))?;
    let changes = serde_json::to_value(changes).unwrap_or_default();
    let mut replaced = Vec::new();
    let mut added = String::new();
    for (key, value) in changes.as_object().into_iter().flatten() {
        let value = written(value);
        match said.iter().find(|(known, _)| known.get_ref() == key) {
            Some((_, old)) => replaced.push((old.span(), value)),
            None => added.extend([key.as_str(), " = ", value.as_str(), "\n"]),
        }
    }
    replaced.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let mut text = text.to_owned();
    for (span, value) in replaced {
        text.replace_range(span, &value);
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text + &added)
}

/// What holds: what the file says, and the host's own limits for what it does not.
pub(super) fn resolve(
    name: &str,
    limits: &Limits,
    settings: ConfigurationSettings,
) -> SessionConfiguration {
    let base = limits.configuration(name);
    let text = |text: Option<String>| text.filter(|text| !text.is_empty());
    let max_idle = settings
        .max_idle_timeout_ms
        .unwrap_or(base.max_idle_timeout_ms);
    let idle = settings.idle_timeout_ms.unwrap_or(base.idle_timeout_ms);
    let number = |said: Option<u32>, base: u32| said.unwrap_or(base);
    SessionConfiguration {
        engine: settings.engine.unwrap_or(base.engine),
        marker: text(settings.marker),
        startup_script: text(settings.startup_script),
        enabled: settings.enabled.unwrap_or(true),
        max_shells: number(settings.max_shells, base.max_shells),
        max_shells_per_user: number(settings.max_shells_per_user, base.max_shells_per_user),
        max_concurrent_users: number(settings.max_concurrent_users, base.max_concurrent_users),
        max_concurrent_commands_per_shell: number(
            settings.max_concurrent_commands_per_shell,
            base.max_concurrent_commands_per_shell,
        ),
        max_processes_per_shell: number(
            settings.max_processes_per_shell,
            base.max_processes_per_shell,
        ),
        max_memory_per_shell_mb: number(
            settings.max_memory_per_shell_mb,
            base.max_memory_per_shell_mb,
        ),
        process_idle_timeout_sec: number(
            settings.process_idle_timeout_sec,
            base.process_idle_timeout_sec,
        ),
        idle_timeout_ms: idle.min(max_idle),
        max_idle_timeout_ms: max_idle,
        output_buffering_mode: settings.output_buffering_mode.unwrap_or_default(),
        run_as_user: text(settings.run_as_user),
        auto_restart: settings.auto_restart.unwrap_or_default(),
        permission: settings.permission.unwrap_or_default(),
        ..base
    }
}

type Keys = BTreeMap<Spanned<String>, Spanned<toml::Value>>;

fn keys(text: &str) -> Result<Keys, toml::de::Error> {
    toml::from_str(text)
}

fn mistake(text: &str, error: &toml::de::Error) -> Mistake {
    let at = error.span().map_or(0, |span| span.start);
    let why = error.message().lines().collect::<Vec<_>>().join(", ");
    Mistake {
        line: line_at(text, at),
        why,
    }
}

fn line_of(text: &str, key: &str) -> usize {
    let said = keys(text).unwrap_or_default();
    let found = said.keys().find(|known| known.get_ref() == key);
    line_at(text, found.map_or(0, |known| known.span().start))
}

fn line_at(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().iter().take(offset);
    before.filter(|byte| **byte == b'\n').count() + 1
}

/// A value as TOML has it. What JSON writes of texts without control characters, TOML reads.
fn written(value: &serde_json::Value) -> String {
    let serde_json::Value::Array(items) = value else {
        return value.to_string();
    };
    let items: Vec<String> = items.iter().map(written).collect();
    format!("[{}]", items.join(", "))
}

/// Whether all values are such as the properties can have.
pub(super) fn check(settings: &ConfigurationSettings, owner: &str) -> Result<(), BadValue> {
    let bad = |key, why: String| Err(BadValue { key, why });
    for (key, number) in [
        ("max_shells", settings.max_shells),
        ("max_shells_per_user", settings.max_shells_per_user),
        ("max_concurrent_users", settings.max_concurrent_users),
        (
            "max_concurrent_commands_per_shell",
            settings.max_concurrent_commands_per_shell,
        ),
    ] {
        if number == Some(0) {
            return bad(key, "must be at least 1".to_owned());
        }
    }
    for (key, time) in [
        ("idle_timeout_ms", settings.idle_timeout_ms),
        ("max_idle_timeout_ms", settings.max_idle_timeout_ms),
    ] {
        if time.is_some_and(|time| time < MIN_IDLE || time > i64::MAX.unsigned_abs()) {
            return bad(key, format!("must be at least {MIN_IDLE}, a minute"));
        }
    }
    if let (Some(idle), Some(most)) = (settings.idle_timeout_ms, settings.max_idle_timeout_ms)
        && idle > most
    {
        let why = format!("is {idle}, more than max_idle_timeout_ms allows: {most}");
        return bad("idle_timeout_ms", why);
    }
    check_texts(settings, owner)
}

fn check_texts(settings: &ConfigurationSettings, owner: &str) -> Result<(), BadValue> {
    let bad = |key, why: String| Err(BadValue { key, why });
    let texts = |texts: &Option<Vec<String>>| texts.clone().unwrap_or_default();
    let (engine, names) = (texts(&settings.engine), texts(&settings.permission));
    for (key, text) in engine
        .iter()
        .map(|text| ("engine", text))
        .chain(names.iter().map(|text| ("permission", text)))
        .chain(
            settings
                .startup_script
                .iter()
                .map(|t| ("startup_script", t)),
        )
        .chain(settings.marker.iter().map(|t| ("marker", t)))
        .chain(settings.run_as_user.iter().map(|t| ("run_as_user", t)))
    {
        if text.len() > MAX_TEXT || text.chars().any(char::is_control) {
            return bad(key, "is too long or holds a control character".to_owned());
        }
    }
    let marker = settings.marker.as_deref().filter(|text| !text.is_empty());
    if marker.is_some_and(|text| !text.contains(engines::PLACE)) {
        return bad("marker", format!("has no {} in it", engines::PLACE));
    }
    if settings.engine.is_some()
        && let Err(why) = engines::check(&engine, marker)
    {
        return bad("engine", why);
    }
    let script = settings.startup_script.as_deref().unwrap_or_default();
    if !script.is_empty() && !Path::new(script).is_absolute() {
        return bad(
            "startup_script",
            format!("{script:?} is not an absolute path"),
        );
    }
    if !script.is_empty() && engines::is_told(&engine) {
        let why = "cannot be had with an engine that has a marker";
        return bad("startup_script", why.to_owned());
    }
    if !script.is_empty() && engines::is_powershell(&engine) {
        let why = "cannot be had with pwsh, which has profiles for that: give it -s -NoLogo alone";
        return bad("startup_script", why.to_owned());
    }
    let user = settings.run_as_user.as_deref().unwrap_or_default();
    if !user.is_empty() && user != owner {
        let why = format!(
            "{user:?} is not the user of this host, {owner}: a host runs sessions as its own user only"
        );
        return bad("run_as_user", why);
    }
    if names.len() > MAX_NAMES
        || names
            .iter()
            .any(|name| name.trim_start_matches('@').is_empty())
    {
        return bad(
            "permission",
            "names too many, or holds an empty name".to_owned(),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use winsta_api::BufferingMode;

    use super::*;

    const WHOLE: &str = "\
# For the team.
engine = 'sh -x'
marker = 'echo {marker}'
startup_script = '/etc/a b.sh'
enabled = false
max_shells = 3
max_shells_per_user = 2
max_concurrent_users = 4 # people
max_concurrent_commands_per_shell = 5
max_processes_per_shell = 0
max_memory_per_shell_mb = 64
process_idle_timeout_sec = 7
idle_timeout_ms = 60000
max_idle_timeout_ms = 120000
output_buffering_mode = 'drop'
run_as_user = 'ann'
auto_restart = true
permission = [
    'bob', # the boss
    '@ops',
]
";

    #[test]
    fn every_key_is_read() {
        let settings = parse(WHOLE, "ann").unwrap();
        let resolved = resolve("ITTasks", &Limits::default(), settings);
        assert_eq!(resolved.engine, ["sh", "-x"]);
        assert_eq!(resolved.marker.as_deref(), Some("echo {marker}"));
        assert_eq!(resolved.permission, ["bob", "@ops"]);
        assert_eq!(resolved.output_buffering_mode, BufferingMode::Drop);
        assert_eq!((resolved.enabled, resolved.auto_restart), (false, true));
        assert_eq!(resolved.startup_script.as_deref(), Some("/etc/a b.sh"));
        assert_eq!(
            (resolved.idle_timeout_ms, resolved.max_idle_timeout_ms),
            (60_000, 120_000)
        );
    }

    #[test]
    fn what_is_not_said_is_the_hosts_own() {
        let limits = Limits {
            max_shells: 9,
            idle_timeout_ms: 7_200_000,
            ..Limits::default()
        };
        let settings = parse("max_idle_timeout_ms = 60000", "ann").unwrap();
        let resolved = resolve("x", &limits, settings);
        assert_eq!(resolved.max_shells, 9);
        assert_eq!(resolved.idle_timeout_ms, 60_000, "never more than the most");
        assert!(resolved.enabled && resolved.engine == ["bash"]);
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        for (text, line, words) in [
            (
                "max_shells = 1\nmax_shell = 2",
                2,
                "unknown field `max_shell`",
            ),
            ("\nmax_shells = 'many'", 2, "invalid type"),
            ("max_shells = -1", 1, "invalid value"),
            ("\n\nmax_shells = 0", 3, "max_shells must be at least 1"),
            ("idle_timeout_ms = 59999", 1, "at least 60000"),
            (
                "max_idle_timeout_ms = 60000\nidle_timeout_ms = 60001",
                2,
                "more than max_idle_timeout_ms",
            ),
            ("output_buffering_mode = 'None'", 1, "unknown variant"),
            ("engine = 'python3 x.py'", 1, "engine"),
            ("engine = 'bc'", 1, "unless marker has a line"),
            ("engine = 'bc'\nmarker = 'print 1'", 2, "has no {marker}"),
            (
                "marker = '{marker}'\nengine = 'cat'\nstartup_script = '/x'",
                3,
                "cannot be had",
            ),
            ("engine = []", 1, "engine"),
            ("startup_script = 'a.sh'", 1, "absolute"),
            (
                "engine = 'pwsh'\nstartup_script = '/a.ps1'",
                2,
                "cannot be had with pwsh",
            ),
            (
                "run_as_user = 'bob'",
                1,
                "ann: a host runs sessions as its own",
            ),
            ("permission = ['@']", 1, "permission"),
            ("[limits]\nmax_shells = 1", 1, "unknown field"),
            ("max_shells = 1\nwhat", 2, ""),
        ] {
            let mistake = parse(text, "ann").unwrap_err();
            let said = mistake.to_string();
            assert!(said.contains(words), "{text}: {said}");
            assert_eq!(mistake.line, line, "{text}: {said}");
        }
    }

    #[test]
    fn changes_leave_comments_alone() {
        let changes = ConfigurationSettings {
            max_concurrent_users: Some(40),
            permission: Some(vec!["it's \"me\"".to_owned()]),
            run_as_user: Some(String::new()),
            ..ConfigurationSettings::default()
        };
        let edited = edit(WHOLE, &changes).unwrap();
        assert!(
            edited.contains("max_concurrent_users = 40 # people\n"),
            "{edited}"
        );
        assert!(edited.starts_with("# For the team.\n"), "{edited}");
        let settings = parse(&edited, "ann").unwrap();
        assert_eq!(settings.permission, changes.permission);
        assert_eq!(resolve("x", &Limits::default(), settings).run_as_user, None);
        assert_eq!(edit("", &changes).unwrap().lines().count(), 3);
        assert_eq!(edit("enabled = true", &changes).unwrap().lines().count(), 4);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,80}|([a-z_]{1,12} = [0-9'\\[\\]a-z]{0,9}\n){0,4}") {
            let _ = parse(&text, "ann");
            let _ = edit(&text, &ConfigurationSettings::default());
        }

        #[test]
        fn what_is_written_is_read_back(
            script in "/[^\\x00-\\x1f\\x7f-\\u{9f}]{0,20}", number in 1_u32.., names in prop::collection::vec("[^\\x00-\\x1f\\x7f-\\u{9f}@]{1,9}", 0..4),
        ) {
            let changes = ConfigurationSettings {
                startup_script: Some(script),
                max_shells: Some(number),
                permission: Some(names),
                ..ConfigurationSettings::default()
            };
            for text in ["", WHOLE] {
                let settings = parse(&edit(text, &changes).unwrap(), "ann").unwrap();
                prop_assert_eq!(&settings.startup_script, &changes.startup_script);
                prop_assert_eq!(&settings.max_shells, &changes.max_shells);
                prop_assert_eq!(&settings.permission, &changes.permission);
            }
        }
    }
}
