//! Session configurations: their files, and what each property does to a session.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use winsta_tests::desk::Desk;
use winsta_tests::patience::until;
use winsta_tests::remote::Remote;

/// The properties of a list that somebody reads.
fn properties(text: &str) -> Vec<(String, String)> {
    let rows = text.lines().filter_map(|line| line.split_once(':'));
    rows.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect()
}

#[test]
fn the_line_of_the_help_page_lists_every_property() {
    let remote = Remote::plain("[remoting]\nmax_shells = 9\nmax_idle_timeout_ms = 43200000\n");
    let desk = Desk::new();
    let ran = desk.bash(&format!(
        "export WINSTA_PASSWORD=secret; cd /
        Invoke-Command -ConnectionUri {} -Credential ann {{Get-PSSessionConfiguration \
         Microsoft.PowerShell}} | Format-List -Property *",
        remote.uri()
    ));
    assert_eq!(ran.err, "");
    let all = properties(&ran.out);
    let address = "http://schemas.microsoft.com/powershell/Microsoft.PowerShell";
    for (name, value) in [
        ("Architecture", "64"),
        ("ResourceUri", address),
        ("MaxConcurrentCommandsPerShell", "1000"),
        ("UseSharedProcess", "false"),
        ("ProcessIdleTimeoutSec", "0"),
        ("MaxConcurrentUsers", "5"),
        ("lang", "en-US"),
        ("SupportsOptions", "true"),
        ("ExactMatch", "true"),
        ("RunAsUser", ""),
        ("IdleTimeoutms", "7200000"),
        ("PSVersion", "5.1"),
        ("OutputBufferingMode", "Block"),
        ("AutoRestart", "false"),
        ("SecurityDescriptorSddl", ""),
        ("MaxMemoryPerShellMB", "1024"),
        ("MaxIdleTimeoutms", "43200000"),
        ("Uri", address),
        ("SDKVersion", "2"),
        ("Name", "Microsoft.PowerShell"),
        ("XmlRenderingType", "text"),
        ("Capability", "{Shell}"),
        ("RunAsPassword", ""),
        ("MaxProcessesPerShell", "15"),
        ("ParentResourceUri", address),
        ("Enabled", "true"),
        ("MaxShells", "9"),
        ("MaxShellsPerUser", "25"),
        ("Permission", "Everyone AccessAllowed"),
        ("PSComputerName", "127.0.0.1"),
        ("PSShowComputerName", "True"),
    ] {
        let row = (name.to_owned(), value.to_owned());
        assert!(all.contains(&row), "{row:?} in {}", ran.out);
    }
}

#[test]
fn cmdlets_are_words_of_every_session() {
    let desk = Desk::new();
    desk.configure("Plain", "engine = 'sh'");
    let ran = desk.bash(
        "Invoke-Command -ComputerName localhost, localhost {set -u\\; get-pssessionconfiguration -name p*} \
            | Format-List Name, Engine, PSComputerName
        Invoke-Command -ComputerName localhost -ConfigurationName Plain \
            '{set -u; Disable-PSSessionConfiguration Plain -Force; Get-PSSessionConfiguration Plain}' \
            | Format-List Enabled
        Invoke-Command -ComputerName localhost '{nonesuch 1; echo $?}'",
    );
    let rows = properties(&ran.out);
    let row = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let one = [
        row("Name", "Plain"),
        row("Engine", "sh"),
        row("PSComputerName", "localhost"),
    ];
    let expected = [&one[..], &one[..], &[row("Enabled", "false")]].concat();
    assert_eq!(rows, expected, "{ran:?}");
    assert!(ran.out.ends_with("127\n"), "{}", ran.out);
    assert_eq!(ran.err, "bash: nonesuch: command not found\n");
}

#[test]
fn each_limit_refuses_with_windows_code() {
    let Some(remote) = Remote::new() else { return };
    let desk = &remote.desk;
    desk.configure("Small", "max_shells_per_user = 1\n");
    desk.configure(
        "Whole",
        "max_shells = 1\nmax_concurrent_commands_per_shell = 1\n",
    );
    desk.configure(
        "Users",
        "max_concurrent_users = 1\nidle_timeout_ms = 60000\nmax_idle_timeout_ms = 70000\n",
    );
    desk.configure("Off", "enabled = false\n");
    desk.configure("Bobs", "permission = ['bob', '@nobody-at-all']\n");
    desk.configure("Broken", "enabled = true\nmax_shell = 3\n");
    desk.configure("NoScript", "startup_script = '/nowhere/at/all.sh'\n");
    let folder = desk.folder().join("session-configurations");
    remote.client(
        include_str!("configurations/limits.py"),
        &[&folder.display().to_string()],
    );
}

#[test]
fn sh_runs_sessions_as_bash_does() {
    let Some(remote) = Remote::new() else { return };
    let script = remote.desk.folder().join("it's started.sh");
    fs::write(&script, "started=yes; echo nobody hears this\n").expect("a file");
    let path = serde_json::to_string(&script).expect("text");
    let text = format!("engine = ['/bin/sh']\nstartup_script = {path}\n");
    remote.desk.configure("Plain", &text);
    remote.client(include_str!("configurations/engine.py"), &[]);
}

