//! The names in real shells. zsh and fish are tried where they are installed.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use winsta_cmdlet::aliases::{Shell, aliases};

/// A folder with a program that prints its arguments, a line each, and with two files.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("winsta-cmdlet {name} {}", std::process::id()));
        fs::create_dir_all(folder.join("files")).unwrap();
        for file in ["a", "b c"] {
            fs::write(folder.join("files").join(file), "").unwrap();
        }
        let program = folder.join("winsta");
        fs::write(&program, "#!/bin/sh\nprintf '<%s>' \"$@\"\necho\n").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        Self(folder)
    }

    fn program(&self) -> String {
        self.0.join("winsta").to_str().unwrap().to_owned()
    }

    /// What a script prints in a folder with files, after reading the names; errors too.
    fn run(&self, (program, options): (&str, &[&str]), shell: Shell, script: &str) -> String {
        let names = aliases(shell, &self.program());
        fs::write(self.0.join("names"), names).unwrap();
        let source = self.0.join("names");
        let script = script.replace("NAMES", &format!("'{}'", source.to_str().unwrap()));
        let output = Command::new(program)
            .args(options)
            .arg(script)
            .current_dir(self.0.join("files"))
            .env("LC_ALL", "C.UTF-8")
            .output()
            .unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        String::from_utf8(output.stdout).unwrap() + &errors
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const BASH: (&str, &[&str]) = ("bash", &["--norc", "-c"]);
const ZSH: (&str, &[&str]) = ("zsh", &["-fc"]);
const FISH: (&str, &[&str]) = ("fish", &["--no-config", "-c"]);

/// What is the same in all three: `$s` is an object, `two` holds two of them.
const S: &str = r#"{"PSTypeName":"PSSession","Name":"a\u0020b","Id":1}"#;

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found =
        std::env::split_paths(&path).any(|folder| Path::new(&folder).join(program).exists());
    if !found {
        eprintln!("skipped: {program} is not installed");
    }
    found
}

/// Lines of a script and what they print.
fn check(place: &Place, how: (&str, &[&str]), shell: Shell, before: &str, cases: &[(&str, &str)]) {
    for (line, expected) in cases {
        let printed = place.run(how, shell, &format!("{before}\n{line}\n"));
        assert_eq!(printed.trim_end(), *expected, "{} in {line}", how.0);
    }
}

#[test]
fn bash_has_the_names() {
    let place = Place::new("bash");
    let before = format!("s='{S}'; . NAMES; . NAMES; two=\"$s\n$s\"");
    let path = format!("<get-property><{S}.Runspace.ConnectionInfo>");
    let twice = format!("<get-property><{S}><{S}.Name>");
    let sessions = format!("<Disconnect-PSSession><{S}><{S}><-IdleTimeoutSec><43200>");
    check(
        &place,
        BASH,
        Shell::Bash,
        &before,
        &[
            (
                "New-PSSession -Name x 'a b'",
                "<New-PSSession><-Name><x><a b>",
            ),
            ("nsn x", "<New-PSSession><x>"),
            ("get-pssession x", "<get-pssession><x>"),
            ("GSN x", "<GSN><x>"),
            ("Disconnect-PSSession $two -IdleTimeoutSec 43200", &sessions),
            (
                "Disconnect-PSSession -Confirm:$false",
                "<Disconnect-PSSession><-Confirm:$false>",
            ),
            ("icm {dir $home/x}", "<Invoke-Command><{dir><$HOME/x}>"),
            ("$s.Runspace.ConnectionInfo", &path),
            ("$two.Name", &twice),
            ("$s", &format!("<get-property><{S}>")),
            ("Format-List -Property *", "<Format-List><-Property><*>"),
            ("fl * -Force", "<Format-List><*><-Force>"),
            ("fl a", "<Format-List><a>"),
            ("Get-PSSession *", "<Get-PSSession><a><b c>"),
            ("true && false || echo no", "no"),
            (
                "no-such-command; echo $?",
                "127\nbash: no-such-command: command not found",
            ),
            ("Get-PSSession a | cat", "<Get-PSSession><a>"),
        ],
    );
}

#[test]
fn bash_leaves_objects_whole() {
    use winsta_cmdlet::object::{Object, TYPE};
    let place = Place::new("bash-objects");
    let names = [
        "a b",
        "*",
        "?",
        "[ab]",
        "a",
        "~",
        "$HOME",
        "`id`",
        "@(a|b)",
        "x\\y",
        "é\u{a0}\u{3000}",
        "\n",
    ];
    let lines: Vec<String> = names
        .iter()
        .map(|name| {
            let object = [(TYPE, "Thing"), ("Name", name)].map(|(k, v)| (k.to_owned(), v.into()));
            Object::Other(object.into_iter().collect()).to_string()
        })
        .collect();
    let variable = lines.join("\n");
    let expected = format!("<New-PSSession><{}>", lines.join("><"));
    for options in [
        "",
        "shopt -s extglob",
        "shopt -s nullglob extglob globstar dotglob nocaseglob",
        "shopt -s failglob",
    ] {
        let before = format!(". NAMES; {options}\ns='{variable}'");
        check(
            &place,
            BASH,
            Shell::Bash,
            &before,
            &[("New-PSSession $s", &expected)],
        );
    }
}

