use super::*;

fn inventory(hosts: &[&str], groups: &[(&str, &[&str])]) -> Inventory {
    let mut inventory = Inventory::default();
    let host = |name: &&str| Host::named(name.parse().unwrap());
    let group = |(name, members): &(&str, &[&str])| {
        let members = members.iter().map(|&member| member.to_owned());
        ((*name).to_owned(), members.collect())
    };
    let definitions = Definitions {
        hosts: hosts.iter().map(host).collect(),
        groups: groups.iter().map(group).collect(),
    };
    inventory.add(definitions).unwrap();
    inventory
}

fn sample() -> Inventory {
    inventory(
        &["web01", "web02", "db1", "rdp01"],
        &[
            ("web", &["web[01-03]"]),
            ("data", &["db*", "@cache"]),
            ("cache", &["redis1"]),
            ("all-but-web", &["*", "!@web"]),
            ("snake", &["@tail"]),
            ("tail", &["@snake"]),
        ],
    )
}

fn chosen(list: &str) -> Result<Vec<String>, ChoiceError> {
    let names = sample().choose(list)?;
    Ok(names
        .into_iter()
        .map(|host| host.name.to_string())
        .collect())
}

#[test]
fn a_list_means_hosts() {
    let cases: [(&str, &[&str]); 14] = [
        ("web01", &["web01"]),
        ("elsewhere", &["elsewhere"]),
        ("\\\\web01", &["web01"]),
        ("web02, web01,web02", &["web02", "web01"]),
        ("web*", &["web01", "web02", "web03"]),
        ("WEB?2", &["web02"]),
        ("web[01,04]", &["web01", "web04"]),
        ("@web", &["web01", "web02", "web03"]),
        ("@data", &["db1", "redis1"]),
        ("@all-but-web", &["db1", "rdp01", "redis1"]),
        ("@web,!web02,!nobody*", &["web01", "web03"]),
        ("tls://Web09:7443,web01", &["web09:7443", "web01"]),
        ("tls://[::1]", &["::1:5986"]),
        ("!@web", &["db1", "rdp01", "redis1"]),
    ];
    for (list, expected) in cases {
        assert_eq!(chosen(list).unwrap(), expected, "{list}");
    }
}

#[test]
fn what_means_nothing_is_said() {
    let text = |text: &str| text.to_owned();
    let cases = [
        ("", ChoiceError::Empty),
        (" , ", ChoiceError::Empty),
        ("@wob", ChoiceError::NoGroup(text("wob"))),
        ("xyz*", ChoiceError::NoMatch(text("xyz*"))),
        ("web01,!web*", ChoiceError::NothingLeft(text("web01,!web*"))),
        ("@snake", ChoiceError::Loop(text("snake"))),
    ];
    for (list, expected) in cases {
        assert_eq!(chosen(list), Err(expected), "{list}");
    }
    for list in [
        "-oProxyCommand=x",
        "a;b",
        "a b",
        "$(x)",
        "web[",
        "-x@web01",
        "a/b",
    ] {
        assert!(chosen(list).is_err(), "{list}");
    }
}

#[test]
fn a_user_stands_before_a_name() {
    let hosts = sample().choose("bob@web01").unwrap();
    let users: Vec<_> = hosts.iter().map(|host| host.user.as_deref()).collect();
    assert_eq!(users, [Some("bob")]);
}

#[test]
fn what_was_said_first_counts() {
    let mut inventory = Inventory::default();
    let host = |port, user: Option<&str>| Definitions {
        hosts: vec![Host {
            port,
            user: user.map(str::to_owned),
            ..Host::named("a".parse().unwrap())
        }],
        groups: Vec::new(),
    };
    inventory.add(host(Some(1), None)).unwrap();
    inventory.add(host(Some(2), Some("bob"))).unwrap();
    let [host] = inventory.hosts() else {
        panic!("{inventory:?}");
    };
    assert_eq!((host.port, host.user.as_deref()), (Some(1), Some("bob")));
}

#[test]
fn a_host_knows_its_groups() {
    let groups = |name: &str| {
        let inventory = sample();
        let groups = inventory.groups_of(&name.parse().unwrap());
        groups
            .iter()
            .map(|&group| group.to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(groups("redis1"), ["all-but-web", "cache", "data"]);
    assert_eq!(groups("web03"), ["web"]);
}

#[test]
fn a_place_is_reached_over_tls() {
    let host = &sample().choose("tls://web09:7443").unwrap()[0];
    assert_eq!(host.tls, Some("web09:7443".parse().unwrap()));
    assert_eq!(sample().choose("web01").unwrap()[0].tls, None);
    for wrong in ["tls://", "tls://a:b", "tls://-x:1", "tls://web[01-02]:1"] {
        let refused = sample().choose(wrong);
        assert!(matches!(refused, Err(ChoiceError::Place { .. })), "{wrong}");
    }
}
