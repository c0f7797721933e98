//! What a pipeline is for: whether somebody sits in front of it, who sees lines where programs would
//! get objects.
//!
//! PowerShell's `Enter-PSSession` takes what is typed apart by the grammar of its own language, so
//! that quotes and patterns are lost in the commands that it sends; the line itself goes along for
//! the history. It adds `Out-Default`, and shows nothing but what that has its host show.

use serde::{Deserialize, Serialize};
use winsta_psrp::message::{CreatePipeline, HostInfo};

use super::completion::Completion;
use super::script;

/// Names of the command that leads out of a session.
const WAYS_OUT: [&str; 2] = ["exit-pssession", "exsn"];
/// The command that has a client's host show what comes.
const SCREEN: &str = "out-default";

/// What a pipeline wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// To run a script.
    Run { script: String, manner: Manner },
    /// That its client leaves the session.
    Leave,
}

/// What becomes of a pipeline's output.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Manner {
    /// Objects and error records.
    #[default]
    Objects,
    /// Lines on the screen of the client's host.
    Screen,
    /// None: what was to be shown ends in the middle of a command, which fails the pipeline.
    CutShort,
    /// One object that says how a word may go on.
    Completion(Completion),
}

/// What is wanted; `pool_has_screen` is whether the pool's client has.
pub(super) fn wish(create: &CreatePipeline, pool_has_screen: bool) -> Wish {
    if let Some(asked) = Completion::asked(&create.script) {
        return Wish::Run {
            script: asked.script(),
            manner: Manner::Completion(asked),
        };
    }
    let is_seen = if create.host_info.use_pool_host {
        pool_has_screen
    } else {
        has_screen(&create.host_info)
    };
    let last = create.script.statements.last().and_then(|s| s.last());
    let is_shown = last.is_some_and(|command| {
        !command.is_script && command.text.trim().eq_ignore_ascii_case(SCREEN)
    });
    if !is_seen || !is_shown {
        return Wish::Run {
            script: script::of(&create.script),
            manner: Manner::Objects,
        };
    }
    let typed = create.script.history.as_deref();
    let typed = typed.filter(|line| create.add_to_history && !line.trim().is_empty());
    let script = typed.map_or_else(|| script::of(&create.script), str::to_owned);
    if WAYS_OUT.contains(&script.trim().to_ascii_lowercase().as_str()) {
        return Wish::Leave;
    }
    let manner = Manner::Screen;
    Wish::Run { script, manner }
}

/// Whether a client's host can show something.
pub(super) fn has_screen(host: &HostInfo) -> bool {
    !host.is_null && !host.is_ui_null
}

/// Whether this is what bash says of a command that it has not seen the end of.
pub(super) fn is_cut_short(errors: &[u8]) -> bool {
    let first = errors.split(|byte| *byte == b'\n').next();
    let Some(said) = first.and_then(|line| line.strip_prefix(b"bash: ")) else {
        return false;
    };
    [
        &b"syntax error: unexpected end of file"[..],
        b"unexpected EOF while looking for matching",
    ]
    .iter()
    .any(|complaint| said.starts_with(complaint))
}

#[cfg(test)]
mod tests {
    use super::*;
    use winsta_psrp::clixml::Value;
    use winsta_psrp::message::{Command, PowerShell, ScreenSize};

    /// A line as `Enter-PSSession` sends it: commands with their arguments.
    fn typed(line: &str, commands: Vec<Command>) -> CreatePipeline {
        let mut script = PowerShell {
            statements: vec![commands],
            history: Some(line.to_owned()),
            ..PowerShell::default()
        };
        script.statements[0].push(Command::new("Out-Default"));
        CreatePipeline {
            add_to_history: true,
            ..CreatePipeline::new(script)
        }
    }

    #[test]
    fn what_is_typed_is_run_as_it_was_typed() {
        let ls = Command::new("ls")
            .with("-l", Value::Null)
            .with_argument("*.txt");
        let create = typed("ls -l *.txt", vec![ls]);
        let manner = Manner::Screen;
        let script = "ls -l *.txt".to_owned();
        assert_eq!(wish(&create, true), Wish::Run { script, manner });
        // Whoever has no screen gets objects.
        let manner = Manner::Objects;
        let script = "ls '-l' '*.txt'".to_owned();
        assert_eq!(wish(&create, false), Wish::Run { script, manner });
    }

    #[test]
    fn a_pipelines_own_host_counts_before_the_pools() {
        let mut create = typed("ls", vec![Command::new("ls")]);
        let size = ScreenSize {
            width: 80,
            height: 25,
        };
        create.host_info = HostInfo::console(size, "");
        let is_shown = |create: &CreatePipeline, pool| matches!(wish(create, pool), Wish::Run { manner, .. } if manner == Manner::Screen);
        assert!(is_shown(&create, false));
        create.host_info.is_ui_null = true;
        assert!(!is_shown(&create, true));
        create.host_info.use_pool_host = true;
        assert!(is_shown(&create, true));
        // What is not for the screen is not shown.
        create.script = PowerShell::script("ls");
        assert!(!is_shown(&create, true));
    }

    #[test]
    fn the_way_out_is_no_command_of_bash() {
        for line in ["Exit-PSSession", " exsn "] {
            let create = typed(line, vec![Command::new("Exit-PSSession")]);
            assert_eq!(wish(&create, true), Wish::Leave);
            assert_ne!(wish(&create, false), Wish::Leave);
        }
    }

    #[test]
    fn a_prompt_is_an_object() {
        let script = PowerShell {
            statements: vec![vec![Command::new("prompt")]],
            history: Some("prompt".to_owned()),
            ..PowerShell::default()
        };
        let wanted = wish(&CreatePipeline::new(script), true);
        let Wish::Run { script, manner } = wanted else {
            panic!("{wanted:?}");
        };
        assert!(script.contains("printf"), "{script}");
        assert_eq!(manner, Manner::Objects);
    }

    #[test]
    fn bash_says_so_when_more_has_to_come() {
        for said in [
            "bash: syntax error: unexpected end of file\n",
            "bash: unexpected EOF while looking for matching `\"'\nbash: more",
        ] {
            assert!(is_cut_short(said.as_bytes()), "{said}");
        }
        for said in [
            "",
            "bash: syntax error near unexpected token `)'\n",
            "bash: -c: line 1: syntax error: unexpected end of file\n",
            "oops\nbash: syntax error: unexpected end of file\n",
        ] {
            assert!(!is_cut_short(said.as_bytes()), "{said}");
        }
    }
}
