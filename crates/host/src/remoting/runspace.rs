//! A runspace: a shell that takes command after command and keeps its state between them.
//!
//! It reads lines from its standard input and writes what commands write to its own standard
//! output and error. Behind each command it writes a mark into both, with a word that only this
//! host knows, the command's number and its exit status. So output and its ends are one stream each,
//! in which a host that takes over finds everything again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use winsta_api::SessionConfiguration;

use super::command::Cursor;
use super::engines;

/// What a mark begins and ends with.
const BEGIN: char = '\u{1e}';
const END: char = '\u{1f}';
/// Bytes of a command up to which it is one line: what a pipe takes at once.
const SHORT: usize = 3 << 10;
/// The status of a command that was interrupted.
const INTERRUPTED: i64 = 130;
/// Longest mark, in bytes.
pub(super) const LONGEST: usize = 64;

/// A runspace, as it is written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Runspace {
    /// Number of its worker.
    pub(super) worker: u32,
    /// The word in its marks.
    word: String,
    /// Whether its marks are lines of its output, among which its errors are.
    #[serde(default)]
    is_told: bool,
    /// Number of the last command that it was given; 0 is its beginning.
    pub(super) last: u32,
    pub(super) out: Marks,
    pub(super) err: Marks,
    /// Offsets before which the keeper need not keep its streams.
    #[serde(skip)]
    pub(super) released: Cursor,
    /// Whether its program has ended.
    #[serde(skip)]
    pub(super) ended: bool,
    /// When that was first seen.
    #[serde(skip)]
    end_seen: Option<Instant>,
}

/// How long what a program printed may be on its way when the program has ended. What it started
/// may hold its streams open for ever.
const DRAINING: Duration = Duration::from_millis(500);

/// How a runspace is told to run a command. Whoever reads a long line takes their time for it, and
/// an interrupt in the middle would have them read the rest as commands. So what is long comes first
/// and runs nothing, and what is behind it depends on whether the command is still wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Telling {
    /// What it has to know first, if that is long.
    pub(super) ahead: Option<String>,
    /// What has it run the command.
    pub(super) run: String,
    /// What has it say that the command was interrupted.
    pub(super) pass: String,
}

/// Marks in one of its streams.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Marks {
    /// Offset up to which the stream was looked through.
    pub(super) scanned: u64,
    /// Marks by the number of their command.
    found: BTreeMap<u32, Mark>,
    /// Whether nothing more will come.
    #[serde(skip)]
    pub(super) finished: bool,
}

/// Where a command's output ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// Offset of the mark.
    pub(super) begin: u64,
    /// Offset behind it: the next command's output begins there.
    pub(super) end: u64,
    /// The exit status.
    pub(super) status: i64,
}

impl Runspace {
    /// A runspace whose program has just been started as `worker`.
    pub(super) fn new(worker: u32, word: String, is_told: bool) -> Self {
        Self {
            worker,
            word,
            is_told,
            last: 0,
            out: Marks::default(),
            err: Marks::default(),
            released: Cursor::default(),
            ended: false,
            end_seen: None,
        }
    }

    /// Whether its program is known to have ended, and some of its output may yet come.
    pub(super) fn is_draining(&mut self) -> bool {
        let since = *self.end_seen.get_or_insert_with(Instant::now);
        let is_whole = self.out.finished && self.err.finished;
        !is_whole && since.elapsed() < DRAINING
    }

    /// What it has to read first.
    pub(super) fn opening(&self, terms: &SessionConfiguration, words: &engines::Words) -> String {
        engines::opening(terms, &self.word, words)
    }

    /// How it is told to run `script` as its next command, with `input` as standard input.
    pub(super) fn next(
        &mut self,
        terms: &SessionConfiguration,
        script: &str,
        input: &[String],
    ) -> Telling {
        self.last += 1;
        let number = self.last;
        if let Some(telling) = engines::telling(terms, (&self.word, number), script, input) {
            return telling;
        }
        let script = quoted(script);
        let input = (!input.is_empty()).then(|| input.join("\n"));
        let mut begin = format!("__winsta={number}; trap - INT; set +e; eval ");
        let pass = format!("__winsta={number}; (exit {INTERRUPTED})\n");
        let length = script.len() + input.as_ref().map_or(0, String::len);
        let ahead = (length > SHORT).then(|| {
            let input = quoted(input.as_deref().unwrap_or_default());
            format!("__winsta_script={script} __winsta_input={input}\n")
        });
        begin.push_str(if ahead.is_some() {
            "\"$__winsta_script\""
        } else {
            &script
        });
        let word = &self.word;
        let from = match (&input, &ahead) {
            (None, _) => " </dev/null >&7 2>&8\n".to_owned(),
            // Between quotes nothing of it means anything, and what a variable holds neither.
            (Some(input), None) => format!(" >&7 2>&8 <<'{word}'\n{input}\n{word}\n"),
            (Some(_), Some(_)) => format!(" >&7 2>&8 <<{word}\n$__winsta_input\n{word}\n"),
        };
        begin.push_str(&from);
        Telling {
            ahead,
            run: begin,
            pass,
        }
    }

