//! The shells that run the commands of PSSessions.
//!
//! A shell takes command after command from its standard input and has to say where the output of
//! each ends. bash does that in `PROMPT_COMMAND`; the others in `PS1`, whose commands they run
//! whenever they are ready for the next line. Until that is read bash ignores interrupts, which would
//! make two lines of one.
//!
//! PowerShell's own program is told nothing: it speaks the protocol of its clients. What is no shell is
//! in [`others`].

mod others;

use std::path::{Path, PathBuf};

use winsta_api::SessionConfiguration;
use winsta_client::dirs;

pub(super) use self::others::PLACE;
use super::runspace::{Telling, quoted};
use crate::engine::Engine;

/// The shell of those who say nothing.
pub(super) const BASH: &str = "bash";
/// Other shells that run the commands in their prompt.
const OTHERS: [&str; 3] = ["sh", "dash", "ash"];
/// PowerShell's own program, and what it is called where a test version is beside it.
const POWERSHELL: [&str; 2] = ["pwsh", "pwsh-preview"];

/// Options of one letter that sessions can have.
const HARMLESS: &str = "abefhpuvxBCEHPT";

/// How a shell says that a command has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bash,
    Other,
    /// It says so itself, in its own protocol.
    PowerShell,
    Python,
    /// It is told to, by a line of its own language.
    Told,
}

/// Parameters that PowerShell's program can have in a session; the latter have a value.
const SWITCHES: [&str; 8] = [
    "-s",
    "-servermode",
    "-nologo",
    "-nol",
    "-noprofile",
    "-nop",
    "-noninteractive",
    "-noni",
];
const VALUES: [&str; 8] = [
    "-executionpolicy",
    "-ep",
    "-ex",
    "-settingsfile",
    "-settings",
    "-configurationfile",
    "-workingdirectory",
    "-wd",
];
/// What it has if the configuration gives it nothing.
const SERVER: [&str; 3] = ["-s", "-NoLogo", "-NoProfile"];

/// Whether a command with its arguments can be the engine of sessions; if not, why.
pub(super) fn check(words: &[String], marker: Option<&str>) -> Result<(), String> {
    let Some((program, options)) = words.split_first() else {
        return Err("names no program".to_owned());
    };
    match (kind(program), marker) {
        (Kind::Told, Some(_)) => return Ok(()),
        (Kind::Told, None) => {
            return Err(format!(
                "{program:?} does not say where the output of a command ends, so it cannot run sessions \
                 unless marker has a line that makes it; these do: bash, sh, dash, ash, python3 and \
                 pwsh, by name or by absolute path"
            ));
        }
        (Kind::PowerShell, _) => return check_powershell(options),
        (Kind::Python, _) => return others::python_options(options).map(drop),
        (Kind::Bash | Kind::Other, _) => {}
    }
    match options.iter().find(|option| !is_harmless(option)) {
        Some(option) => Err(format!(
            "cannot have the option {option:?}: sessions work with --posix, and with -x, -u and others \
             of {HARMLESS}"
        )),
        None => Ok(()),
    }
}

/// Whether PowerShell's program serves a client with these parameters.
fn check_powershell(options: &[String]) -> Result<(), String> {
    let mut rest = options.iter();
    while let Some(option) = rest.next() {
        let name = option.to_ascii_lowercase();
        let has_value = VALUES.contains(&name.as_str());
        if has_value && rest.next().is_some() || SWITCHES.contains(&name.as_str()) {
            continue;
        }
        return Err(if has_value {
            format!("names no value for {option:?}")
        } else {
            format!(
                "cannot have the parameter {option:?}: sessions work with -NoProfile, -NonInteractive, \
                 -ExecutionPolicy, -SettingsFile, -ConfigurationFile and -WorkingDirectory"
            )
        });
    }
    Ok(())
}

/// Whether an engine speaks PowerShell remoting itself.
pub(super) fn is_powershell(words: &[String]) -> bool {
    kind_of(words) == Kind::PowerShell
}

/// Whether an engine's marks are lines of its output, where its errors are as well.
pub(super) fn is_told(words: &[String]) -> bool {
    kind_of(words) == Kind::Told
}

/// Whether an engine runs scripts of a shell.
pub(super) fn is_shell(words: &[String]) -> bool {
    matches!(kind_of(words), Kind::Bash | Kind::Other)
}

/// Whether a shell with this option still reads commands, and may write where it is told to.
fn is_harmless(option: &str) -> bool {
    let letters = option.strip_prefix(['-', '+']).unwrap_or_default();
    let is_short = !letters.is_empty() && letters.chars().all(|letter| HARMLESS.contains(letter));
    option == "--posix" || is_short
}

