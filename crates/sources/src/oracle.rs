//! What holds for any bytes that processes, the kernel's tables and settings may hold: a function
//! that panics if it does not.

use std::collections::HashMap;

use crate::parse::sshd::Title;
use crate::parse::tty::Tty;
use crate::parse::{cgroup, net, settings, sshd, stat, unix, xrdp};

/// Every reader gives something or nothing, terminals keep their names, and what a message shows
/// is obeyed by no terminal. The first byte says which reader is fed.
///
/// # Panics
///
/// If that does not hold.
pub fn texts(data: &[u8]) {
    let Some((which, bytes)) = data.split_first() else {
        return;
    };
    let text = String::from_utf8_lossy(bytes);
    match which % 9 {
        0 => {
            if let Some(tty) = stat::stat(bytes).and_then(|stat| stat.tty) {
                same_name(tty);
            }
        }
        1 => assert!(net::tcp(&text).count() <= text.lines().count()),
        2 => {
            for socket in unix::unix(&text) {
                assert!(!socket.path.is_empty() && !socket.path.contains(char::is_whitespace));
            }
            assert!(xrdp::attended(&text).len() <= text.lines().count());
        }
        3 => {
            if let Some(login) = cgroup::group(&text).and_then(cgroup::login) {
                assert!(!login.is_empty() && !login.contains('/'));
            }
        }
        4 => match sshd::title(&text) {
            Some(Title::Login { user, ttys }) => {
                assert!(!user.is_empty());
                ttys.into_iter().for_each(same_name);
            }
            Some(Title::Monitor { user }) => assert!(!user.contains(char::is_whitespace)),
            None => {}
        },
        5 => {
            let _ = settings::sshd_ports(&text);
            let _ = settings::xrdp_ports(&text);
        }
        6 => {
            let _ = xrdp::served_display(&text);
            let _ = xrdp::display_number(&text);
            if let Some(tty) = Tty::from_name(&text) {
                same_name(tty);
            }
        }
        7 => {
            crate::diag::read_answer(bytes, &mut HashMap::new());
        }
        _ => {
            let shown = crate::act::sanitised(&text);
            assert!(shown.chars().all(|c| c == '\t' || !c.is_control()));
        }
    }
}

fn same_name(tty: Tty) {
    let name = tty.to_string();
    assert_eq!(Tty::from_name(&name), Some(tty));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    #[test]
    fn the_corpus_holds() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/texts");
        let mut count = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            super::texts(&std::fs::read(entry.unwrap().path()).unwrap());
            count += 1;
        }
        assert!(count >= 9, "one for each reader");
    }

    proptest! {
        #[test]
        fn any_bytes_hold(which: u8, bytes: Vec<u8>) {
            super::texts(&[&[which], bytes.as_slice()].concat());
        }

        #[test]
        fn any_words_hold(which: u8, text in "[0-9A-F:@/.\\[\\]() a-z=,\n-]{0,200}") {
            super::texts(&[&[which], text.as_bytes()].concat());
        }
    }
}
