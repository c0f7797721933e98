//! What becomes of the words of a Windows command line.

use super::*;
use crate::tools::TOOLS;

/// The words that clap gets, `?` for help, or the error.
fn words(tool: &str, line: &[&str]) -> String {
    let tool = TOOLS.iter().find(|t| t.link() == Some(tool)).unwrap();
    let mut command = tool.command("tool");
    command.build();
    let line = line.iter().map(OsString::from).collect();
    match normalise(&command, line) {
        Ok(Words::Help) => "?".to_owned(),
        Ok(Words::Options(words)) => {
            let words: Vec<_> = words.iter().map(|w| w.to_string_lossy()).collect();
            words.join(" ")
        }
        Err(error) => format!("error: {error}"),
    }
}

#[test]
fn switches_become_options() {
    let cases: &[(&str, &[&str], &str)] = &[
        ("qwinsta", &[], ""),
        ("qwinsta", &["bob"], "bob"),
        ("qwinsta", &["/SERVER:xyz"], "--server=xyz"),
        ("qwinsta", &["/server:xyz"], "--server=xyz"),
        ("qwinsta", &["/Server:XyZ"], "--server=XyZ"),
        ("qwinsta", &["/server=xyz"], "--server=xyz"),
        ("qwinsta", &["/server:[::1]:22"], "--server=[::1]:22"),
        ("qwinsta", &["/server:a=b"], "--server=a=b"),
        ("qwinsta", &["/server:/x"], "--server=/x"),
        ("qwinsta", &["--server", "xyz"], "--server xyz"),
        ("qwinsta", &["--SERVER", "xyz"], "--server xyz"),
        ("qwinsta", &["--Server=Xyz"], "--server=Xyz"),
        ("qwinsta", &["/MODE"], "--mode"),
        (
            "qwinsta",
            &["/mode", "/FLOW", "/Connect", "/cOUNTER"],
            "--mode --flow --connect --counter",
        ),
        ("qwinsta", &["bob", "/mode"], "bob --mode"),
        ("qwinsta", &["/mode", "bob"], "--mode bob"),
        ("qwinsta", &["pty#2", "/server:."], "pty#2 --server=."),
        ("qwinsta", &["/STATE:disc"], "--state=disc"),
        ("qwinsta", &["/Idle-Over:4h"], "--idle-over=4h"),
        ("qwinsta", &["/OUTPUT:json"], "--output=json"),
        ("qwinsta", &["/HELP"], "--help"),
        ("qwinsta", &["-o", "json"], "-o json"),
        ("qwinsta", &["-ojson", "/mode"], "-ojson --mode"),
        ("rwinsta", &["1", "/SERVER:xyz"], "1 --server=xyz"),
        ("rwinsta", &["/V", "1"], "--v 1"),
        ("rwinsta", &["/v", "1"], "--v 1"),
        ("rwinsta", &["/verbose", "1"], "--verbose 1"),
        ("logoff", &["/V"], "--v"),
        (
            "logoff",
            &["3", "/WARN:60", "/MESSAGE:Now"],
            "3 --warn=60 --message=Now",
        ),
        ("tscon", &["3", "/DEST:pty#2"], "3 --dest=pty#2"),
        (
            "tscon",
            &["/dest:console", "3", "/v"],
            "--dest=console 3 --v",
        ),
        ("tskill", &["vim", "/ID:3"], "vim --id=3"),
        ("tskill", &["vim", "/A"], "vim --a"),
        ("tskill", &["vim", "/a", "/V"], "vim --a --v"),
        ("qprocess", &["/ID:nn"], "--id=nn"),
        ("qprocess", &["*"], "*"),
        (
            "quser",
            &["bob", "/SERVER:localhost"],
            "bob --server=localhost",
        ),
        ("shadow", &["3", "/V"], "3 --v"),
        (
            "msg",
            &["bob", "/TIME:5", "/V", "/W", "hi"],
            "bob --time=5 --v --w hi",
        ),
        ("msg", &["/TIME:5", "bob", "hi"], "--time=5 bob hi"),
        ("msg", &["@file", "hi"], "@file hi"),
    ];
    for (tool, line, expected) in cases {
        assert_eq!(words(tool, line), *expected, "{tool} {line:?}");
    }
}