/// The kind of an engine; those who say nothing have bash.
fn kind_of(words: &[String]) -> Kind {
    words.first().map_or(Kind::Bash, |program| kind(program))
}

fn kind(program: &str) -> Kind {
    let name = match program.rsplit_once('/') {
        Some((_, name)) if program.starts_with('/') => name,
        Some(_) => return Kind::Told,
        None => program,
    };
    match name {
        BASH => Kind::Bash,
        name if OTHERS.contains(&name) => Kind::Other,
        name if POWERSHELL.contains(&name) => Kind::PowerShell,
        name if others::is_python(name) => Kind::Python,
        _ => Kind::Told,
    }
}

/// The program of a runspace with its arguments.
pub(super) fn program(words: &[String]) -> Vec<String> {
    let (program, options) = match words.split_first() {
        Some((program, options)) => (program.as_str(), options),
        None => (BASH, words),
    };
    let path = match program {
        "bash" => "/bin/bash",
        "sh" => "/bin/sh",
        other => other,
    };
    let kind = kind_of(words);
    match kind {
        Kind::Python => return others::python(program, options),
        Kind::Told => return others::merged(words),
        Kind::Bash | Kind::Other | Kind::PowerShell => {}
    }
    if kind == Kind::PowerShell {
        let is_server = |option: &&String| {
            let name = option.to_ascii_lowercase();
            ["-s", "-servermode"].contains(&name.as_str())
        };
        let own: &[&str] = match options.iter().find(is_server) {
            Some(_) => &[],
            None if options.is_empty() => &SERVER,
            None => SERVER.get(..2).unwrap_or_default(),
        };
        let words = std::iter::once(path).chain(own.iter().copied());
        let options = options.iter().map(String::as_str);
        return words.chain(options).map(str::to_owned).collect();
    }
    // bash wants its long options first.
    let (long, short): (Vec<&str>, Vec<&str>) = options
        .iter()
        .map(String::as_str)
        .partition(|option| option.starts_with("--"));
    let own: &[&str] = if kind == Kind::Other {
        &["-i"]
    } else {
        &["--noediting", "--norc", "--noprofile", "+H", "-i"]
    };
    let words = std::iter::once(path).chain(long);
    words
        .chain(own.iter().copied())
        .chain(short)
        .map(str::to_owned)
        .collect()
}

/// How cmdlets are called in a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    /// What stands before a cmdlet's name: variables that lead to this host, and its program.
    pub(super) call: String,
}

impl Engine {
    /// How the cmdlets of sessions reach this very host.
    pub(super) fn session_words(&self) -> Words {
        let path = |path: &Path| quoted(&path.to_string_lossy());
        let program = own_program(&std::fs::read_link("/proc/self/exe").unwrap_or_default());
        Words {
            call: format!(
                "{}={} {}={} {}",
                dirs::RUNTIME_VAR,
                path(self.dirs.runtime()),
                dirs::STATE_VAR,
                path(self.dirs.state()),
                path(&program)
            ),
        }
    }
}

/// The path of a host's program: of the one that came in its place, if it was replaced meanwhile.
fn own_program(link: &Path) -> PathBuf {
    let text = link.to_string_lossy();
    let path = PathBuf::from(text.strip_suffix(" (deleted)").unwrap_or(&text));
    if path.is_file() {
        path
    } else {
        PathBuf::from("winsta")
    }
}

/// The cmdlets that are words of a session.
const CMDLETS: [&str; 6] = [
    "Get-PSSessionConfiguration",
    "Register-PSSessionConfiguration",
    "Unregister-PSSessionConfiguration",
    "Set-PSSessionConfiguration",
    "Enable-PSSessionConfiguration",
    "Disable-PSSessionConfiguration",
];

/// How an engine that is no shell is told to run a command; `None`: it is a shell.
pub(super) fn telling(
    terms: &SessionConfiguration,
    (word, number): (&str, u32),
    script: &str,
    input: &[String],
) -> Option<Telling> {
    match kind_of(&terms.engine) {
        Kind::Python => Some(others::python_command(number, script, input)),
        Kind::Told => {
            let marker = terms.marker.as_deref().unwrap_or(PLACE);
            Some(others::command(marker, (word, number), script, input))
        }
        Kind::Bash | Kind::Other | Kind::PowerShell => None,
    }
}

