//! The session machine: labelled transitions, and any inputs against a simple model.

use proptest::prelude::*;
use winsta_domain::session::{Action, EndCause, EndHow, Happening, Input, Phase, SessionMachine};
use winsta_domain::{ConnectionId, ExitStatus, State, Timestamp};

const A: ConnectionId = ConnectionId(1);
const B: ConnectionId = ConnectionId(2);
const DONE: ExitStatus = ExitStatus::Code(0);

/// Feeds `inputs`, one a second, and gives the machine and all that it asked for.
fn run(inputs: &[Input]) -> (SessionMachine, Vec<Action>) {
    let mut machine = SessionMachine::new(Timestamp(0));
    let mut actions = Vec::new();
    for (second, input) in (1..).zip(inputs) {
        machine.handle(Timestamp(second * 1_000), *input);
        actions.extend(std::iter::from_fn(|| machine.poll()));
    }
    (machine, actions)
}

#[test]
fn a_session_is_listed_as_what_it_is() {
    use Input::{
        Attached, Detached, EndAsked, Exited, StartFailed, Started, WatchBegan, WatchEnded,
    };
    let emptied = Input::Emptied { signal: 9, left: 0 };
    let stuck = Input::Emptied { signal: 9, left: 1 };
    let ending = EndAsked(EndHow::Reset);
    let cases: [(&str, &[Input], State); 17] = [
        ("new", &[], State::Init),
        ("started", &[Started], State::Disconnected),
        ("failed", &[StartFailed], State::Down),
        ("attached", &[Started, Attached(A)], State::Active),
        (
            "left",
            &[Started, Attached(A), Detached(A)],
            State::Disconnected,
        ),
        (
            "one left",
            &[Started, Attached(A), Attached(B), Detached(A)],
            State::Active,
        ),
        (
            "a stranger left",
            &[Started, Attached(A), Detached(B)],
            State::Active,
        ),
        (
            "watching",
            &[Started, Attached(A), WatchBegan(B)],
            State::Shadow,
        ),
        (
            "watched",
            &[Started, Attached(A), WatchBegan(B), WatchEnded(B)],
            State::Active,
        ),
        ("ending", &[Started, EndAsked(EndHow::Logoff)], State::Reset),
        (
            "first gone",
            &[Started, EndAsked(EndHow::Logoff), Exited(DONE)],
            State::Reset,
        ),
        ("exited", &[Started, Exited(DONE)], State::Down),
        (
            "reset",
            &[Started, ending, Exited(DONE), emptied],
            State::Down,
        ),
        ("emptied first", &[Started, ending, emptied], State::Reset),
        (
            "and then exited",
            &[Started, ending, emptied, Exited(DONE)],
            State::Down,
        ),
        (
            "its first stays",
            &[Started, ending, stuck],
            State::Disconnected,
        ),
        (
            "its first stays, attached",
            &[Started, Attached(A), ending, stuck],
            State::Active,
        ),
    ];
    for (label, inputs, state) in cases {
        assert_eq!(run(inputs).0.state(), state, "{label}");
    }
    assert_eq!(SessionMachine::console_state(None), State::Connected);
}

#[test]
fn only_a_return_is_a_reconnection() {
    let inputs = [
        Input::Started,
        Input::Attached(A),
        Input::Detached(A),
        Input::Attached(B),
    ];
    let (machine, actions) = run(&inputs);
    let announced = |happening| Action::Announce(happening);
    assert_eq!(
        actions,
        [
            announced(Happening::Created),
            announced(Happening::Connected {
                connection: A,
                again: false
            }),
            announced(Happening::Disconnected { connection: A }),
            announced(Happening::Connected {
                connection: B,
                again: true
            }),
        ]
    );
    assert_eq!(machine.connections(), [B]);
}

#[test]
fn disconnection_has_a_time() {
    let (machine, _) = run(&[Input::Started, Input::Attached(A), Input::Detached(A)]);
    assert_eq!(machine.disconnected_since(), Some(Timestamp(3_000)));
    let adopted = SessionMachine::adopt(Timestamp(70), Vec::new(), true);
    assert_eq!(adopted.disconnected_since(), Some(Timestamp(70)));
}

#[test]
fn a_reset_overtakes_a_logoff_and_not_the_reverse() {
    let logoff = Input::EndAsked(EndHow::Logoff);
    let reset = Input::EndAsked(EndHow::Reset);
    let ladders = |inputs: &[Input]| {
        let (_, actions) = run(inputs);
        let ladders = actions.into_iter().filter_map(|action| match action {
            Action::RunLadder(how) => Some(how),
            Action::Collect | Action::Announce(_) => None,
        });
        ladders.collect::<Vec<_>>()
    };
    assert_eq!(
        ladders(&[Input::Started, logoff, reset, reset]),
        [EndHow::Logoff, EndHow::Reset]
    );
    assert_eq!(ladders(&[Input::Started, reset, logoff]), [EndHow::Reset]);
}