    /// The mark in which the output of a command ends, if it has been seen.
    pub(super) fn find(&self, bytes: &[u8]) -> Option<(usize, usize, u32, i64)> {
        let start = self.start();
        let last = if self.is_told { '\n' } else { END };
        // What a program echoes of its input looks like the beginning of one.
        let mut begins = memchr::memmem::find_iter(bytes, &start);
        begins.find_map(|begin| {
            let rest = bytes.get(begin + start.len()..)?;
            let length = rest
                .iter()
                .take(LONGEST)
                .position(|byte| *byte == last as u8)?;
            let text = std::str::from_utf8(rest.get(..length)?).ok()?;
            let (number, status) = text.trim_end_matches('\r').split_once(';')?;
            let end = begin + start.len() + length + 1;
            Some((begin, end, number.parse().ok()?, status.parse().ok()?))
        })
    }

    /// What a mark begins with.
    fn start(&self) -> Vec<u8> {
        let begin = if self.is_told {
            String::new()
        } else {
            BEGIN.to_string()
        };
        [&begin, &self.word, ";"].concat().into_bytes()
    }

    /// Where in the last bytes of a piece a mark may begin.
    fn open(&self, rest: &[u8]) -> Option<usize> {
        if !self.is_told {
            let open = memchr::memrchr(BEGIN as u8, rest);
            return open.filter(|at| rest.len() - at < LONGEST);
        }
        let start = self.start();
        (0..rest.len()).find(|at| {
            let tail = rest.get(*at..).unwrap_or_default();
            let is_open = !tail.contains(&b'\n') && tail.starts_with(&start);
            is_open || start.starts_with(tail)
        })
    }

    /// Where all marks are in one stream, the other has them as well.
    pub(super) fn mirror(&mut self) {
        if !self.is_told {
            return;
        }
        let place = self.err.scanned;
        for (number, mark) in &self.out.found {
            let (begin, end) = (place, place);
            let mark = Mark {
                begin,
                end,
                ..*mark
            };
            self.err.found.entry(*number).or_insert(mark);
        }
    }

    /// Looks through a piece of a stream that begins where it was looked through up to.
    pub(super) fn scan(&self, marks: &mut Marks, bytes: &[u8]) {
        let mut done = 0;
        while let Some((begin, end, number, status)) = bytes.get(done..).and_then(|b| self.find(b))
        {
            let at = marks.scanned + done as u64;
            let mark = Mark {
                begin: at + begin as u64,
                end: at + end as u64,
                status,
            };
            // An interrupt at the wrong moment has it say the same twice: the first counts, and what
            // the next command prints begins behind the last.
            let known = marks.found.entry(number).or_insert(mark);
            known.end = mark.end;
            done += end;
        }
        // What may be the beginning of a mark is looked at again.
        let last = bytes.len().saturating_sub(LONGEST).max(done);
        let rest = bytes.get(last..).unwrap_or_default();
        let open = self.open(rest);
        marks.scanned += open.map_or(bytes.len(), |at| last + at) as u64;
    }

    /// Whether it has nothing to do, as far as it was looked at.
    pub(super) fn is_free(&self) -> bool {
        self.out.of(self.last).is_some()
    }
}

impl Marks {
    /// The mark behind a command.
    pub(super) fn of(&self, number: u32) -> Option<Mark> {
        self.found.get(&number).copied()
    }

    /// Where a command's output begins, if the one before has ended.
    pub(super) fn begin(&self, number: u32) -> Option<u64> {
        self.of(number.checked_sub(1)?).map(|mark| mark.end)
    }

    /// Forgets marks in front of a command.
    pub(super) fn forget_before(&mut self, number: u32) {
        let keep = number.saturating_sub(1);
        self.found.retain(|number, _| *number >= keep);
    }
}

/// A word of bash that means `text`, whatever is in it. Zero bytes, which bash has not, are left
/// out.
pub(super) fn quoted(text: &str) -> String {
    let text = text.replace('\0', "").replace('\'', "'\\''");
    format!("'{text}'")
}

