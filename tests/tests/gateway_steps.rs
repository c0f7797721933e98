//! Each step of the way from the network to a user's host lets in the one before it, and has no rights
//! but its own.

use std::fmt::Write as _;

use winsta_tests::desk::Ran;
use winsta_tests::gateway::{self, identify, log_on, password};
use winsta_tests::machine::Machine;
use winsta_tests::patience::until;
use winsta_tests::system::{as_user, ask, property, uid};
use winsta_wire::{Claim, Shown};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").expect("a string");
        out
    })
}

/// Sends bytes to a Unix socket, and gives what comes back.
const SEND: &str = "import socket,sys\ns=socket.socket(socket.AF_UNIX)\ns.settimeout(60)\ns.connect(sys.argv[1])\n\
    try:\n s.sendall(bytes.fromhex(sys.argv[2]))\n s.shutdown(socket.SHUT_WR)\n print(s.recv(4096).hex())\n\
    except OSError as e: print('closed')\n";

const AUTHENTICATE: &str = "/run/winsta/authenticate.sock";

fn send(machine: &Machine, user: &str, socket: &str, bytes: &str) -> Ran {
    as_user(machine, user, &["python3", "-c", SEND, socket, bytes])
}

#[test]
fn sockets_on_the_way_are_for_the_next_step_only() {
    let Some(machine) = gateway::up("steps") else {
        return;
    };
    assert_eq!(log_on(&machine, "bob", &password("bob")).status, 200);
    let folder = format!("/run/winsta/users/{}", uid(&machine, "bob"));
    let (remote, authenticate) = (format!("{folder}/remote.sock"), AUTHENTICATE);
    let send = |user: &str, socket: &str, bytes: &str| send(&machine, user, socket, bytes);
    for (user, socket) in [
        ("alice", remote.as_str()),
        ("bob", &remote),
        ("winsta-gateway", &remote),
        ("alice", authenticate),
        ("bob", authenticate),
    ] {
        let tried = send(user, socket, "00");
        assert!(tried.err.contains("Permission denied"), "{user}: {tried:?}");
    }
    let own = format!("/run/user/{}/winsta/host.sock", uid(&machine, "bob"));
    let tried = send("winsta-gateway", &own, "00");
    assert!(tried.err.contains("Permission denied"), "{tried:?}");

    let asked = ask(&machine, "bob", "POST", "/wsman", "x").out;
    assert!(asked.contains("winsta-gateway"), "{asked}");

    // Whatever the files say: the kernel says who asks.
    machine
        .sh(&format!("chmod 666 {remote} {authenticate}"))
        .done();
    let shown = Shown::Password {
        user: "bob".to_owned(),
        password: password("bob"),
    };
    let claim = Claim::new(shown, [10, 77, 0, 1].into()).expect("a claim");
    let claim = hex(&claim.encode());
    let let_in = send("root", authenticate, &claim).out;
    assert!(let_in.starts_with("080001"), "{let_in}");
    for user in ["alice", "bob"] {
        let said = send(user, authenticate, &claim).out;
        assert!(matches!(said.trim(), "" | "closed"), "{user}: {said}");
    }
    let get = hex(b"GET /v1/sessions HTTP/1.1\r\n\r\n");
    for user in ["alice", "bob", "winsta-gateway"] {
        let said = send(user, &remote, &get).out;
        assert!(matches!(said.trim(), "" | "closed"), "{user}: {said}");
    }
    // The relay's words are its login's, not its unit's.
    let said = machine.exec(&["journalctl", "-o", "cat"]).out;
    for words in [
        "lacks the right to have passwords checked",
        "lacks the right to lead clients",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
}

#[test]
fn what_is_no_claim_gets_no_word() {
    let Some(machine) = gateway::up("junk") else {
        return;
    };
    assert_eq!(log_on(&machine, "bob", &password("bob")).status, 200);
    let send = |bytes: &str| {
        let said = send(&machine, "winsta-gateway", AUTHENTICATE, bytes).out;
        assert!(matches!(said.trim(), "" | "closed"), "{bytes:.40}: {said}");
    };
    for bytes in [
        "",
        "00",
        "0000",
        "ffff",
        "1f00",
        "ff07",
        "474554202f20485454502f312e31",
    ] {
        send(bytes);
    }
    let long = format!("{}{}", "0108", "41".repeat(60_000));
    send(&long);
    // Nobody is the worse for it.
    assert_eq!(log_on(&machine, "bob", &password("bob")).status, 200);
    let failed = machine.exec(&[
        "systemctl",
        "--failed",
        "--no-legend",
        "list-units",
        "winsta*",
    ]);
    assert_eq!(failed.out, "");
}

#[test]
fn root_has_no_network() {
    let Some(machine) = gateway::up("rights") else {
        return;
    };
    // A connection that goes on, to a host that hangs.
    assert_eq!(log_on(&machine, "bob", &password("bob")).status, 200);
    machine.sh("pkill -STOP -u bob -f 'winsta host'").done();
    let hanging = std::thread::scope(|scope| {
        let waiting =
            scope.spawn(|| identify(&machine, &["-u", "bob:winsta-bob", "--max-time", "120"]));
        until("bob to be connected", || {
            let open = machine
                .sh("ss -tnH state established '( sport = :5986 )'")
                .out;
            (!open.is_empty()).then_some(())
        });
        // Whose processes have something to do with a network: none of root's is ours.
        let listed = machine
            .sh("ss -tunapH | grep -o 'winsta\",pid=[0-9]*' | cut -d= -f2 | sort -u")
            .done();
        assert!(!listed.is_empty());
        for pid in listed.lines() {
            let user = machine.exec(&["ps", "-o", "user=", "-p", pid]).out;
            assert_eq!(user.trim(), "winsta-gateway", "{pid}");
        }
        // The others are served meanwhile.
        assert_eq!(log_on(&machine, "alice", &password("alice")).status, 200);
        machine.sh("pkill -CONT -u bob -f 'winsta host'").done();
        waiting.join().expect("it is answered")
    });
    assert_eq!(hanging.status, 200);
}

#[test]
fn the_gateway_can_reach_nothing() {
    let Some(machine) = gateway::up("reach") else {
        return;
    };
    let gateway = property(&machine, "winsta-gateway.service", "MainPID");
    let within = |text: &str| {
        machine.exec(&[
            "nsenter",
            "-t",
            &gateway,
            "-m",
            "-n",
            "setpriv",
            "--reuid",
            "winsta-gateway",
            "--regid",
            "winsta-gateway",
            "--clear-groups",
            "sh",
            "-c",
            text,
        ])
    };
    for attempt in [
        "ip -o link | grep -v ' lo:'".to_owned(),
        format!("curl -sS --max-time 5 telnet://{}:22", Machine::GATEWAY),
        "curl -sS --unix-socket /run/winsta/host.sock http://x/v1/status".to_owned(),
        "ls /run/winsta/users /home/bob".to_owned(),
        "touch /run/x || touch /tmp/../var/x || touch /usr/x".to_owned(),
        "cat /var/lib/winsta/audit.db".to_owned(),
    ] {
        let tried = within(&attempt);
        assert_ne!(tried.status, 0, "{attempt}: {tried:?}");
    }
    within("test -S /run/winsta/authenticate.sock").done();

    let verified = machine.sh(
        "systemd-analyze verify /lib/systemd/system/winsta-gateway.* \
             /lib/systemd/system/winsta-authenticate.socket winsta-authenticate@1.service \
             winsta-remote@1.socket winsta-remote@1.service 2>&1",
    );
    let about = verified.out.lines().filter(|line| line.contains("winsta"));
    assert_eq!(about.collect::<Vec<_>>(), Vec::<&str>::new());
    for (unit, threshold) in [
        ("winsta-gateway.service", "--threshold=6"),
        ("winsta-authenticate@1.service", "--threshold=22"),
    ] {
        machine
            .exec(&["systemd-analyze", "security", threshold, "--no-pager", unit])
            .done();
    }
}
