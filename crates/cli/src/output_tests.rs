//! JSON, JSON lines and CSV.

use winsta_api::{AuditEntry, HostStatus, ProcessInfo, Session, Warning};

use super::*;
use crate::table::sample;

fn written(format: Format, rows: &[Session]) -> String {
    let mut out = Vec::new();
    records(format, rows, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn json_has_full_names_and_nulls() {
    let array: Value = serde_json::from_str(&written(Format::Json, &[sample()])).unwrap();
    let row = &array[0];
    assert_eq!(row["state"], "Active");
    assert_eq!(row["type"], "pty");
    assert_eq!(row["disconnected_since"], Value::Null);
    assert_eq!(row["idle_seconds"], 0);
    assert_eq!(written(Format::Json, &[]), "[]\n");
}

#[test]
fn json_lines_are_one_object_each() {
    let lines = written(Format::Jsonl, &[sample(), sample()]);
    assert_eq!(lines.lines().count(), 2);
    for line in lines.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        assert_eq!(row["user"], "bob");
    }
    assert_eq!(written(Format::Jsonl, &[]), "");
}

#[test]
fn csv_quotes_what_would_break_it() {
    let odd = Session {
        label: Some("a \"b\", c\nd".to_owned()),
        device: None,
        command: vec!["make".to_owned(), "-j8".to_owned()],
        ..sample()
    };
    let csv = written(Format::Csv, &[odd]);
    let (titles, row) = csv.split_once('\n').unwrap();
    assert_eq!(titles, Session::KEYS.join(","));
    assert_eq!(
        row,
        "host1,1,pty#1,\"a \"\"b\"\", c\nd\",bob,Active,pty,,hosted,2026-11-21T07:33:00.000Z,\
         2026-11-21T07:40:00.000Z,0,,,,4711,false,[],\"[\"\"make\"\",\"\"-j8\"\"]\"\n"
    );
    assert_eq!(
        written(Format::Csv, &[]),
        format!("{}\n", Session::KEYS.join(","))
    );
}

/// The titles of an empty CSV are those of a full one.
#[test]
fn keys_are_those_that_are_written() {
    fn check<R: Row + serde::de::DeserializeOwned>(json: &str) {
        let row: R = serde_json::from_str(json).unwrap();
        let Fields(fields) = serde_json::from_str(&serde_json::to_string(&row).unwrap()).unwrap();
        let keys: Vec<&str> = fields.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, R::KEYS);
    }
    check::<Session>(&serde_json::to_string(&sample()).unwrap());
    check::<ProcessInfo>(
        r#"{"host":"h","user":null,"session_name":null,"id":1,"pid":2,"image":"x","current":false}"#,
    );
    check::<AuditEntry>(
        r#"{"time":"t","host":"h","user":"u","uid":1,"origin":"o","action":"a","session":null,
            "owner":null,"outcome":"done","detail":""}"#,
    );
    check::<Warning>(r#"{"id":1,"session":2,"how":"reset","due":"d","by":"b","message":"m"}"#);
    check::<HostStatus>(
        r#"{"host":"h","pid":1,"version":"v","sessions":0,"started":"t","incarnation":"i",
            "keeper_pid":null,"keeper_version":null,"mode":"user","socket":"s",
            "counters":{"created":0,"disconnected":0,"reconnected":0},"problems":[]}"#,
    );
}