#[cfg(test)]
mod tests {
    use super::super::limits::Limits;
    use super::*;

    /// What is found in a stream that comes in pieces of so many bytes.
    fn scanned(runspace: &Runspace, stream: &[u8], cut: usize) -> Marks {
        let mut marks = Marks::default();
        let mut have = 0;
        while have < stream.len() {
            have = (have + cut).min(stream.len());
            let from = usize::try_from(marks.scanned).unwrap();
            runspace.scan(&mut marks, &stream[from..have]);
        }
        marks
    }

    #[test]
    fn marks_that_are_lines_are_found_however_the_stream_is_cut() {
        let runspace = Runspace::new(1, "w0rd".to_owned(), true);
        let stream = b"> print w0rd;0;0\"\nw0rd;0;0\r\none\nw0r two w0rd;1;0\nw0rd;2;130\nmore w";
        for cut in 1..stream.len() {
            let marks = scanned(&runspace, stream, cut);
            let (begin, mark) = (marks.begin(1).unwrap(), marks.of(1).unwrap());
            let own =
                &stream[usize::try_from(begin).unwrap()..usize::try_from(mark.begin).unwrap()];
            assert_eq!(own, b"one\nw0r two ", "cut {cut}");
            assert_eq!(marks.of(2).map(|mark| mark.status), Some(130), "cut {cut}");
            assert_eq!(marks.scanned, stream.len() as u64 - 1, "it may be one");
        }
    }

    #[test]
    fn marks_are_found_however_the_stream_is_cut() {
        let runspace = Runspace::new(1, "w0rd".to_owned(), false);
        let stream = b"bash: no tty\n\x1ew0rd;0;0\x1fone\ntwo\x1ew0rd;1;3\x1f\x1e\x1ew0rd;1;130\x1f\x1ew0rd;2;0\x1f";
        for cut in 1..stream.len() {
            let marks = scanned(&runspace, stream, cut);
            let begin = marks.begin(1).unwrap();
            let mark = marks.of(1).unwrap();
            let own =
                &stream[usize::try_from(begin).unwrap()..usize::try_from(mark.begin).unwrap()];
            assert_eq!((own, mark.status), (&b"one\ntwo"[..], 3), "cut {cut}");
            let next = marks.of(2).unwrap();
            assert_eq!(next.status, 0);
            assert_eq!(marks.begin(2), Some(next.begin), "cut {cut}");
            assert_eq!(marks.of(3), None);
        }
    }

    #[test]
    fn any_text_can_be_a_word() {
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted("a\0b\n$x"), "'ab\n$x'");
    }

    #[test]
    fn lines_have_numbers_and_input() {
        let terms = Limits::default().configuration("x");
        let mut runspace = Runspace::new(1, "w0rd".to_owned(), false);
        let ls = runspace.next(&terms, "ls", &[]);
        assert_eq!(
            ls.run,
            "__winsta=1; trap - INT; set +e; eval 'ls' </dev/null >&7 2>&8\n"
        );
        assert_eq!(
            (ls.ahead, ls.pass.as_str()),
            (None, "__winsta=1; (exit 130)\n")
        );
        let cat = runspace.next(&terms, "cat", &["a".to_owned(), "b".to_owned()]);
        assert!(cat.run.starts_with("__winsta=2;"), "{cat:?}");
        assert!(cat.run.ends_with("<<'w0rd'\na\nb\nw0rd\n"), "{cat:?}");
    }

    #[test]
    fn what_is_long_comes_ahead() {
        let terms = Limits::default().configuration("x");
        let mut runspace = Runspace::new(1, "w0rd".to_owned(), false);
        let script = "it's ".repeat(SHORT);
        let long = runspace.next(&terms, &script, &[]);
        let ahead = long.ahead.unwrap();
        assert!(
            ahead.starts_with("__winsta_script='it'\\''s "),
            "{ahead:.40}"
        );
        assert!(ahead.ends_with(" __winsta_input=''\n"));
        assert!(
            long.run
                .ends_with("eval \"$__winsta_script\" </dev/null >&7 2>&8\n")
        );
        let long = runspace.next(&terms, "cat", &["a".to_owned(), "b$c".repeat(SHORT)]);
        assert!(long.ahead.unwrap().contains("__winsta_input='a\nb$cb$c"));
        assert!(long.run.ends_with("<<w0rd\n$__winsta_input\nw0rd\n"));
        assert!(long.run.len() < SHORT);
    }
}
