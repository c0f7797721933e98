//! Session configurations whose engine is no shell: Python, and programs that can print a line.

use std::fs;
use std::os::unix::fs::symlink;

use winsta_tests::desk::Desk;
use winsta_tests::remote::Remote;

#[test]
fn python_runs_sessions() {
    let Some(mut remote) = Remote::new() else {
        return;
    };
    let script = remote.desk.folder().join("it's started.py");
    fs::write(&script, "started = 'yes'\nprint('nobody hears this')\n").expect("a file");
    let path = serde_json::to_string(&script).expect("text");
    let text = format!("engine = 'python3 -i'\nstartup_script = {path}\n");
    remote.desk.configure("Snake", &text);
    remote.client(include_str!("engines/python.py"), &[]);
    remote.crash();
    remote.client("[pool] = RunspacePool.get_runspace_pools(ws())\npool.connect()\n\
                   ps = pipe(pool, 'print(x)\\nx')\nassert ps.output == ['5', '5'], ps.output\npool.close()", &[]);
}

#[test]
fn any_program_that_prints_a_line_runs_sessions() {
    let Some(remote) = Remote::new() else { return };
    // A shell that nobody knows by this name is a program like any other.
    let program = remote.desk.folder().join("repl");
    symlink("/bin/sh", &program).expect("a link");
    let text = format!(
        "engine = ['{}', '-s']\nmarker = 'echo \"{{marker}}\"'\n",
        program.display()
    );
    remote.desk.configure("Told", &text);
    remote
        .desk
        .configure("Echo", "engine = 'cat'\nmarker = '{marker}'\n");
    remote.client(include_str!("engines/told.py"), &[]);
}

#[test]
fn engines_that_cannot_run_sessions_are_refused() {
    let desk = Desk::new();
    desk.configure("One", "engine = 'bc -q'\n");
    desk.configure("Two", "engine = 'python3 -c x'\n");
    desk.configure("Three", "engine = 'bc'\nmarker = 'print 1'\n");
    desk.configure("Four", "engine = 'cat'\nmarker = 'x{marker}'\n");
    let ran = desk.bash(
        "for c in One Two Three; do Invoke-Command -ComputerName localhost -ConfigurationName $c '{1}'; done
        Get-PSSessionConfiguration Four | Format-List Engine, Marker",
    );
    let listed = "Engine : cat\nMarker : x{marker}";
    assert!(ran.out.contains(listed), "{}", ran.out);
    for words in [
        "line 1: engine \"bc\" does not say where the output of a command ends",
        "line 1: engine cannot have the option \"-c\"",
        "line 2: marker has no {marker} in it",
    ] {
        assert!(ran.err.contains(words), "{words} in {}", ran.err);
    }
}
