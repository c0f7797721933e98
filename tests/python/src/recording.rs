//! Recorded exchanges with real Windows hosts.

use std::fs;

use serde::Deserialize;

use crate::environment::{Missing, Python, file, folder, once, run};
use crate::packages;

/// Where they are in it.
const RESPONSES: &str = "pypsrp-0.9.1/tests/tests_pypsrp/responses";

/// Turns each of the files, which are YAML, into an element of one JSON list.
const TO_JSON: &str = "
import glob, json, os, sys, yaml
out = []
for path in sorted(glob.glob(os.path.join(sys.argv[1], '*.yml'))):
    with open(path, encoding='utf-8') as text:
        held = yaml.safe_load(text) or {}
    exchanges = [{'request': m.get('request') or '', 'response': m.get('response') or ''}
                 for m in held.get('messages') or []]
    out.append({'name': os.path.basename(path)[:-4], 'exchanges': exchanges})
with open(sys.argv[2], 'w', encoding='utf-8') as text:
    json.dump(out, text)
";

/// What a client and a Windows host said to each other.
#[derive(Clone, Debug, Deserialize)]
pub struct Recording {
    /// What it is of, such as `test_psrp_open_runspace`.
    pub name: String,
    /// In the order in which they were sent.
    pub exchanges: Vec<Exchange>,
}

/// A request and its answer: SOAP envelopes, or empty.
#[derive(Clone, Debug, Deserialize)]
pub struct Exchange {
    /// What the client sent.
    pub request: String,
    /// What the host answered.
    pub response: String,
}

/// All recordings, downloaded the first time.
pub fn recordings() -> Result<Vec<Recording>, Missing> {
    let sources = folder()?.join("pypsrp-source");
    let json = sources.join("recordings.json");
    once(&sources, || {
        let python = Python::with(packages::YAML)?;
        fs::create_dir_all(&sources).map_err(|source| file(&sources, source))?;
        let mut download = python.command();
        download.args([
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
        ]);
        download.args(["--no-deps", "--no-binary", ":all:", "--dest"]);
        download.arg(&sources).arg(packages::PYPSRP);
        run(download)?;
        let archive = sources.join("pypsrp-0.9.1.tar.gz");
        let mut unpack = python.command();
        unpack
            .args(["-m", "tarfile", "-e"])
            .arg(archive)
            .arg(&sources);
        run(unpack)?;
        let mut convert = python.command();
        convert.args(["-c", TO_JSON]);
        convert.arg(sources.join(RESPONSES)).arg(&json);
        run(convert)
    })?;
    let text = fs::read_to_string(&json).map_err(|source| file(&json, source))?;
    serde_json::from_str(&text).map_err(|error| Missing::Content {
        path: json,
        why: error.to_string(),
    })
}
