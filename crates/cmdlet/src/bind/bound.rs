//! A command line that is whole.

use super::{BindError, Partial, Sets, Value};
use crate::Guid;
use crate::object::{JobObject, Object, OptionKind, OptionObject, SessionObject};
use crate::table::{Cmdlet, CmdletId, Impact};

/// A cmdlet with all that it needs. Accessors take the names of parameters as the table writes
/// them; what was not given, or is of another type, is absent.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    partial: Partial,
    set: &'static str,
}

/// What is done about a message (`-ErrorAction`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is called what it is")]
pub enum Preference {
    SilentlyContinue,
    Stop,
    Continue,
    Inquire,
    Ignore,
    Suspend,
    Break,
}

/// What all cmdlets take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Common {
    /// Whether to say what is being done.
    pub verbose: bool,
    /// Whether to say what a developer wants to know.
    pub debug: bool,
    /// What is done about an error, if the user says it.
    pub error_action: Option<Preference>,
    /// What is done about a warning, if the user says it.
    pub warning_action: Option<Preference>,
    /// Whether only to say what would be done.
    pub what_if: bool,
    /// Whether to ask, if the user says it. `Some(false)` is `-Confirm:$false`.
    pub confirm: Option<bool>,
}

impl Bound {
    pub(super) fn new(partial: Partial, set: &'static str) -> Self {
        Self { partial, set }
    }

    /// Which cmdlet it is.
    pub fn id(&self) -> CmdletId {
        self.partial.cmdlet.id
    }

    /// The cmdlet.
    pub fn cmdlet(&self) -> &'static Cmdlet {
        self.partial.cmdlet
    }

    /// The parameter set.
    pub fn set(&self) -> &'static str {
        self.set
    }

    /// The names of the parameters that have a value, sorted.
    pub fn given(&self) -> impl Iterator<Item = &'static str> {
        self.partial.values.keys().copied()
    }

    /// Whether a parameter has a value.
    pub fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// A value.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.partial.values.get(name)
    }

    /// A text, path, credential, address or word.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.value(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A path, with the user's home folder in place of `$HOME` or `~` at its beginning: `$home`,
    /// as PowerShell's users write it, reaches a cmdlet as `$HOME`, so that it means the other
    /// machine's in a block of commands.
    pub fn path(&self, name: &str, home: &str) -> Option<String> {
        let path = self.text(name)?;
        let rest = path.strip_prefix("$HOME").or(path.strip_prefix('~'));
        match rest {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => Some(format!("{home}{rest}")),
            _ => Some(path.to_owned()),
        }
    }

    /// Texts; a single one, of a parameter that takes no array, counts too.
    pub fn texts(&self, name: &str) -> &[String] {
        match self.value(name) {
            Some(Value::Texts(texts)) => texts,
            Some(Value::Text(text)) => std::slice::from_ref(text),
            _ => &[],
        }
    }

    /// A whole number.
    pub fn int(&self, name: &str) -> Option<i32> {
        match self.value(name) {
            Some(Value::Int(number)) => Some(*number),
            _ => None,
        }
    }

    /// Whole numbers, or a single one.
    pub fn ints(&self, name: &str) -> &[i32] {
        match self.value(name) {
            Some(Value::Ints(numbers)) => numbers,
            Some(Value::Int(number)) => std::slice::from_ref(number),
            _ => &[],
        }
    }

    /// A number.
    pub fn double(&self, name: &str) -> Option<f64> {
        match self.value(name) {
            Some(Value::Double(number)) => Some(*number),
            _ => None,
        }
    }

    /// GUIDs, or a single one.
    pub fn guids(&self, name: &str) -> &[Guid] {
        match self.value(name) {
            Some(Value::Guids(guids)) => guids,
            Some(Value::Guid(guid)) => std::slice::from_ref(guid),
            _ => &[],
        }
    }

    /// Whether a switch is set.
    pub fn switch(&self, name: &str) -> bool {
        self.truth(name).unwrap_or_default()
    }

    /// A switch or truth, if it was given.
    pub fn truth(&self, name: &str) -> Option<bool> {
        match self.value(name) {
            Some(Value::Switch(on)) => Some(*on),
            _ => None,
        }
    }

    /// The sessions of `-Session`.
    pub fn sessions(&self) -> &[SessionObject] {
        match self.value("Session") {
            Some(Value::Sessions(sessions)) => sessions,
            _ => &[],
        }
    }

    /// The jobs of `-Job`.
    pub fn jobs(&self) -> &[JobObject] {
        match self.value("Job") {
            Some(Value::Jobs(jobs)) => jobs,
            _ => &[],
        }
    }

    /// Options, such as those of `-SessionOption`.
    pub fn options(&self, name: &str) -> Option<&OptionObject> {
        match self.value(name) {
            Some(Value::Options(options)) => Some(options),
            _ => None,
        }
    }

    /// The commands of `-ScriptBlock`, without braces around them.
    pub fn script(&self) -> Option<&str> {
        match self.value("ScriptBlock") {
            Some(Value::Script(script)) => Some(script),
            _ => None,
        }
    }

    /// The options that `New-PSSessionOption` or `New-PSTransportOption` makes.
    pub fn made_options(&self) -> Option<OptionObject> {
        let kind = match self.id() {
            CmdletId::NewPSSessionOption => OptionKind::Session,
            CmdletId::NewPSTransportOption => OptionKind::Transport,
            _ => return None,
        };
        let own = self.cmdlet().parameters.iter();
        let chosen = own
            .filter_map(|parameter| {
                let json = json(self.value(parameter.name)?)?;
                Some((parameter.name.to_owned(), json))
            })
            .collect();
        Some(OptionObject { kind, chosen })
    }

    /// Names and values, such as those of `-Options`.
    pub fn table(&self, name: &str) -> &[(String, String)] {
        match self.value(name) {
            Some(Value::Table(entries)) => entries,
            _ => &[],
        }
    }

    /// The object of `-InputObject`, from a pipe.
    pub fn input(&self) -> Option<&Object> {
        match self.value("InputObject") {
            Some(Value::Object(object)) => Some(object),
            _ => None,
        }
    }

    /// What all cmdlets take.
    pub fn common(&self) -> Common {
        Common {
            verbose: self.switch("Verbose"),
            debug: self.switch("Debug"),
            error_action: self.preference("ErrorAction"),
            warning_action: self.preference("WarningAction"),
            what_if: self.switch("WhatIf"),
            confirm: self.truth("Confirm"),
        }
    }

    /// Whether the user has to be asked before something is done.
    pub fn asks(&self) -> bool {
        let by_itself = self.cmdlet().impact == Impact::High && !self.switch("Force");
        self.truth("Confirm").unwrap_or(by_itself)
    }

    fn preference(&self, name: &str) -> Option<Preference> {
        let word = self.text(name)?;
        let all = [
            ("SilentlyContinue", Preference::SilentlyContinue),
            ("Stop", Preference::Stop),
            ("Continue", Preference::Continue),
            ("Inquire", Preference::Inquire),
            ("Ignore", Preference::Ignore),
            ("Suspend", Preference::Suspend),
            ("Break", Preference::Break),
        ];
        all.iter()
            .find(|(own, _)| *own == word)
            .map(|(_, preference)| *preference)
    }

    /// Whether an object from a pipe would find a parameter that takes it. Nothing says that one
    /// will come: who reads may wait for as long as the other end is open.
    pub fn takes_input(&self) -> bool {
        self.partial.takes_input()
    }

    /// Binds an object from a pipe on top of what is there; see [`Partial::bind_input`].
    pub fn bind_input(&self, line: &str) -> Result<Self, BindError> {
        self.partial.bind_input(line)
    }
}

