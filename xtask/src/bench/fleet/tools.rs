//! The tools, and what they are told.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::bench::place::{Argv, Place, argv};
use crate::workspace;

/// A way to ask many machines who is logged in.
pub(super) struct Tool {
    /// Its name.
    pub(super) name: &'static str,
    /// Its program.
    program: &'static str,
    /// Its command line for so many machines, of which configuration files are in the place.
    pub(super) line: fn(&Place, u8) -> Argv,
    /// The same for people.
    pub(super) shown: &'static str,
}

/// All of them, ours first.
pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "winsta",
        program: "winsta",
        line: winsta,
        shown: "winsta quser --server 'h[001-200]'",
    },
    Tool {
        name: "shell loop",
        program: "xargs",
        line: shell,
        shown: "seq -f h%03g 200 | xargs -P 32 -I{} ssh -F PLACE/ssh_config {} who",
    },
    Tool {
        name: "pdsh",
        program: "pdsh",
        line: pdsh,
        shown: "PDSH_SSH_ARGS_APPEND='-F PLACE/ssh_config' pdsh -R ssh -f 32 -w 'h[001-200]' who",
    },
    Tool {
        name: "ClusterShell",
        program: "clush",
        line: clush,
        shown: "clush -f 32 -o '-F PLACE/ssh_config' -w 'h[001-200]' who",
    },
    Tool {
        name: "Ansible",
        program: "ansible",
        line: ansible,
        shown: "ansible all -i PLACE/inventory -f 32 --ssh-common-args '-F PLACE/ssh_config' -m command -a who",
    },
];

impl Tool {
    pub(super) fn is_installed(&self) -> bool {
        if self.program == "winsta" {
            return binary().exists();
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| folder.join(self.program).exists())
    }
}

/// The binary that `WINSTA_BIN` names, else the release binary.
pub(super) fn binary() -> PathBuf {
    match std::env::var_os("WINSTA_BIN") {
        Some(path) => path.into(),
        None => workspace::root().join("target/release/winsta"),
    }
}

fn config(place: &Place) -> OsString {
    let mut option = OsString::from("-F ");
    option.push(place.path("ssh_config"));
    option
}

fn range(hosts: u8) -> String {
    format!("h[001-{hosts:03}]")
}

fn winsta(_place: &Place, hosts: u8) -> Argv {
    let words = ["quser", "--timeout", "60", "--server", &range(hosts)];
    let mut line = argv([binary()]);
    line.extend(argv(words));
    line
}

fn shell(place: &Place, hosts: u8) -> Argv {
    let config = place.path("ssh_config");
    let script = script(&config, hosts);
    argv(["sh", "-c", &script])
}

fn script(config: &Path, hosts: u8) -> String {
    let config = config.display();
    format!("seq -f h%03g {hosts} | xargs -P 32 -I{{}} ssh -F {config} {{}} who")
}

fn pdsh(place: &Place, hosts: u8) -> Argv {
    let mut variable = OsString::from("PDSH_SSH_ARGS_APPEND=");
    variable.push(config(place));
    let mut line = argv(["env".into(), variable]);
    line.extend(argv([
        "pdsh",
        "-R",
        "ssh",
        "-f",
        "32",
        "-w",
        &range(hosts),
        "who",
    ]));
    line
}

fn clush(place: &Place, hosts: u8) -> Argv {
    let mut line = argv(["clush", "-f", "32", "-o"]);
    line.push(config(place));
    line.extend(argv(["-w", &range(hosts), "who"]));
    line
}

fn ansible(place: &Place, _hosts: u8) -> Argv {
    let mut line = argv([
        "ansible", "all", "-f", "32", "-m", "command", "-a", "who", "-i",
    ]);
    line.push(place.path("inventory").into());
    line.push("--ssh-common-args".into());
    line.push(config(place));
    line
}
