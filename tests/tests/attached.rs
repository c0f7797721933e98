//! The tools that need a terminal, in a real one.

use winsta_tests::desk::Desk;
use winsta_tests::patience::until;
use winsta_tests::tmux::Terminal;

/// A terminal whose shell has `winsta` on its path, and this desk's host.
fn terminal(desk: &Desk) -> Option<Terminal> {
    desk.terminal()
}

/// Id of the newest session, once it is in this state.
fn newest(desk: &Desk, state: &str) -> String {
    until(&format!("a session that is {state}"), || {
        let sessions = desk.sessions();
        let hosted = sessions
            .iter()
            .filter(|session| session["leader_pid"].is_u64());
        let newest = hosted.max_by_key(|session| session["id"].as_u64())?;
        (newest["state"] == state).then(|| newest["id"].to_string())
    })
}

#[test]
fn a_session_outlives_its_client_and_is_gone_back_to() {
    let desk = Desk::new();
    let Some(terminal) = terminal(&desk) else {
        return;
    };
    terminal.line("winsta new -- sh -c 'echo in the session; exec cat'");
    terminal.wait_text("in the session");
    let id = newest(&desk, "Active");
    let row = desk.run(&["query", "session", &id]).done();
    assert!(
        row.contains("\n pty#"),
        "a connected session has a name: {row}"
    );

    desk.run(&["tsdiscon", &id]).done();
    terminal.wait_text("disconnected from session");
    desk.wait_state(&id, "Disconnected");
    terminal.line("clear; winsta connect; echo status=$?");
    terminal.wait_text("in the session");
    desk.wait_state(&id, "Active");
    terminal.line("typed");
    desk.wait_screen(&id, "typed");

    desk.run(&["logoff", &id]).done();
    terminal.wait_text("status=129");
    assert!(desk.session(&id).is_none());
}

#[test]
fn the_exit_status_of_a_new_session_is_the_commands() {
    let desk = Desk::new();
    let Some(terminal) = terminal(&desk) else {
        return;
    };
    terminal.line("winsta new -- sh -c 'exit 7'; echo status=$?");
    terminal.wait_text("status=7");
    let hosted = |session: &serde_json::Value| session["leader_pid"].is_u64();
    assert!(!desk.sessions().iter().any(hosted), "nothing is left");
}

#[test]
fn a_client_takes_over_from_another_and_two_share() {
    let desk = Desk::new();
    let (Some(first), Some(second)) = (terminal(&desk), terminal(&desk)) else {
        return;
    };
    let id = desk.start("echo shared; exec cat");
    first.line(&format!("winsta connect {id}"));
    first.wait_text("shared");
    second.line(&format!("winsta connect {id} --share"));
    second.wait_text("shared");
    second.line("from the second");
    first.wait_text("from the second");
    second.line("");
    let third = terminal(&desk).expect("tmux is here");
    third.line(&format!("winsta tscon {id}"));
    third.wait_text("from the second");
    first.wait_text("taken over");
    second.wait_text("taken over");
}

#[test]
fn watching_is_not_typing() {
    let desk = Desk::new();
    let Some(watcher) = terminal(&desk) else {
        return;
    };
    let id = desk.start("echo watched; exec cat");
    watcher.line(&format!("winsta shadow {id} --view"));
    watcher.wait_text("watched");
    watcher.line("not for the session");
    desk.run(&["send", &id, "--enter", "marker"]).done();
    desk.wait_screen(&id, "marker");
    let screen = desk.run(&["screen", &id]).done();
    assert!(!screen.contains("not for the session"), "{screen}");
}

#[test]
fn a_terminal_is_moved_to_another_session() {
    let desk = Desk::new();
    let Some(terminal) = terminal(&desk) else {
        return;
    };
    let one = desk.start("echo session one; exec cat");
    let two = desk.start("echo session two; exec cat");
    terminal.line(&format!("winsta connect {one}"));
    terminal.wait_text("session one");
    desk.wait_state(&one, "Active");
    let name = desk.session(&one).expect("it is listed")["name"].clone();
    let name = name.as_str().expect("it has a name").to_owned();
    desk.run(&["tscon", &two, &format!("/DEST:{name}")]).done();
    terminal.wait_text("session two");
    desk.wait_state(&one, "Disconnected");
    desk.wait_state(&two, "Active");
}