#[test]
fn the_names_come_through_eval() {
    for (how, shell) in [(BASH, Shell::Bash), (ZSH, Shell::Zsh)] {
        if !is_there(how.0) {
            continue;
        }
        let place = Place::new(&format!("eval-{}", how.0));
        let before = "eval \"$(cat NAMES)\"; eval \"$(cat NAMES)\"";
        let cases = [
            ("gsn x", "<Get-PSSession><x>"),
            ("get-job 1", "<get-job><1>"),
        ];
        check(&place, how, shell, before, &cases);
    }
}

#[test]
fn bash_keeps_what_was_there() {
    let place = Place::new("bash-before");
    let before = "command_not_found_handle() { echo \"before: $1\"; return 3; }\n\
                  ft() { echo mine; }; home=/h; set -u; . NAMES; . NAMES";
    check(
        &place,
        BASH,
        Shell::Bash,
        before,
        &[
            ("no-such-command; echo $?", "before: no-such-command\n3"),
            ("ft", "mine"),
            ("echo $home", "/h"),
            ("get-job 1", "<get-job><1>"),
        ],
    );
    let alias = "shopt -s expand_aliases; alias fl='echo other' New-PSSession='echo old'\n. NAMES";
    check(
        &place,
        BASH,
        Shell::Bash,
        alias,
        &[
            ("fl x", "other x"),
            ("\\New-PSSession x", "<New-PSSession><x>"),
        ],
    );
}

#[test]
fn zsh_has_the_names() {
    if !is_there("zsh") {
        return;
    }
    let place = Place::new("zsh");
    let before = format!("s='{S}'; . NAMES; . NAMES; two=\"$s\n$s\"");
    check(
        &place,
        ZSH,
        Shell::Zsh,
        &before,
        &[
            (
                "New-PSSession -Name x 'a b'",
                "<New-PSSession><-Name><x><a b>",
            ),
            ("nsn x", "<New-PSSession><x>"),
            ("get-pssession x", "<get-pssession><x>"),
            (
                "Disconnect-PSSession -Confirm:$false",
                "<Disconnect-PSSession><-Confirm:$false>",
            ),
            (
                "Disconnect-PSSession $s",
                &format!("<Disconnect-PSSession><{S}>"),
            ),
            ("icm '{dir x}'", "<Invoke-Command><{dir x}>"),
            (
                "$s.Runspace.Name",
                &format!("<get-property><{S}.Runspace.Name>"),
            ),
            ("$two.Name", &format!("<get-property><{S}\n{S}.Name>")),
            (
                "setopt aliases\neval 'fl -Property *'",
                "<Format-List><-Property><*>",
            ),
            (
                "setopt aliases\neval 'gsn -Name IT*'",
                "<Get-PSSession><-Name><IT*>",
            ),
            (
                "no-such-command; echo $?",
                "127\nzsh: command not found: no-such-command",
            ),
        ],
    );
    let before = "command_not_found_handler() { echo \"before: $1\"; return 3; }\n\
                  ft() { echo mine; }; . NAMES; . NAMES";
    check(
        &place,
        ZSH,
        Shell::Zsh,
        before,
        &[
            ("no-such-command; echo $?", "before: no-such-command\n3"),
            ("ft", "mine"),
        ],
    );
}

#[test]
fn fish_has_the_names() {
    if !is_there("fish") {
        return;
    }
    let place = Place::new("fish");
    let before = format!(
        "set s '{}'; source NAMES; source NAMES",
        S.replace('\\', r"\\")
    );
    check(
        &place,
        FISH,
        Shell::Fish,
        &before,
        &[
            (
                "New-PSSession -Name x 'a b'",
                "<New-PSSession><-Name><x><a b>",
            ),
            ("nsn x", "<New-PSSession><x>"),
            ("get-pssession x", "<Get-PSSession><x>"),
            (
                "Disconnect-PSSession -Confirm:$false",
                "<Disconnect-PSSession><-Confirm:$false>",
            ),
            (
                "Disconnect-PSSession $s",
                &format!("<Disconnect-PSSession><{S}>"),
            ),
            ("icm {dir $home/x}", "<Invoke-Command><dir $HOME/x>"),
            ("Format-List -Property *", "<Format-List><-Property><*>"),
            ("fl a", "<Format-List><a>"),
            ("true; and echo yes", "yes"),
        ],
    );
    // fish says something of its own about a command that begins with a brace.
    let printed = place.run(FISH, Shell::Fish, &format!("{before}\n$s.Runspace.Name\n"));
    assert_eq!(
        printed.lines().next(),
        Some(format!("<get-property><{S}.Runspace.Name>").as_str())
    );
    let printed = place.run(FISH, Shell::Fish, &format!("{before}\nno-such-command\n"));
    assert!(printed.contains("no-such-command"), "{printed}");
    let before = "function fish_command_not_found; echo \"before: $argv[1]\"; end\n\
                  function ft; echo mine; end; source NAMES; source NAMES\n";
    let printed = place.run(FISH, Shell::Fish, &format!("{before}\nno-such-command; ft"));
    assert!(printed.contains("before: no-such-command\n"), "{printed}");
    assert!(printed.contains("mine"), "{printed}");
}
