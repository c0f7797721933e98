//! Which tool a command line calls, and what is wrong with those that call none.

use super::*;

fn call(line: &[&str]) -> Result<Call, Failure> {
    read(line.iter().map(OsString::from).collect())
}

/// The words of the tool that is called, or what is printed or said instead.
fn called(line: &[&str]) -> String {
    match call(line) {
        Ok(Call::Tool(tool, _)) => tool.words.join(" "),
        Ok(Call::Print(text)) => format!("print: {}", text.lines().next().unwrap_or_default()),
        Ok(Call::Cmdlet(cmdlet, words)) => format!("cmdlet: {} {}", cmdlet.name, words.len()),
        Ok(Call::CmdletHelp(cmdlet)) => format!("help: {}", cmdlet.name),
        Ok(Call::Property(paths)) => format!("property: {}", paths.len()),
        Ok(Call::TerminalReset(words)) => format!("reset(1): {}", words.len()),
        Err(failure) => {
            assert_eq!(failure.exit, Exit::Usage, "{line:?}");
            match failure.text {
                crate::report::Text::Error(text) => format!("error: {text}"),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn tools_are_found_by_words_and_by_links() {
    let cases: &[(&[&str], &str)] = &[
        (&["winsta", "query", "session"], "query session"),
        (&["/usr/bin/winsta", "QUERY", "Session"], "query session"),
        (&["winsta", "qwinsta"], "query session"),
        (&["winsta", "QWINSTA", "/MODE"], "query session"),
        (&["qwinsta"], "query session"),
        (&["/opt/bin/qwinsta", "/server:localhost"], "query session"),
        (&["./query", "session", "bob"], "query session"),
        (&["query", "user"], "query user"),
        (&["quser", "bob"], "query user"),
        (&["qprocess", "*"], "query process"),
        (&["query", "termserver"], "query termserver"),
        (&["reset", "session", "3"], "reset session"),
        (&["reset", "SESSION", "3"], "reset session"),
        (&["rwinsta", "3", "/V"], "reset session"),
        (&["logoff"], "logoff"),
        (&["tsdiscon"], "tsdiscon"),
        (&["tscon", "3"], "tscon"),
        (&["tskill", "3"], "tskill"),
        (&["msg", "*", "hi"], "msg"),
        (&["shadow", "3"], "shadow"),
        (&["winsta", "new", "--", "ls", "/V"], "new"),
        (&["winsta", "connect"], "connect"),
        (&["winsta", "send", "3", "--enter", "ls", "-l"], "send"),
        (&["winsta", "host", "status", "-o", "json"], "host"),
        (&["other-name", "query", "session"], "query session"),
        (
            &["winsta", "get-pssession", "-Id", "3"],
            "cmdlet: Get-PSSession 2",
        ),
        (&["winsta", "icm", "{ls}"], "cmdlet: Invoke-Command 1"),
        (&["winsta", "help", "dnsn"], "help: Disconnect-PSSession"),
        (&["winsta", "get-property", "{}.Name"], "property: 1"),
        (&["reset"], "reset(1): 0"),
        (&["reset", "-Q", "xterm"], "reset(1): 2"),
    ];
    for (line, expected) in cases {
        assert_eq!(called(line), *expected, "{line:?}");
    }
}

#[test]
fn help_is_printed_in_both_forms() {
    let cases: &[(&[&str], &str)] = &[
        (
            &["qwinsta", "/?"],
            "print: Display information about Terminal Sessions.",
        ),
        (
            &["winsta", "query", "session", "/?"],
            "print: Display information about Terminal Sessions.",
        ),
        (
            &["winsta", "query", "session", "--help"],
            "print: Display information about Terminal Sessions.",
        ),
        (
            &["query", "/?"],
            "print: Show sessions, users, processes or hosts.",
        ),
        (
            &["winsta", "query", "--help"],
            "print: Show sessions, users, processes or hosts.",
        ),
        (&["reset", "/?"], "print: End what hangs."),
        (
            &["winsta", "/?"],
            "print: See who has a session on which host, and keep, disconnect, reconnect, reset or end it.",
        ),
        (
            &["winsta", "--help"],
            "print: See who has a session on which host, and keep, disconnect, reconnect, reset or end it.",
        ),
        (
            &["winsta", "help", "query", "session"],
            "print: Display information about Terminal Sessions.",
        ),
        (
            &["winsta", "--version"],
            concat!("print: winsta ", env!("CARGO_PKG_VERSION")),
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(called(line), *expected, "{line:?}");
    }
}

#[test]
fn wrong_command_lines_are_usage_errors() {
    let cases: &[(&[&str], &str)] = &[
        (&["winsta"], "error: a command is missing"),
        (
            &["winsta", "nonsense"],
            "error: unrecognized subcommand 'nonsense'",
        ),
        (
            &["winsta", "query"],
            "error: query: what? QUERY { SESSION | USER | PROCESS | TERMSERVER }",
        ),
        (
            &["query"],
            "error: query: what? QUERY { SESSION | USER | PROCESS | TERMSERVER }",
        ),
        (&["query", "moon"], "error: query: there is no 'moon'"),
        (
            &["winsta", "reset", "moon"],
            "error: reset: there is no 'moon'",
        ),
        (
            &["qwinsta", "/NOPE"],
            "error: qwinsta: there is no switch /NOPE",
        ),
        (
            &["qwinsta", "a", "b"],
            "error: qwinsta: unexpected argument 'b' found",
        ),
        (
            &["qwinsta", "--nope"],
            "error: qwinsta: unexpected argument '--nope' found",
        ),
        (
            &["qwinsta", "-o", "xml"],
            "error: qwinsta: invalid value 'xml' for '--output <FORMAT>' [possible values: table, json, jsonl, csv]",
        ),
        (
            &["qwinsta", "--idle-over", "90"],
            "error: qwinsta: invalid value '90' for '--idle-over <TIME>': 90 has no unit: write 90s, 90m, 90h or 90d",
        ),
        (
            &["qwinsta", "--state", "gone"],
            "error: qwinsta: invalid value 'gone' for '--state <STATE>': there is no such state; there are Active, Conn, ConnQ, Shadow, Disc, Idle, Listen, Reset, Down, Init",
        ),
        (
            &["rwinsta"],
            "error: rwinsta: the following required arguments were not provided: <sessionname | sessionid|--state <STATE>|--idle-over <TIME>|--user <NAME>|--source <SOURCE>|--label <PATTERN>|--all>",
        ),
        (
            &["tscon"],
            "error: tscon: the following required arguments were not provided: <sessionid | sessionname>",
        ),
        (
            &["tskill", "vim", "/ID:3", "/A"],
            "error: tskill: the argument '--id <sessionid>' cannot be used with '--all'",
        ),
        (
            &["tskill", "vim", "/ID:x"],
            "error: tskill: invalid value 'x' for '--id <sessionid>': a session id is a number",
        ),
        (
            &["logoff", "3", "--message", "x"],
            "error: logoff: the following required arguments were not provided: --warn <TIME>",
        ),
        (
            &["winsta", "new", "-n", "3"],
            "error: new: invalid value '3' for '--name <LABEL>': a label must not be a number, because numbers are session ids",
        ),
        (
            &["winsta", "new", "--size", "0x0"],
            "error: new: invalid value '0x0' for '--size <COLSxROWS>': a terminal has 1 to 1000 columns and 1 to 500 rows, not 0x0",
        ),
        (
            &["winsta", "new", "/V"],
            "error: new: unexpected argument '/V' found",
        ),
        (
            &["winsta", "connect", "3", "--share", "--view"],
            "error: connect: the argument '--share' cannot be used with '--view'",
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(called(line), *expected, "{line:?}");
    }
}

#[test]
fn every_tool_shows_examples_and_statuses() {
    for tool in &TOOLS {
        let mut line = vec!["winsta"];
        line.extend(tool.words);
        line.push("--help");
        let Ok(Call::Print(help)) = call(&line) else {
            panic!("{line:?}");
        };
        assert!(help.contains("Exit status:"), "{line:?}");
        let has_verbs = tool.words == ["host"];
        assert!(has_verbs || help.contains("Examples:\n  "), "{line:?}");
    }
}

/// Examples must be understood as they are printed.
#[test]
fn examples_are_command_lines_that_work() {
    let commands = TOOLS.iter().flat_map(|tool| {
        let help = tool.command("tool").get_after_help().unwrap().to_string();
        let lines = help.lines().filter_map(|line| line.strip_prefix("  "));
        let lines =
            lines.filter(|line| !line.contains("$(") && !line.starts_with(char::is_numeric));
        lines.map(str::to_owned).collect::<Vec<_>>()
    });
    let mut seen = 0;
    for example in commands {
        // A comment stands behind two blanks, another program behind a bar or the like.
        let line = example.split("  ").next().unwrap();
        let line = line.split([';', '|', '>', '<']).next().unwrap();
        let line = line.split(" && ").next().unwrap();
        let words: Vec<String> = line
            .split('\'')
            .enumerate()
            .flat_map(|(index, part)| match index % 2 {
                0 => part.split_whitespace().map(str::to_owned).collect(),
                _ => vec![part.to_owned()],
            })
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        assert!(
            matches!(call(&words), Ok(Call::Tool(..))),
            "{example}: {}",
            called(&words)
        );
        seen += 1;
    }
    assert!(seen > 50, "{seen}");
}

#[test]
fn the_corpus_of_command_lines_holds() {
    let corpus = include_str!("../corpus/grammar.txt");
    for line in corpus.lines() {
        let bytes: Vec<u8> = line.split(' ').collect::<Vec<_>>().join("\0").into_bytes();
        crate::oracle::grammar(&bytes);
    }
    crate::oracle::grammar(b"");
    crate::oracle::grammar(b"qwinsta\0/SERVER:\xff\0\xfe");
    crate::oracle::grammar(b"winsta\0new\0--\0\xff");
}

proptest::proptest! {
    #[test]
    fn no_command_line_panics(
        tool in proptest::sample::select(vec![
            "winsta", "qwinsta", "rwinsta", "quser", "qprocess", "query", "reset", "msg", "logoff",
            "tskill", "tscon", "tsdiscon", "shadow",
        ]),
        words in proptest::collection::vec("(/|--?|)[a-zA-Z:=?#*@.,0-9 \u{65e5}\u{301}-]{0,12}", 0..6),
    ) {
        let line: Vec<String> = std::iter::once(tool.to_owned()).chain(words).collect();
        crate::oracle::grammar(line.join("\0").as_bytes());
    }

    #[test]
    fn no_bytes_panic(bytes: Vec<u8>) {
        crate::oracle::grammar(&bytes);
    }
}
