use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use winsta_wire::{Kind, Reply};

use super::*;

/// Which file a descriptor means.
fn file(descriptor: impl AsFd) -> u64 {
    rustix::fs::fstat(descriptor).unwrap().st_ino
}

fn files<const N: usize>() -> [OwnedFd; N] {
    let flags = MemfdFlags::CLOEXEC;
    std::array::from_fn(|_| rustix::fs::memfd_create("test", flags).unwrap())
}

#[test]
fn descriptors_on_their_way_survive() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let mut conn = Conn::new(ours.into(), 1, 7);
    let [came, first, second, third] = files();
    let wanted = [&first, &second, &third].map(file);
    let expected = file(&came);
    conn.descriptors.push_back(came);
    let mut reply = Reply {
        seq: 1,
        descriptors: 0,
        outcome: Ok(Answer::Done),
    };
    let flood = vec![0; 900_000];
    conn.say_with(Kind::REPLY, &reply, &flood, Vec::new())
        .unwrap();
    assert_eq!(conn.outbox.flush(conn.socket.as_fd()), Ok(false));
    for parcel in [vec![first, second], vec![], vec![third]] {
        reply.seq += 1;
        reply.descriptors = u8::try_from(parcel.len()).unwrap();
        conn.say_with(Kind::REPLY, &reply, &[], parcel).unwrap();
    }
    let kept = conn.descriptors().map(file).collect::<Vec<_>>();
    assert_eq!(kept[1..], [&[expected][..], &wanted].concat());

    let saved = serde_json::to_vec(&save_conn(7, &conn)).unwrap();
    // As over an exec: the numbers stay, and nothing closes them.
    std::mem::forget(conn);
    let saved = serde_json::from_slice(&saved).unwrap();
    let mut conn = restore_conn(saved, Some(7)).unwrap();
    assert_eq!(
        conn.descriptors.iter().map(file).collect::<Vec<_>>(),
        [expected]
    );

    let (mut decoder, mut came) = (Decoder::new(), std::collections::VecDeque::new());
    let (mut buffer, mut replies) = (vec![0; 64 << 10], Vec::new());
    while replies.len() < 4 {
        conn.outbox.flush(conn.socket.as_fd()).unwrap();
        let count = passing::receive(theirs.as_fd(), &mut buffer, &mut came).unwrap();
        decoder.push(&buffer[..count]);
        while let Some(frame) = decoder.next_frame().unwrap() {
            let (reply, _): (Reply, _) = frame.tailed().unwrap();
            let parcel = came.drain(..usize::from(reply.descriptors));
            let parcel = parcel.map(file).collect::<Vec<_>>();
            replies.push((reply.seq, parcel));
        }
    }
    let [first, second, third] = wanted;
    let expected = [
        (1, vec![]),
        (2, vec![first, second]),
        (3, vec![]),
        (4, vec![third]),
    ];
    assert_eq!(replies, expected);
}

#[test]
fn what_an_earlier_version_left_is_read() {
    let (ours, _theirs) = UnixStream::pair().unwrap();
    let mut saved = serde_json::to_value(save_conn(7, &Conn::new(ours.into(), 1, 7))).unwrap();
    for added in ["received", "parcels"] {
        saved.as_object_mut().unwrap().remove(added).unwrap();
    }
    let saved: SavedConn = serde_json::from_value(saved).unwrap();
    assert!(saved.received.is_empty() && saved.parcels.is_empty());
}