#[test]
fn a_message_appears_and_is_answered() {
    let desk = Desk::new();
    let Some(terminal) = terminal(&desk) else {
        return;
    };
    let id = desk.start("echo under the message; exec cat");
    terminal.line(&format!("winsta connect {id}"));
    terminal.wait_text("under the message");
    desk.wait_state(&id, "Active");
    let mut msg = desk
        .command(&["msg", &id, "/W", "/TIME:60", "Are you there?"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("the program runs");
    terminal.wait_text("Are you there?");
    // Keys that come right after a box are the program's, so one Enter may not do.
    until("the answer", || {
        terminal.keys(&["Enter"]);
        msg.try_wait().expect("it can be waited for")
    });
    let output = msg.wait_with_output().expect("it ends");
    assert!(output.status.success());
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.ends_with(": acknowledged\n"), "{said}");
    terminal.wait_gone("Are you there?");
    terminal.wait_text("under the message");
}

#[test]
fn the_console_starts_when_an_administrator_wants_it() {
    let desk = Desk::new();
    let Some(terminal) = terminal(&desk) else {
        return;
    };
    terminal.line("SHELL=/bin/sh PS1='console> ' winsta connect console");
    desk.wait_state("0", "Active");
    terminal.line("echo at the con''sole");
    terminal.wait_text("at the console");
    desk.run(&["logoff", "console"]).done();
    desk.wait_state("0", "Connected");
}

#[test]
fn a_session_is_not_connected_to_from_inside() {
    let desk = Desk::new();
    let Some(terminal) = terminal(&desk) else {
        return;
    };
    let program = winsta_tests::binary::winsta().display().to_string();
    let script = format!("{program} connect $WINSTA_SESSION; echo status=$?; exec cat");
    let id = desk.start(&script);
    desk.wait_screen(&id, "status=4");
    terminal.line(&format!("winsta connect {id}"));
    terminal.wait_text("this is it");
}

#[test]
fn a_command_that_is_done_at_once_loses_nothing() {
    let desk = Desk::new();
    let Some(terminal) = terminal(&desk) else {
        return;
    };
    for round in 0..10 {
        terminal.line(&format!(
            "clear; winsta new -- sh -c 'echo said $(({round}+100)); exit 3'; echo round {round}: $?"
        ));
        terminal.wait_text(&format!("round {round}: 3"));
        let said = format!("said {}", round + 100);
        let seen = terminal.scrollback();
        assert!(seen.contains(&said), "{said} is missing in {seen}");
    }
}

/// Presses a key until the question is gone: what is typed just when it appears does not count.
fn answer(terminal: &Terminal, key: &str) {
    terminal.wait_text("y: yes");
    until("the question to be taken away", || {
        terminal.keys(&[key]);
        (!terminal.plain().contains("y: yes")).then_some(())
    });
}

#[test]
fn a_session_is_controlled_by_another_only_if_its_user_agrees() {
    let desk = Desk::new();
    let (Some(user), Some(other)) = (terminal(&desk), terminal(&desk)) else {
        return;
    };
    user.line("winsta new -- sh -c 'echo in the session; exec cat'");
    user.wait_text("in the session");
    let id = newest(&desk, "Active");
    other.line(&format!("clear; winsta shadow {id}; echo status=$?"));
    answer(&user, "n");
    other.wait_text("status=4");
    other.line(&format!("clear; winsta shadow {id}; echo status=$?"));
    answer(&user, "y");
    other.wait_text("in the session");
    other.line("typed by the other");
    user.wait_text("typed by the other");
}

#[test]
fn what_is_typed_ahead_reaches_the_program() {
    let desk = Desk::new();
    let Some(terminal) = terminal(&desk) else {
        return;
    };
    for round in 0..8 {
        terminal.line("clear; winsta new -- sh -c 'read line; echo \"got $line\"; read end'");
        terminal.line(&format!("ahead {round}"));
        terminal.wait_text(&format!("got ahead {round}"));
        terminal.line("end");
        until("the session to be gone", || {
            let sessions = desk.sessions();
            let lives = sessions.iter().any(|s| s["leader_pid"].is_u64());
            (!lives).then_some(())
        });
    }
}