#[test]
fn what_is_no_switch_is_left_alone() {
    let cases: &[(&str, &[&str], &str)] = &[
        // After the first word of a text everything belongs to it.
        ("msg", &["bob", "hi", "/V"], "bob hi /V"),
        (
            "msg",
            &["bob", "hi", "/nonsense:x", "/?"],
            "bob hi /nonsense:x /?",
        ),
        (
            "msg",
            &["bob", "see", "--server", "x"],
            "bob see --server x",
        ),
        ("msg", &["bob", "/W", "a", "/W"], "bob --w a /W"),
        (
            "msg",
            &["bob", "/etc/passwd", "changed"],
            "bob /etc/passwd changed",
        ),
        // After `--` too.
        ("qwinsta", &["--", "/MODE"], "-- /MODE"),
        ("qwinsta", &["--", "/?"], "-- /?"),
        ("msg", &["--", "bob", "/V"], "-- bob /V"),
        // The value of an option is a value.
        ("qwinsta", &["--server", "/mode"], "--server /mode"),
        ("qwinsta", &["-o", "/mode"], "-o /mode"),
        (
            "logoff",
            &["3", "--warn", "60", "--message", "/V"],
            "3 --warn 60 --message /V",
        ),
        ("logoff", &["3", "--MESSAGE", "/?"], "3 --message /?"),
        ("rwinsta", &["-v", "/V"], "-v --v"),
        // Paths and other words with a slash.
        ("qwinsta", &["/"], "/"),
        ("qwinsta", &["//"], "//"),
        ("qwinsta", &["/:x"], "/:x"),
        ("qwinsta", &["a/MODE"], "a/MODE"),
        ("qwinsta", &["/home/bob"], "/home/bob"),
        ("qwinsta", &["/mode/x"], "/mode/x"),
        ("qwinsta", &["/m\u{f6}de"], "/m\u{f6}de"),
        // Clap refuses what it does not know.
        ("qwinsta", &["--nonsense", "/mode"], "--nonsense --mode"),
        ("qwinsta", &["-x", "/mode"], "-x --mode"),
        ("qwinsta", &["-"], "-"),
        ("qwinsta", &[""], ""),
    ];
    for (tool, line, expected) in cases {
        assert_eq!(words(tool, line), *expected, "{tool} {line:?}");
    }
}

#[test]
fn help_is_found_wherever_a_switch_may_stand() {
    let cases: &[(&str, &[&str])] = &[
        ("qwinsta", &["/?"]),
        ("qwinsta", &["-?"]),
        ("qwinsta", &["bob", "/mode", "/?"]),
        ("msg", &["bob", "/?"]),
        ("msg", &["/?"]),
    ];
    for (tool, line) in cases {
        assert_eq!(words(tool, line), "?", "{tool} {line:?}");
    }
}

#[test]
fn wrong_switches_are_named() {
    let cases: &[(&str, &[&str], &str)] = &[
        ("qwinsta", &["/NOPE"], "error: there is no switch /NOPE"),
        ("qwinsta", &["/nope:x"], "error: there is no switch /NOPE"),
        ("qwinsta", &["/V"], "error: there is no switch /V"),
        ("qwinsta", &["/MOD"], "error: there is no switch /MOD"),
        ("qwinsta", &["/MODES"], "error: there is no switch /MODES"),
        ("qwinsta", &["/3"], "error: there is no switch /3"),
        ("qwinsta", &["/?x"], "error: there is no switch /?X"),
        ("quser", &["/MODE"], "error: there is no switch /MODE"),
        (
            "tscon",
            &["3", "/SERVER:x"],
            "error: there is no switch /SERVER",
        ),
        ("rwinsta", &["1", "/W"], "error: there is no switch /W"),
        ("msg", &["bob", "/X", "hi"], "error: there is no switch /X"),
        (
            "qwinsta",
            &["/SERVER"],
            "error: the switch /SERVER needs a value: /SERVER:servername",
        ),
        (
            "qwinsta",
            &["/server:"],
            "error: the switch /SERVER needs a value: /SERVER:servername",
        ),
        (
            "qwinsta",
            &["/server", "xyz"],
            "error: the switch /SERVER needs a value: /SERVER:servername",
        ),
        (
            "msg",
            &["/TIME", "bob"],
            "error: the switch /TIME needs a value: /TIME:seconds",
        ),
        (
            "qwinsta",
            &["/mode:on"],
            "error: the switch /MODE takes no value",
        ),
        (
            "rwinsta",
            &["1", "/V:1"],
            "error: the switch /V takes no value",
        ),
    ];
    for (tool, line, expected) in cases {
        assert_eq!(words(tool, line), *expected, "{tool} {line:?}");
    }
}

#[test]
fn words_that_are_no_utf8_pass() {
    use std::os::unix::ffi::OsStringExt;
    let mut command = TOOLS[0].command("tool");
    command.build();
    let word = OsString::from_vec(b"/SERVER:\xff".to_vec());
    assert_eq!(
        normalise(&command, vec![word.clone()]),
        Ok(Words::Options(vec![word]))
    );
}

#[test]
fn every_tool_with_switches_can_be_built() {
    for tool in &TOOLS {
        tool.command("tool").debug_assert();
    }
    crate::tools::all().debug_assert();
}
