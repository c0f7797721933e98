//! Messages on desktops that have no X server of their own: a login of the kind that a Wayland desktop
//! opens, with dunst in it, a real notifier.

use serde_json::Value;
use winsta_tests::machine::Machine;
use winsta_tests::patience::until;

/// A login at the console whose desktop shows notifications. dunst draws on an X server that no login
/// tells of, for there is no compositor here.
const DESKTOP: &str = r"
mkdir -p /etc/systemd/system/console@.service.d
cat > /etc/systemd/system/console@.service.d/desktop.conf << END
[Service]
Environment=XDG_SESSION_TYPE=wayland
ExecStart=
ExecStart=/bin/sh -c 'Xvfb :7 -nolisten tcp & while :; do DISPLAY=:7 dunst; sleep 0.1; done'
END
systemctl daemon-reload
systemctl start console@bob
";
/// dunst's own tool, on the bus of bob's desktop.
const DUNSTCTL: &str = r#"runuser -u bob -- env \
"$(tr '\0' '\n' < /proc/$(pgrep -o -u bob dunst)/environ | grep ^DBUS_SESSION_BUS_ADDRESS=)" dunstctl"#;

fn desktop(what: &str) -> Option<(Machine, Value)> {
    if !std::path::Path::new("/dev/tty1").exists() {
        println!("skipped: there is no virtual console here");
        return None;
    }
    let machine = Machine::up(what)?;
    let has = machine.sh("command -v dunst && command -v Xvfb && command -v dbus-run-session");
    if has.status != 0 {
        println!(
            "skipped: dunst, Xvfb or dbus-run-session is missing (packages dunst, xvfb, dbus)"
        );
        return None;
    }
    machine.sh(DESKTOP).done();
    let session = machine.await_session("bob", "at the console", |s| {
        s["source"] == "console" && s["state"] == "Active"
    });
    Some((machine, session))
}

/// What stands on the screen, as dunst says.
fn displayed(machine: &Machine) -> Option<u32> {
    let said = machine.sh(&format!("{DUNSTCTL} count displayed"));
    said.out.split_whitespace().last()?.parse().ok()
}

#[test]
fn desktops_without_an_x_server_show_notifications() {
    let Some((machine, session)) = desktop("notified") else {
        return;
    };
    until("dunst to be there", || displayed(&machine));
    let id = session["id"].to_string();
    let text = "rain <b>at</b> noon & later";
    let said = machine
        .winsta(&["msg", &id, "/V", "/TIME:600", text])
        .done();
    assert!(said.contains("shown"), "{said}");
    assert_eq!(displayed(&machine), Some(1));

    machine.sh(&format!("{DUNSTCTL} close-all")).done();
    let history = machine.sh(&format!("{DUNSTCTL} history")).done();
    let history: Value = serde_json::from_str(&history).expect("JSON");
    let told = &history["data"][0][0];
    let word = |key: &str| told[key]["data"].as_str().unwrap_or_default();
    assert_eq!(word("summary"), "Message from root", "{told}");
    assert_eq!(word("appname"), "winsta", "{told}");
    // dunst keeps bodies as the markup that they came in.
    assert_eq!(
        word("body"),
        "rain &lt;b&gt;at&lt;/b&gt; noon &amp; later",
        "{told}"
    );

    let refused = machine.winsta_as("alice", &["msg", &id, "hello"]);
    assert_eq!(refused.status, 4, "{refused:?}");
    assert_eq!(displayed(&machine), Some(0));
}

#[test]
fn a_desktop_that_shows_none_is_said_to() {
    let Some((machine, session)) = desktop("unnotified") else {
        return;
    };
    machine
        .sh("rm /usr/bin/dunst /usr/share/dbus-1/services/*dunst*; pkill -u bob dunst; true")
        .done();
    until("dunst to be gone", || {
        machine
            .sh("pgrep -u bob dunst")
            .out
            .is_empty()
            .then_some(())
    });
    let id = session["id"].to_string();
    let told = machine.winsta(&["msg", &id, "/V", "hello"]);
    assert_ne!(told.status, 0, "{told:?}");
    assert!(told.err.contains("nothing shows notifications"), "{told:?}");
}