#[test]
fn the_ladders_end_keeps_the_first_process_status() {
    let (machine, actions) = run(&[
        Input::Started,
        Input::EndAsked(EndHow::Logoff),
        Input::Exited(ExitStatus::Signal(1)),
        Input::Emptied {
            signal: 15,
            left: 0,
        },
    ]);
    let cause = EndCause::Ladder {
        signal: 15,
        left: 0,
    };
    assert_eq!(
        *machine.phase(),
        Phase::Ended {
            at: Timestamp(4_000),
            status: ExitStatus::Signal(1),
            cause
        }
    );
    assert_eq!(actions.last(), Some(&Action::Collect));
}

#[test]
fn a_lost_leader_is_not_collected() {
    let (machine, actions) = run(&[Input::Started, Input::LeaderLost(ExitStatus::Unknown)]);
    assert_eq!(machine.state(), State::Down);
    assert!(!actions.contains(&Action::Collect));
}

fn input() -> impl Strategy<Value = Input> {
    let connection = (0u32..4).prop_map(ConnectionId);
    let how = prop_oneof![Just(EndHow::Logoff), Just(EndHow::Reset)];
    prop_oneof![
        Just(Input::Started),
        Just(Input::StartFailed),
        connection.clone().prop_map(Input::Attached),
        connection.prop_map(Input::Detached),
        how.prop_map(Input::EndAsked),
        any::<u8>().prop_map(|code| Input::Exited(ExitStatus::Code(code))),
        (0u8..16, 0u32..3).prop_map(|(signal, left)| Input::Emptied { signal, left }),
        Just(Input::LeaderLost(ExitStatus::Unknown)),
    ]
}

/// What a session is, in the plainest terms.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a model of plain facts, not a machine"
)]
struct Model {
    clients: std::collections::BTreeSet<u32>,
    ending: bool,
    exited: bool,
    emptied: bool,
    ended: bool,
    running: bool,
}

impl Model {
    fn take(&mut self, input: Input) {
        if self.ended {
            return;
        }
        match input {
            Input::Started => self.running = true,
            Input::StartFailed => self.ended = !self.running || self.ending,
            Input::Attached(ConnectionId(n)) => {
                self.running = true;
                self.clients.insert(n);
            }
            Input::Detached(ConnectionId(n)) => {
                self.clients.remove(&n);
            }
            Input::EndAsked(_) => self.ending = true,
            Input::Exited(_) => {
                self.exited = true;
                self.ended = !self.ending || self.emptied;
            }
            Input::Emptied { left, .. } if self.ending => {
                self.ended = self.exited;
                self.emptied = left == 0;
                self.ending = self.ended || left == 0;
                self.running = true;
            }
            Input::LeaderLost(_) => self.ended = true,
            Input::Emptied { .. } | Input::WatchBegan(_) | Input::WatchEnded(_) => {}
        }
    }

    fn state(&self) -> State {
        match self {
            Self { ended: true, .. } => State::Down,
            Self { ending: true, .. } => State::Reset,
            Self { running: false, .. } => State::Init,
            Self { clients, .. } if clients.is_empty() => State::Disconnected,
            Self { .. } => State::Active,
        }
    }
}

proptest! {
    #[test]
    fn any_life_agrees_with_the_model(inputs in prop::collection::vec(input(), 0..40)) {
        let mut machine = SessionMachine::new(Timestamp(0));
        let mut model = Model::default();
        let (mut endings, mut collected) = (0, 0);
        for input in inputs {
            model.take(input);
            machine.handle(Timestamp(1), input);
            while let Some(action) = machine.poll() {
                match action {
                    Action::Announce(Happening::Ended { .. }) => endings += 1,
                    Action::Collect => collected += 1,
                    Action::RunLadder(_) => prop_assert_eq!(endings, 0),
                    Action::Announce(_) => {}
                }
            }
            prop_assert_eq!(machine.state(), model.state());
            if machine.state() != State::Down {
                let clients = machine.connections().iter().map(|c| c.0);
                let clients = clients.collect::<std::collections::BTreeSet<_>>();
                prop_assert_eq!(&clients, &model.clients);
            }
        }
        prop_assert_eq!(endings, usize::from(machine.state() == State::Down));
        prop_assert!(collected <= endings);
    }
}