/// An option as an object has it.
fn json(value: &Value) -> Option<serde_json::Value> {
    match value {
        Value::Switch(on) => Some((*on).into()),
        Value::Text(text) => Some(text.as_str().into()),
        Value::Int(number) => Some((*number).into()),
        Value::Double(number) => Some((*number).into()),
        Value::Table(entries) => {
            let members = entries
                .iter()
                .map(|(name, value)| (name.clone(), value.as_str().into()));
            Some(serde_json::Value::Object(members.collect()))
        }
        // No option is an array, a session or a script.
        Value::Texts(_)
        | Value::Ints(_)
        | Value::Guid(_)
        | Value::Guids(_)
        | Value::Sessions(_)
        | Value::Jobs(_)
        | Value::Options(_)
        | Value::Script(_)
        | Value::Object(_) => None,
    }
}

impl Partial {
    pub(super) fn sets(&self) -> Sets {
        self.sets
    }
}

#[cfg(test)]
mod tests {
    use crate::{Bound, Outcome, Preference, bind, find};

    fn bound(name: &str, words: &[&str]) -> Bound {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        match bind(find(name).unwrap(), &words) {
            Ok(Outcome::Ready(bound)) => bound,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn home_stands_at_the_beginning_of_a_path() {
        for (typed, path) in [
            ("$HOME/x", "/home/u/x"),
            ("~/x", "/home/u/x"),
            ("$HOME", "/home/u"),
            ("$HOMES/x", "$HOMES/x"),
            ("/a/$HOME", "/a/$HOME"),
            ("a~", "a~"),
        ] {
            let bound = bound("icm", &["-Cn", "a", "-FilePath", typed]);
            assert_eq!(bound.path("FilePath", "/home/u").as_deref(), Some(path));
        }
    }

    #[test]
    fn options_that_are_made() {
        let words = [
            "-Idle",
            "172800000",
            "-Output",
            "drop",
            "-SkipCACheck",
            "-Verbose",
        ];
        let bound = bound("New-PSSessionOption", &words);
        assert_eq!(
            bound
                .made_options()
                .map(|options| options.to_string())
                .as_deref(),
            Some(
                "{\"PSTypeName\":\"PSSessionOption\",\"IdleTimeout\":172800000,\
                 \"OutputBufferingMode\":\"Drop\",\"SkipCACheck\":true}"
            )
        );
        assert_eq!(self::bound("nsn", &[]).made_options(), None);
    }

    #[test]
    fn who_is_asked() {
        assert!(!bound("dnsn", &["1"]).asks());
        assert!(bound("dnsn", &["1", "-Confirm"]).asks());
        assert!(!bound("dnsn", &["1", "-Confirm:$false"]).asks());
        assert!(bound("Unregister-PSSessionConfiguration", &["x"]).asks());
        assert!(!bound("Unregister-PSSessionConfiguration", &["x", "-Force"]).asks());
        assert!(!bound("Unregister-PSSessionConfiguration", &["x", "-Confirm:0"]).asks());
    }

    #[test]
    fn what_all_cmdlets_take() {
        let common = bound("rsn", &["1", "-wi", "-vb", "-ea", "ignore", "-wa", "Stop"]).common();
        assert!(common.what_if && common.verbose && !common.debug);
        assert_eq!(common.confirm, None);
        assert_eq!(common.error_action, Some(Preference::Ignore));
        assert_eq!(common.warning_action, Some(Preference::Stop));
    }
}