/// What the engine has to read first: one line, and nothing in it starts a process but what the
/// startup script does.
pub(super) fn opening(terms: &SessionConfiguration, word: &str, words: &Words) -> String {
    let startup = terms.startup_script.as_deref();
    let mark = format!("printf \"\\036{word};%d;%d\\037\" \"$__winsta\" \"$__winsta_status\"");
    let status = "__winsta_status=$?";
    let marks = format!("{mark} >&7; {mark} >&8");
    let streams = "exec 7>&1 8>&2; __winsta=0;";
    let mut line = match kind_of(&terms.engine) {
        Kind::Python => return others::python_opening(word, startup),
        Kind::Told => {
            let marker = terms.marker.as_deref().unwrap_or(PLACE);
            return others::mark(marker, (word, 0), 0);
        }
        Kind::Bash | Kind::PowerShell => format!(
            "PS1= PS2= HISTFILE=; set +o history; {streams} PROMPT_COMMAND='{status}; trap \"\" INT; {marks}'; \
             readonly PROMPT_COMMAND; {}",
            hook(words)
        ),
        Kind::Other => format!(
            "PS2= HISTFILE=; {streams} PS1='$({status}; {marks})'; readonly PS1; {}",
            aliases(words)
        ),
    };
    if let Some(script) = startup {
        line.extend([" . ", &quoted(script), " </dev/null"]);
    }
    line.push('\n');
    line
}

/// What bash does with words that are no commands.
fn hook(words: &Words) -> String {
    let names = CMDLETS.map(str::to_ascii_lowercase).join("|");
    format!(
        "command_not_found_handle() {{ case ${{1,,}} in {names}) {} \"$@\"; return;; esac; \
         printf 'bash: %s: command not found\\n' \"$1\" >&2; return 127; }};",
        words.call
    )
}

/// Names for shells that have no such hook.
fn aliases(words: &Words) -> String {
    let alias = |name: &&str| {
        format!(
            "alias {name}={};",
            quoted(&format!("{} {name}", words.call))
        )
    };
    CMDLETS.iter().map(alias).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::limits::Limits;
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn shells_that_say_where_commands_end() {
        for good in [
            "bash",
            "sh",
            "dash -x",
            "/opt/bash --posix -x",
            "/usr/bin/ash",
            "pwsh",
            "/opt/pwsh -NoProfile -ep Bypass -s",
            "python3 -i",
        ] {
            assert_eq!(check(&words(good), None), Ok(()), "{good}");
        }
        for bad in [
            "",
            "python3 script.py",
            "zsh",
            "./bash",
            "bash script",
            "/bin/sh -c ls",
            "bash -r",
            "bash --restricted",
            "bash -",
            "pwsh -Command ls",
            "pwsh -NoProfile x.ps1",
            "pwsh -WorkingDirectory",
        ] {
            assert!(check(&words(bad), None).is_err(), "{bad}");
        }
        assert_eq!(check(&words("bc -q"), Some("")), Ok(()));
        assert!(check(&words("bash -r"), Some("")).is_err());
        assert_eq!(program(&words("sh -x")), ["/bin/sh", "-i", "-x"]);
        assert_eq!(
            program(&words("pwsh")),
            ["pwsh", "-s", "-NoLogo", "-NoProfile"]
        );
        assert_eq!(
            program(&words("/opt/pwsh -ep Bypass")),
            ["/opt/pwsh", "-s", "-NoLogo", "-ep", "Bypass"]
        );
        assert_eq!(program(&words("pwsh -ServerMode")), ["pwsh", "-ServerMode"]);
        let program = program(&words("bash -x --posix"));
        assert_eq!(program.get(..2), Some(&words("/bin/bash --posix")[..]));
        assert_eq!(program.last().map(String::as_str), Some("-x"));
    }

    #[test]
    fn a_program_that_was_replaced_is_found_again() {
        let own = std::env::current_exe().unwrap();
        let mut gone = own.clone().into_os_string();
        gone.push(" (deleted)");
        assert_eq!(own_program(&own), own);
        assert_eq!(own_program(Path::new(&gone)), own);
        let nowhere = Path::new("/nowhere/winsta (deleted)");
        assert_eq!(own_program(nowhere), Path::new("winsta"));
    }

    #[test]
    fn the_opening_is_one_line() {
        for engine in ["bash", "sh", "python3"] {
            let terms = SessionConfiguration {
                engine: words(engine),
                startup_script: Some("/it's here".to_owned()),
                ..Limits::default().configuration("x")
            };
            let line = opening(&terms, "w0rd", &Words::default());
            assert_eq!(line.lines().count(), 1, "{line}");
            let end = match engine {
                "python3" => "\"startup\":\"/it's here\",\"word\":\"w0rd\"}\n",
                _ => ". '/it'\\''s here' </dev/null\n",
            };
            assert!(line.ends_with(end), "{line}");
        }
    }
}
