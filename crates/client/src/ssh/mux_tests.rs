use std::os::fd::{AsFd, OwnedFd};
use std::thread;
use std::time::Duration;

use proptest::prelude::*;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

use super::*;

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(20))
}

fn bytes(fields: &[Field<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    packet(&mut out, fields);
    out
}

/// Takes a request as OpenSSH's master does, gives the descriptors, and says `answer`.
fn master(mut socket: UnixStream, answer: &[Field<'_>]) -> (String, Vec<OwnedFd>) {
    let mut hello = read_packet(&mut socket).unwrap();
    assert_eq!(
        (hello.number(), hello.number()),
        (Some(HELLO), Some(VERSION))
    );
    let mut request = read_packet(&mut socket).unwrap();
    assert_eq!(request.number(), Some(NEW_SESSION));
    assert_eq!(request.number(), Some(REQUEST));
    assert_eq!(request.number(), Some(0), "reserved");
    let switches: Vec<_> = (0..5).map(|_| request.number()).collect();
    assert_eq!(
        switches,
        [Some(0), Some(0), Some(0), Some(0), Some(NO_ESCAPE)]
    );
    assert_eq!(request.number(), Some(0), "terminal");
    let command = request.text();
    let mut descriptors = Vec::new();
    for _ in 0..3 {
        let mut byte = [0; 8];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut parts = [io::IoSliceMut::new(byte.get_mut(..1).unwrap())];
        recvmsg(&socket, &mut parts, &mut control, RecvFlags::empty()).unwrap();
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(rights) = message {
                descriptors.extend(rights);
            }
        }
    }
    let extension = [
        Field::Number(HELLO),
        Field::Number(VERSION),
        Field::Text("info"),
        Field::Text("0"),
    ];
    socket.write_all(&bytes(&extension)).unwrap();
    socket.write_all(&bytes(answer)).unwrap();
    let exit = [Field::Number(EXIT), Field::Number(9), Field::Number(127)];
    // Whoever was refused has gone.
    let _ = socket.write_all(&bytes(&exit));
    (command, descriptors)
}

fn with_master(answer: Vec<Field<'static>>) -> (Result<MuxSession, MuxError>, String, usize) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let master = thread::spawn(move || master(theirs, &answer));
    let (input, output) = UnixStream::pair().unwrap();
    let descriptors = [input.as_fd(), output.as_fd(), output.as_fd()];
    let result = run(ours, "winsta dial-stdio", descriptors, soon());
    let (command, descriptors) = master.join().unwrap();
    (result, command, descriptors.len())
}

#[test]
fn a_command_is_run_and_its_status_comes_back() {
    let opened = vec![
        Field::Number(SESSION_OPENED),
        Field::Number(REQUEST),
        Field::Number(9),
    ];
    let (session, command, descriptors) = with_master(opened);
    assert_eq!((command.as_str(), descriptors), ("winsta dial-stdio", 3));
    assert_eq!(session.unwrap().exit_status(soon()), Some(127));
}

#[test]
fn a_master_that_says_no_is_believed() {
    let refused = vec![
        Field::Number(FAILURE),
        Field::Number(REQUEST),
        Field::Text("Session open refused by peer"),
    ];
    let (session, ..) = with_master(refused);
    let Err(MuxError::Refused(why)) = session else {
        panic!("{session:?}");
    };
    assert_eq!(why, "Session open refused by peer");
}

#[test]
fn a_master_that_says_nothing_is_not_waited_for() {
    let (ours, _theirs) = UnixStream::pair().unwrap();
    let (input, _other) = UnixStream::pair().unwrap();
    let descriptors = [input.as_fd(), input.as_fd(), input.as_fd()];
    let soon = Deadline::after(Duration::from_millis(1));
    let result = run(ours, "true", descriptors, soon);
    assert!(matches!(result, Err(MuxError::Io(_))), "{result:?}");
}

#[test]
fn a_socket_is_led_to_the_other_side() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let master = thread::spawn(move || {
        read_packet(&mut theirs).unwrap();
        let mut request = read_packet(&mut theirs).unwrap();
        let kind = (request.number(), request.number(), request.number());
        assert_eq!(kind, (Some(OPEN_FORWARD), Some(REQUEST), Some(LOCAL)));
        let length = request.number().unwrap() as usize;
        let (here, rest) = request.0.split_at(length);
        assert_eq!(here, b"/run/here");
        let mut rest = Packet(rest.to_vec());
        assert_eq!(rest.number(), Some(UNIX_SOCKET));
        assert_eq!(
            rest.0.split_last_chunk::<4>().unwrap().1,
            &UNIX_SOCKET.to_be_bytes()
        );
        assert_eq!(rest.text(), "/run/there");
        for answer in [[HELLO, VERSION], [OK, REQUEST]] {
            theirs
                .write_all(&bytes(&answer.map(Field::Number)))
                .unwrap();
        }
    });
    forward(ours, "/run/here", "/run/there", soon()).unwrap();
    master.join().unwrap();
}

proptest! {
    #[test]
    fn any_bytes_are_a_packet_or_refused(data in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(mut packet) = read_packet(&mut data.as_slice()) {
            while packet.number().is_some() {}
            packet.text();
        }
    }
}
