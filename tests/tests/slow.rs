//! Peers that are slow, and what is known of them.

use std::time::Duration;

use winsta_api::{Attachment, Session};
use winsta_client::Host;
use winsta_domain::SessionId;
use winsta_tests::desk::Desk;
use winsta_tests::numbered::{self, FLOOD};
use winsta_tests::patience::until;
use winsta_tests::watcher::{Seen, Watcher};

/// Whether each client of a session is behind: as it is listed, and by itself.
fn behind(host: &Host, id: SessionId) -> [Vec<(String, bool)>; 2] {
    let of = |session: Session| {
        let connections = session.connections.into_iter();
        connections.map(|c| (c.name, c.behind)).collect()
    };
    let listed = host.sessions().expect("a list").sessions;
    let listed = listed.into_iter().find(|session| session.id == id.0);
    [
        of(listed.expect("it is listed")),
        of(host.session(id).expect("it is there")),
    ]
}

#[test]
fn a_client_that_does_not_take_its_output_is_listed_as_behind() {
    let desk = Desk::new();
    let host = desk.host();
    let session = host.new_session(&numbered::flood("f")).expect("it starts");
    let id = SessionId(session.id);
    let mut slow = Watcher::attach(&host, id, Attachment::View).expect("it attaches");
    let mut quick = Watcher::attach(&host, id, Attachment::View).expect("it attaches");
    while quick.lines.count() < FLOOD {
        assert_eq!(quick.look(Duration::from_millis(100)), Seen::Open);
    }
    let names = [slow.name().to_owned(), quick.name().to_owned()];
    let is = |slow, quick| {
        let [one, other] = names.clone();
        let row = vec![(one, slow), (other, quick)];
        move |host: &Host| (behind(host, id) == [row.clone(), row.clone()]).then_some(())
    };
    until("one to be listed as behind", || is(true, false)(&host));
    while slow.lines.count() < FLOOD {
        assert_eq!(slow.look(Duration::from_millis(100)), Seen::Open);
    }
    until("none to be listed as behind", || is(false, false)(&host));
}