#[test]
fn a_session_keeps_what_it_was_made_with() {
    let mut remote = Remote::plain("");
    remote.desk.configure(
        "ITTasks",
        "idle_timeout_ms = 60000\nmax_idle_timeout_ms = 70000\noutput_buffering_mode = 'Drop'\n",
    );
    let desk = Desk::new();
    let setup = format!(
        "export WINSTA_PASSWORD=secret\nU='-ConnectionUri {} -Credential ann'\n",
        remote.uri()
    );
    desk.bash(&format!(
        "{setup}New-PSSession $U -ConfigurationName ittasks -Name Work"
    ))
    .done();
    remote.desk.configure("ITTasks", "enabled = false\n");
    remote.crash();
    let ran = desk.bash(&format!(
        "{setup}Disconnect-PSSession -Name Work -IdleTimeoutSec 80
        Disconnect-PSSession -Name Work > /dev/null
        New-PSSession $U -ConfigurationName ITTasks; echo status $?"
    ));
    assert!(
        ran.err.contains("allowed 70 (seconds)") && ran.err.contains("is disabled"),
        "{}",
        ran.err
    );
    let other = Desk::new();
    let listed = other.bash(&format!(
        "{setup}Get-PSSession $U | Format-List Name, State, ConfigurationName, IdleTimeout, \
         OutputBufferingMode"
    ));
    let rows: Vec<_> = properties(&listed.out)
        .into_iter()
        .map(|(_, value)| value)
        .collect();
    assert_eq!(
        rows,
        ["Work", "Disconnected", "ittasks", "60000", "Drop"],
        "{listed:?}"
    );
}

#[test]
fn too_many_processes_and_too_much_memory_are_refused() {
    let desk = Desk::new();
    desk.configure(
        "Small",
        "max_processes_per_shell = 2\nmax_memory_per_shell_mb = 100\n",
    );
    let ran = desk.bash(
        "s=$(New-PSSession -ConfigurationName Small)
        Invoke-Command $s '{head -c 300M /dev/zero | tail | wc -c; echo it lives}'
        Invoke-Command $s '{sleep 1000 & sleep 1000 & echo two}' 2> /dev/null
        Invoke-Command $s '{echo never}'; echo status $?",
    );
    assert_eq!(ran.out, "0\nit lives\ntwo\nstatus 4\n", "{}", ran.err);
    assert!(ran.err.contains("memory exhausted"), "{}", ran.err);
    let refusal = "Not enough quota is available to process this command. The shell has 2 processes, \
                   and MaxProcessesPerShell is 2.\n";
    assert!(ran.err.ends_with(refusal), "{}", ran.err);

    // Each below its own limit, together above the session's.
    desk.configure("Memory", "max_memory_per_shell_mb = 60\n");
    let ran = desk.bash(
        "s=$(New-PSSession -ConfigurationName Memory)
        Invoke-Command $s '{for i in 1 2; do { head -c 32M /dev/zero; sleep 1000; } | tail -c 40M & \
            while read -r _ held _ < /proc/$!/statm; [ $held -lt 7700 ]; do sleep .05; done; done}' \
            2> /dev/null
        Invoke-Command $s '{echo never}'; echo status $?",
    );
    assert!(ran.out.ends_with("status 4\n"), "{ran:?}");
    assert!(ran.err.contains("MaxMemoryPerShellMB is 60"), "{}", ran.err);
}

#[test]
fn command_shells_have_the_hosts_own_limits() {
    let config = "[remoting]\nmax_processes_per_shell = 1\nmax_memory_per_shell_mb = 90\n";
    let Some(remote) = Remote::with_config(config) else {
        return;
    };
    remote.client(
        "
with WinRS(ws()) as shell:
    process = Process(shell, 'ulimit -d; head -c 300M /dev/zero | tail | wc -c')
    process.invoke()
    assert process.stdout.split() == [b'92160', b'0'], (process.stdout, process.stderr)
    waiting = Process(shell, 'sleep', ['1000'], no_shell=True)
    waiting.begin_invoke()
    text = refused(1816, Process(shell, 'true').begin_invoke)
    assert 'The shell has 1 processes, and MaxProcessesPerShell is 1.' in text, text
    waiting.signal(SignalCode.TERMINATE)
",
        &[],
    );
}

#[test]
fn a_group_is_named_behind_a_sign() {
    let name = |option: &str| {
        let output = Command::new("id").arg(option).output().expect("id runs");
        String::from_utf8(output.stdout)
            .expect("text")
            .trim()
            .to_owned()
    };
    let (user, group) = (name("-un"), name("-gn"));
    let desk = Desk::new();
    desk.configure("Group", &format!("permission = ['@{group}']"));
    desk.configure("User", &format!("permission = ['{user}']"));
    desk.configure("Other", &format!("permission = ['{user}x', '@{group}x']"));
    let ran = desk.bash(
        "for c in Group User Other; do Invoke-Command -ComputerName localhost -ConfigurationName $c \
         \"{echo $c}\"; done",
    );
    assert_eq!(ran.out, "Group\nUser\n", "{}", ran.err);
    assert!(ran.err.contains("lacks the right"), "{}", ran.err);
}

#[test]
fn a_host_stays_for_as_long_as_its_last_session_wants() {
    let desk = Desk::with_config("[host]\nlinger_seconds = 1\n");
    desk.configure("Long", "process_idle_timeout_sec = 4");
    let begun = Instant::now();
    desk.bash("Invoke-Command -ComputerName localhost -ConfigurationName Long {true}")
        .done();
    until("the host to end", || {
        let gone = !desk.folder().join("run/host.sock").exists();
        gone.then_some(())
    });
    assert!(begun.elapsed() >= Duration::from_secs(4));
}
