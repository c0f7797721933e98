//! The examples of the page that all this follows, typed in a real bash: what reaches the program
//! is bound, and means what the page says. Variables are set as bash sets them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use winsta_cmdlet::aliases::{PROPERTY, Shell, aliases};
use winsta_cmdlet::object::{Availability, SessionObject, SessionState, Transport};
use winsta_cmdlet::{Bound, Guid, Outcome, bind, find, parse_paths};

/// Stands in for the program: notes its words, and prints objects where the real one does.
const PROGRAM: &str = r#"#!/bin/sh
{ printf '%s\0' "$@"; printf '\n\0'; } >"$NOTES.$$"
# One write, for both ends of a pipe run at the same time.
cat "$NOTES.$$" >>"$NOTES"
case $1 in
New-PSSessionOption) echo '{"PSTypeName":"PSSessionOption","IdleTimeout":172800000}' ;;
New-PSSession | Get-PSSession | Connect-PSSession) cat "$SESSIONS" ;;
esac
"#;

fn session(id: u32, computer: &str) -> SessionObject {
    SessionObject {
        id,
        name: "IT Task [*]".to_owned(),
        instance_id: Guid(u128::from(id)),
        computer_name: computer.to_owned(),
        transport: Transport::ComputerName,
        state: SessionState::Opened,
        configuration_name: "Microsoft.PowerShell".to_owned(),
        availability: Availability::Available,
        others: serde_json::Map::new(),
    }
}

