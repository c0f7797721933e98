//! The help that `/?` prints, byte by byte.

use super::*;
use crate::tools::{GROUPS, TOOLS, group_command};

fn help(link: &str) -> String {
    let tool = TOOLS.iter().find(|tool| tool.link() == Some(link)).unwrap();
    let mut command = tool.command("tool");
    command.build();
    render(&command, &tool.title())
}

#[test]
fn qwinsta() {
    let expected = "\
Display information about Terminal Sessions.

QUERY SESSION [sessionname | username | sessionid]
              [/SERVER:servername] [/MODE] [/FLOW] [/CONNECT] [/COUNTER]

  sessionname         Identifies the session named sessionname.
  username            Identifies the session with user username.
  sessionid           Identifies the session with ID sessionid.
  /SERVER:servername  The server to be queried (default is current).
  /MODE               Display current line settings.
  /FLOW               Display current flow control settings.
  /CONNECT            Display current connect settings.
  /COUNTER            Display current Terminal Services counters information.
";
    assert_eq!(help("qwinsta"), expected);
}

#[test]
fn rwinsta() {
    let expected = "\
Reset the session subsytem hardware and software to known initial values.

RESET SESSION {sessionname | sessionid} [/SERVER:servername] [/V]

  sessionname         Identifies the session with name sessionname.
  sessionid           Identifies the session with ID sessionid.
  /SERVER:servername  The server containing the session (default is current).
  /V                  Display additional information.
";
    assert_eq!(help("rwinsta"), expected);
}

#[test]
fn msg_has_its_text_last() {
    let expected = "\
Show a message to the users of sessions.

MSG {username | sessionname | sessionid | @filename | *}
    [/SERVER:servername] [/TIME:seconds] [/V] [/W] [message]

  username            Tells user username.
  sessionname         Tells the user of the session named sessionname.
  sessionid           Tells the user of the session with ID sessionid.
  @filename           Tells those whom the file filename names, one a line.
  *                   Tells the users of all sessions.
  /SERVER:servername  The server to ask (default is current).
  /TIME:seconds       How long the message is shown: seconds; 0 until it is acknowledged.
  /V                  Say who was told.
  /W                  Wait for the answer; with /TIME at most so long.
  message             The text.
";
    assert_eq!(help("msg"), expected);
}

#[test]
fn the_grammar_of_each_tool_is_that_of_windows() {
    let cases = [
        (
            "quser",
            "QUERY USER [username | sessionname | sessionid] [/SERVER:servername]",
        ),
        (
            "logoff",
            "LOGOFF [sessionname | sessionid] [/SERVER:servername] [/V]",
        ),
        (
            "tsdiscon",
            "TSDISCON [sessionid | sessionname] [/SERVER:servername] [/V]",
        ),
        (
            "tscon",
            "TSCON {sessionid | sessionname} [/DEST:sessionname] [/V]",
        ),
        (
            "tskill",
            "TSKILL {processid | processname} [/SERVER:servername] [/ID:sessionid] [/A] [/V]",
        ),
        (
            "shadow",
            "SHADOW {sessionname | sessionid} [/SERVER:servername] [/V]",
        ),
    ];
    for (tool, expected) in cases {
        let help = help(tool);
        let grammar = help.split("\n\n").nth(1).unwrap();
        let words: Vec<&str> = grammar.split_whitespace().collect();
        assert_eq!(words.join(" "), expected);
        for line in help.lines().take_while(|line| !line.starts_with("  ")) {
            assert!(line.len() <= WIDTH, "{line}");
        }
    }
}

#[test]
fn every_row_has_a_meaning() {
    for tool in TOOLS.iter().filter(|tool| tool.windows) {
        let mut command = tool.command("tool");
        command.build();
        for (term, meaning) in rows(&command) {
            assert!(
                meaning.len() > 5 && meaning.ends_with('.'),
                "{term}: {meaning}"
            );
        }
    }
}

#[test]
fn groups_list_their_tools() {
    let mut command = group_command(&GROUPS[0]);
    command.build();
    assert_eq!(
        render_group(&command, "QUERY"),
        "Show sessions, users, processes or hosts.\n\nQUERY { SESSION | USER | PROCESS | TERMSERVER }\n"
    );
}
