//! Certificates that stand for users of a machine in front of its gateway.

use winsta_tests::desk::Desk;
use winsta_tests::gateway::{self, clients, log_on, password, talk};
use winsta_tests::machine::Machine;
use winsta_tests::patience::until;
use winsta_tests::published::{bring, identity};
use winsta_tests::system::as_user;

/// A token for a user.
fn token(machine: &Machine, user: &str) -> String {
    let address = machine.address();
    let words = ["gateway", "token", "--user", user, "--address", address];
    machine.winsta(&words).done().trim_end().to_owned()
}

/// Somebody on this machine whose certificate stands for a user of that one, which is `web01` to
/// them.
fn enrolled(machine: &Machine, user: &str) -> Desk {
    let desk = Desk::new();
    let hosts = format!("[hosts.web01]\ntls = \"{}:5986\"\n", machine.address());
    std::fs::write(desk.folder().join("hosts.toml"), hosts).expect("a file");
    let said = bring(&desk, &token(machine, user));
    assert!(
        said.err.contains(&format!("for remote shells of {user}")),
        "{said:?}"
    );
    desk
}

const ASK: &str = "Invoke-Command -ComputerName web01 '{id -un}'; echo status $?";

#[test]
fn a_certificate_stands_for_a_user_until_it_is_taken_off_the_list() {
    let Some(machine) = gateway::up("enrolled") else {
        return;
    };
    let (bob, alice) = (enrolled(&machine, "bob"), enrolled(&machine, "alice"));
    for (desk, said) in [(&bob, "bob\nstatus 0\n"), (&alice, "alice\nstatus 0\n")] {
        let ran = desk.bash(ASK);
        assert_eq!((ran.out.as_str(), ran.err.as_str()), (said, ""));
    }
    // Whoever PAM keeps out stays out. What is open stays so until it ends.
    let change = |text: &str| {
        machine.sh(text).done();
        machine.sh("systemctl restart winsta-gateway").done();
    };
    change("chage -E 0 alice; touch /etc/nologin");
    for desk in [&alice, &bob] {
        assert_eq!(desk.bash(ASK).out, "status 4\n");
    }
    change("rm /etc/nologin");
    assert_eq!(alice.bash(ASK).out, "status 4\n");
    assert_eq!(bob.bash(ASK).out, "bob\nstatus 0\n");

    let listed = machine.winsta(&["gateway", "trusted"]).done();
    for user in ["alice", "bob"] {
        assert!(listed.contains(user), "{listed}");
    }
    let words = ["gateway", "trusted", "-o", "json"];
    let listed: Vec<serde_json::Value> =
        serde_json::from_str(&machine.winsta(&words).done()).expect("JSON");
    let his = listed.iter().find(|entry| entry["user"] == "bob");
    let his = his.expect("he is enrolled")["fingerprint"]
        .as_str()
        .expect("text")
        .to_owned();
    machine
        .winsta(&["gateway", "trusted", "--remove", &his])
        .done();
    change("true");
    assert_eq!(bob.bash(ASK).out, "status 4\n");
}

#[test]
fn clients_show_certificates() {
    let Some(python) = clients() else { return };
    let Some(machine) = gateway::up("shows") else {
        return;
    };
    let (bob, alice) = (enrolled(&machine, "bob"), enrolled(&machine, "alice"));
    machine
        .sh("winsta gateway trusted --remove \"$(winsta gateway trusted -o csv | grep ,alice, | cut -d, -f1)\"")
        .done();
    let keys = [&bob, &alice].map(identity);
    let keys = keys.each_ref().map(String::as_str);
    talk(
        &python,
        &machine,
        include_str!("gateway/certificates.py"),
        &keys,
    );
}

#[test]
fn tokens_are_roots_to_give_and_good_once() {
    let Some(machine) = gateway::up("tokens") else {
        return;
    };
    for words in [
        vec!["winsta", "gateway", "token", "--user", "bob"],
        vec!["winsta", "gateway", "trusted"],
    ] {
        let tried = as_user(&machine, "bob", &words);
        assert_eq!(tried.status, 4, "{tried:?}");
        assert!(tried.err.contains("you lack the right to"), "{tried:?}");
    }
    let nobody = machine.winsta(&["gateway", "token", "--user", "nobody-knows-them"]);
    assert!(nobody.err.contains("has no user"), "{nobody:?}");

    let text = token(&machine, "bob");
    let (first, second) = (Desk::new(), Desk::new());
    bring(&first, &text).done();
    let again = bring(&second, &text);
    assert!(
        again.err.contains("the token is wrong, was used already"),
        "{again:?}"
    );
    // Root is not to come in from the network, whatever it shows.
    let root = enrolled(&machine, "root");
    assert_eq!(root.bash(ASK).out, "status 4\n");
    assert_eq!(log_on(&machine, "bob", &password("bob")).status, 200);

    // Wrong ones are counted as wrong passwords are.
    let mut wrong = text.clone();
    wrong.replace_range(text.len() - 4.., "0000");
    let waits = until("the address to have to wait", || {
        let said = bring(&second, &wrong);
        said.err.contains("wait ").then_some(said)
    });
    assert_ne!(waits.status, 0, "{waits:?}");
}
