//! A host that answers what a test wants and remembers what it was asked.

use std::collections::HashMap;
use std::fs::Permissions;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tempfile::TempDir;

/// One request that came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// `GET /v1/sessions`
    pub(crate) line: String,
    /// Header fields, their names in lower case.
    pub(crate) fields: HashMap<String, String>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Asked {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Answers to requests by their first line: status and body.
type Answers = HashMap<String, (u16, Vec<u8>)>;

/// A host in a runtime folder of its own.
pub(crate) struct Fake {
    folder: TempDir,
    answers: Arc<Mutex<Answers>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Fake {
    /// A host that has these sessions.
    pub(crate) fn with_sessions(sessions: &[Value]) -> Self {
        let mine_alone = Permissions::from_mode(0o700);
        let folder = tempfile::Builder::new()
            .permissions(mine_alone)
            .tempdir()
            .unwrap();
        let listener = UnixListener::bind(folder.path().join("host.sock")).unwrap();
        let fake = Self {
            folder,
            answers: Arc::default(),
            asked: Arc::default(),
        };
        fake.answer("GET /v1/sessions", 200, &json!(sessions));
        let (answers, asked) = (Arc::clone(&fake.answers), Arc::clone(&fake.asked));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answers, asked) = (Arc::clone(&answers), Arc::clone(&asked));
                std::thread::spawn(move || serve(&stream, &answers, &asked));
            }
        });
        fake
    }

    /// Answers this request with JSON.
    pub(crate) fn answer(&self, line: &str, status: u16, body: &Value) {
        self.answer_raw(line, status, body.to_string().as_bytes());
    }

    /// Answers this request with bytes.
    pub(crate) fn answer_raw(&self, line: &str, status: u16, body: &[u8]) {
        let mut answers = self.answers.lock().unwrap();
        answers.insert(line.to_owned(), (status, body.to_vec()));
    }

    /// What it was asked so far, beside lists of sessions.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        let mut asked = self.asked.lock().unwrap().clone();
        asked.retain(|asked| !is_listing(&asked.line));
        asked
    }

    /// Its folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The program, to be run with these words against this host.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_winsta"));
        command
            .args(words)
            .env("WINSTA_RUNTIME_DIR", self.folder.path())
            .env("WINSTA_STATE_DIR", self.folder.path())
            .env("TZ", "UTC")
            .env_remove("WINSTA_SESSION")
            .stdin(Stdio::null());
        command
    }

    /// Runs the program.
    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        self.command(words).output().unwrap().into()
    }

    /// Runs the program with something on standard input.
    pub(crate) fn run_with(&self, words: &[&str], input: &[u8]) -> Ran {
        let mut command = self.command(words);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        child.wait_with_output().unwrap().into()
    }
}

/// What came of running the program.
#[derive(Debug)]
pub(crate) struct Ran {
    /// Exit status.
    pub(crate) status: i32,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

fn serve(stream: &UnixStream, answers: &Mutex<Answers>, asked: &Mutex<Vec<Asked>>) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        // A client may ask for some keys; this host gives all, as a client must bear.
        let line = if is_listing(&request.line) {
            "GET /v1/sessions"
        } else {
            &request.line
        };
        let answer = answers.lock().unwrap().get(line).cloned();
        let (status, body) = answer.unwrap_or_else(|| {
            let text = format!("the test has no answer to {}", request.line);
            let error = json!({"code": "internal", "message": text});
            (500, error.to_string().into_bytes())
        });
        asked.lock().unwrap().push(request);
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nwinsta-incarnation: life1\r\n\r\n",
            body.len()
        );
        let mut stream = stream;
        let bytes = [head.as_bytes(), &body].concat();
        if stream.write_all(&bytes).is_err() {
            return;
        }
    }
}

fn is_listing(line: &str) -> bool {
    line.split('?').next() == Some("GET /v1/sessions")
}

fn read(reader: &mut BufReader<&UnixStream>) -> Option<Asked> {
    let mut line = String::new();
    reader
        .read_line(&mut line)
        .ok()
        .filter(|count| *count > 0)?;
    let line = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
    let mut fields = HashMap::new();
    loop {
        let mut field = String::new();
        reader.read_line(&mut field).ok()?;
        let Some((name, value)) = field.trim_end().split_once(": ") else {
            break;
        };
        fields.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = fields
        .get("content-length")
        .map_or(0, |n| n.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { line, fields, body })
}

/// A session as a host lists it.
pub(crate) fn session(id: u32, name: Option<&str>, user: Option<&str>, state: &str) -> Value {
    json!({
        "host": "host1", "id": id, "name": name, "label": null, "user": user, "state": state,
        "type": "pty", "device": "pts/1", "source": "hosted",
        "logon_time": format!("2026-11-21T07:33:00.{id:03}Z"),
        "last_input_time": "2026-11-21T07:40:00.000Z", "idle_seconds": id * 3600,
        "disconnected_since": null, "client_name": null, "client_address": null,
        "leader_pid": 4711, "current": false, "connections": [], "command": [],
    })
}
