//! Objects stay what they are on their way through a shell.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{Guid, Outcome, bind, find};

fn session(id: u32, name: &str) -> SessionObject {
    SessionObject {
        id,
        name: name.to_owned(),
        instance_id: Guid(u128::from(id)),
        computer_name: "Srv1".to_owned(),
        transport: Transport::HostName,
        state: SessionState::Opened,
        configuration_name: "Microsoft.PowerShell".to_owned(),
        availability: Availability::Available,
        others: Properties::new(),
    }
}

#[test]
fn the_line_of_a_session() {
    assert_eq!(
        session(3, "IT *task/ä").to_string(),
        "{\"PSTypeName\":\"PSSession\",\"Availability\":\"Available\",\"ComputerName\":\"Srv1\",\
         \"ConfigurationName\":\"Microsoft.PowerShell\",\"Id\":3,\
         \"InstanceId\":\"00000000-0000-0000-0000-000000000003\",\"Name\":\"IT\\u0020\\u002atask\\u002fä\",\
         \"State\":\"Opened\",\"Transport\":\"HostName\"}"
    );
}

#[test]
fn whatever_means_the_same_is_read() {
    let written = session(3, "a b");
    let pretty = serde_json::to_string_pretty(&written.properties()).unwrap();
    assert_eq!(pretty.parse(), Ok(written));
    let other_case = r#"{"PSTypeName":"PSSession","id":3,"NAME":"a","instanceid":"00000000000000000000000000000003","state":"opened"}"#;
    let read: SessionObject = other_case.parse().unwrap();
    assert_eq!((read.id, read.name.as_str()), (3, "a"));
    assert_eq!(read.state, SessionState::Opened);
}

#[test]
fn what_is_unknown_is_kept() {
    let line = r#"{"PSTypeName":"PSSession","InstanceId":"00000000000000000000000000000003","State":"Dreaming","Later":{"a":[1]},"N":null}"#;
    let read: SessionObject = line.parse().unwrap();
    assert_eq!(read.state, SessionState::Other("Dreaming".to_owned()));
    let again = Object::parse(&read.to_string()).unwrap().properties();
    assert_eq!(again.get("State"), Some(&json!("Dreaming")));
    assert_eq!(again.get("N"), Some(&json!(null)));
    assert_eq!(again.get("Later"), Some(&json!({ "a": "[1]" })));
}

#[test]
fn wrong_lines_say_what_is_wrong() {
    let fault = |line: &str| line.parse::<SessionObject>().unwrap_err().to_string();
    assert_eq!(fault("3"), "this is no JSON object");
    assert_eq!(fault("{}"), "this is no PSSession");
    assert_eq!(
        fault(r#"{"PSTypeName":"PSSession"}"#),
        "a PSSession has no InstanceId like that"
    );
    assert_eq!(
        fault(
            r#"{"PSTypeName":"PSSession","InstanceId":"00000000000000000000000000000003","Id":-1}"#
        ),
        "a PSSession has no Id like that"
    );
    assert!("{}".parse::<JobObject>().is_err());
    assert!("{}".parse::<OptionObject>().is_err());
}

#[test]
fn options_and_jobs() {
    let options = OptionObject {
        kind: OptionKind::Session,
        chosen: [
            ("IdleTimeout".to_owned(), json!(172_800_000)),
            ("SkipCACheck".to_owned(), json!(true)),
            ("OutputBufferingMode".to_owned(), json!("Drop")),
        ]
        .into_iter()
        .collect(),
    };
    let again: OptionObject = options.to_string().parse().unwrap();
    assert_eq!(again, options);
    assert_eq!(again.number("idletimeout"), Some(172_800_000));
    assert_eq!(again.text("OutputBufferingMode"), Some("Drop"));
    assert!(again.switch("SkipCACheck") && !again.switch("SkipCNCheck"));
    let job = JobObject {
        id: 1,
        name: "Job1".to_owned(),
        instance_id: Guid(9),
        state: JobState::Running,
        has_more_data: true,
        location: "a,b".to_owned(),
        command: "ls | wc -l; echo $x".to_owned(),
        others: Properties::new(),
    };
    assert_eq!(job.to_string().parse(), Ok(job));
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|n| Value::from(f64::from(n) / 2.0)),
        ".{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop::collection::btree_map(".{0,8}", inner, 0..3)
            .prop_map(|members| Value::Object(members.into_iter().collect()))
    })
}

prop_compose! {
    fn any_session()(
        id in any::<u32>(),
        texts in prop::array::uniform3("[ -~]{0,20}|.{0,20}"),
        instance in any::<u128>(),
        state in prop_oneof![Just("Opened".to_owned()), "[ -~]{1,8}"],
        others in prop::collection::btree_map("x.{0,8}", json_value(), 0..4),
    ) -> SessionObject {
        let [name, computer_name, configuration_name] = texts;
        SessionObject {
            id,
            name,
            instance_id: Guid(instance),
            computer_name,
            transport: Transport::Local,
            state: SessionState::from(state.as_str()),
            configuration_name,
            availability: Availability::None,
            others: others.into_iter().collect(),
        }
    }
}

proptest! {
    /// `$s` without quotes: a shell splits at blanks, and nothing else happens to it.
    #[test]
    fn sessions_survive_splitting(sessions in prop::collection::vec(any_session(), 1..4)) {
        let lines: Vec<String> = sessions.iter().map(SessionObject::to_string).collect();
        let variable = lines.join("\n");
        let words: Vec<String> = variable.split_whitespace().map(str::to_owned).collect();
        prop_assert_eq!(&words, &lines);
        let special = |c: char| c.is_whitespace() || "*?[]/~'`$!()".contains(c);
        prop_assert!(!variable.replace('\n', "").contains(special));
        let cmdlet = find("Disconnect-PSSession").unwrap();
        for words in [words, vec![variable]] {
            match bind(cmdlet, &words) {
                Ok(Outcome::Ready(bound)) => prop_assert_eq!(bound.sessions(), &sessions[..]),
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }
}
