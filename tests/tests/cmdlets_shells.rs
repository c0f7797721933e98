//! The cmdlets in shells other than bash, with a real host.

use winsta_tests::binary::winsta;
use winsta_tests::desk::{Desk, Ran, lines};
use winsta_tests::tmux::have;

/// A shell: its program, what it gets, how it learns the names, and how it keeps an output.
struct Shell {
    program: &'static str,
    options: &'static [&'static str],
    learn: fn(&str) -> String,
    keep: fn(&str, &str) -> String,
}

const SHELLS: [Shell; 2] = [
    Shell {
        program: "zsh",
        options: &["-fc"],
        learn: |winsta| format!("eval \"$({winsta} aliases zsh)\""),
        keep: |name, command| format!("{name}=$({command})"),
    },
    Shell {
        program: "fish",
        options: &["--no-config", "-c"],
        learn: |winsta| format!("{winsta} aliases fish | source"),
        keep: |name, command| format!("set {name} ({command})"),
    },
];

fn run(desk: &Desk, shell: &Shell, script: &str) -> Ran {
    // The same variables lead to the host as in bash.
    let mut command = desk.bash_command("");
    let variables: Vec<_> = command
        .get_envs()
        .map(|(k, v)| (k.to_owned(), v.map(ToOwned::to_owned)))
        .collect();
    command = std::process::Command::new(shell.program);
    for (name, value) in variables {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let learn = (shell.learn)(&winsta().display().to_string());
    let script = format!("{learn}\n{script}");
    command
        .args(shell.options)
        .arg(script)
        .stdin(std::process::Stdio::null());
    command.output().expect("the shell runs").into()
}

#[test]
fn sessions_are_made_left_and_taken_back() {
    for shell in SHELLS {
        if !have(shell.program) {
            continue;
        }
        let desk = Desk::new();
        let made = (shell.keep)("s", "New-PSSession -Name ITTask");
        let again = (shell.keep)(
            "t",
            "Get-PSSession -Name ITTask | Disconnect-PSSession -OutputBufferingMode Drop -IdleTimeoutSec 86400",
        );
        let ran = run(
            &desk,
            &shell,
            &format!(
                "{made}
            Invoke-Command $s '{{cd /; x=1}}'
            Invoke-Command $s '{{pwd; echo $x; for i in 1 2; do echo \"* $i\"; done}}'
            {again}
            Get-PSSession | Format-List Name, State
            Connect-PSSession $t > /dev/null
            Invoke-Command $s '{{echo $x $PWD}}'
            Remove-PSSession $s
            Get-PSSession"
            ),
        );
        let shown = lines(&ran.out);
        let expected = [
            "/",
            "1",
            "* 1",
            "* 2",
            "Name : ITTask",
            "State : Disconnected",
            "1 /",
        ];
        assert_eq!(shown, expected, "{}: {ran:?}", shell.program);
    }
}