/// The command lines that reach the program when bash reads `typed`, in the order of their text.
fn calls(name: &str, typed: &str, sessions: &[SessionObject]) -> Vec<Vec<String>> {
    let folder = std::env::temp_dir().join(format!("winsta-seed-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = |file: &str| folder.join(file).to_str().unwrap().to_owned();
    fs::write(path("winsta"), PROGRAM).unwrap();
    fs::set_permissions(path("winsta"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(path("names"), aliases(Shell::Bash, &path("winsta"))).unwrap();
    fs::write(path("notes"), "").unwrap();
    let lines: Vec<String> = sessions.iter().map(|s| format!("{s}\n")).collect();
    fs::write(path("sessions"), lines.concat()).unwrap();
    let output = Command::new("bash")
        .args(["--norc", "-c", &format!(". '{}'\n{typed}", path("names"))])
        .current_dir(&folder)
        .env("NOTES", path("notes"))
        .env("SESSIONS", path("sessions"))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let notes = fs::read_to_string(path("notes")).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    notes
        .split("\n\0")
        .filter(|call| !call.is_empty())
        .map(|call| {
            call.trim_end_matches('\0')
                .split('\0')
                .map(str::to_owned)
                .collect()
        })
        .collect()
}

fn whole(call: &[String], input: Option<&SessionObject>) -> Bound {
    let (name, rest) = call.split_first().unwrap();
    match (bind(find(name).unwrap(), rest), input) {
        (Ok(Outcome::Ready(bound)), _) => bound,
        (Ok(Outcome::NeedsInput(partial)), Some(session)) => {
            partial.bind_input(&session.to_string()).unwrap()
        }
        (other, _) => unreachable!("{call:?}: {other:?}"),
    }
}

fn sets(calls: &[Vec<String>], input: &SessionObject) -> Vec<String> {
    let shown = |call: &Vec<String>| {
        let bound = whole(call, Some(input));
        format!("{} {}", bound.cmdlet().name, bound.set())
    };
    calls.iter().map(shown).collect()
}

#[test]
fn the_first_example() {
    let calls = calls("1", "Disconnect-PSSession -Name UpdateSession", &[]);
    let bound = whole(calls.first().unwrap(), None);
    assert_eq!(
        (bound.set(), bound.texts("Name")),
        ("Name", &["UpdateSession".to_owned()][..])
    );
}

#[test]
fn the_second_example() {
    let session = session(1, "Server12");
    let typed = "Get-PSSession -ComputerName Server12 -Name ITTask | \
                 Disconnect-PSSession -OutputBufferingMode Drop -IdleTimeoutSec 86400";
    let mut calls = calls("2", typed, std::slice::from_ref(&session));
    calls.sort();
    let bound = whole(calls.first().unwrap(), Some(&session));
    assert_eq!(bound.sessions(), std::slice::from_ref(&session));
    assert_eq!(bound.int("IdleTimeoutSec"), Some(86400));
    assert_eq!(bound.text("OutputBufferingMode"), Some("Drop"));
    assert_eq!(whole(calls.last().unwrap(), None).set(), "ComputerName");
}

#[test]
fn the_third_example() {
    let three = [session(1, "Srv1"), session(2, "Srv2"), session(3, "Srv30")];
    let typed = "\
s=$(New-PSSession -ComputerName Srv1, Srv2, Srv30 -Name ITTask)
Invoke-Command $s -FilePath /srv/scripts/get-patch-status.sh
Get-PSSession -ComputerName Srv1, Srv2, Srv30 -Name ITTask >/dev/null
Get-PSSession -ComputerName Srv1 -Name ITTask -Credential 'Domain01\\User01' >/dev/null
s=$(Connect-PSSession -ComputerName Srv1 -Name ITTask -Credential 'Domain01\\User01')
Invoke-Command -Session $s {dir $home/Scripts/PatchStatusOutput.sh}
Invoke-Command -Session $s {mkdir $home/Scripts/PatchStatusOutput}
Invoke-Command -Session \"$s\" -FilePath /srv/scripts/get-patch-status.sh
Disconnect-PSSession -Session $s";
    let calls = calls("3", typed, &three);
    assert_eq!(
        sets(&calls, &three[0]),
        [
            "New-PSSession ComputerName",
            "Invoke-Command FilePathRunspace",
            "Get-PSSession ComputerName",
            "Get-PSSession ComputerName",
            "Connect-PSSession ComputerName",
            "Invoke-Command Session",
            "Invoke-Command Session",
            "Invoke-Command FilePathRunspace",
            "Disconnect-PSSession Session",
        ]
    );
    assert_eq!(whole(&calls[0], None).texts("ComputerName").len(), 3);
    for call in [1, 5, 6, 7, 8] {
        assert_eq!(whole(&calls[call], None).sessions(), three, "{call}");
    }
    let script = whole(&calls[6], None);
    assert_eq!(
        script.script(),
        Some("mkdir $HOME/Scripts/PatchStatusOutput")
    );
    assert_eq!(
        whole(&calls[3], None).text("Credential"),
        Some("Domain01\\User01")
    );
}

#[test]
fn the_fourth_example() {
    let session = session(4, "Server01");
    let typed = "\
Timeout=$(New-PSSessionOption -IdleTimeout 172800000)
s=$(New-PSSession -Computer Server01 -Name ITTask -SessionOption $Timeout)
Disconnect-PSSession -Session $s
Invoke-Command -ComputerName Server01 {Get-PSSessionConfiguration Microsoft.PowerShell}
Format-List -Property *
$s.Runspace.ConnectionInfo
Disconnect-PSSession $s -IdleTimeoutSec 43200
$s.Runspace.ConnectionInfo.IdleTimeout";
    let mut calls = calls("4", typed, std::slice::from_ref(&session));
    let paths: Vec<String> = [7, 5]
        .map(|call| {
            let words = calls.remove(call);
            assert_eq!(words[0], PROPERTY);
            let (objects, path) = parse_paths(&words[1..]).unwrap();
            assert_eq!(objects.len(), 1);
            path.join(".")
        })
        .to_vec();
    assert_eq!(
        paths,
        [
            "Runspace.ConnectionInfo.IdleTimeout",
            "Runspace.ConnectionInfo"
        ]
    );
    assert_eq!(
        sets(&calls, &session),
        [
            "New-PSSessionOption All",
            "New-PSSession ComputerName",
            "Disconnect-PSSession Session",
            "Invoke-Command ComputerName",
            "Format-List All",
            "Disconnect-PSSession Session",
        ]
    );
    let options = whole(&calls[1], None);
    let options = options.options("SessionOption").unwrap();
    assert_eq!(options.number("IdleTimeout"), Some(172_800_000));
    assert_eq!(whole(&calls[4], None).texts("Property"), ["*"]);
}
