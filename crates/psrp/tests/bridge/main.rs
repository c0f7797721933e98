//! A bridge between a real client's machine and a real server's, over lines.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "that is how a test fails"
)]

mod engine;

use proptest::prelude::*;
use uuid::Uuid;
use winsta_psrp::client::{self, PipelineEvent, PoolEvent, PoolOptions};
use winsta_psrp::message::{CreatePipeline, PipelineState, PoolState, PowerShell};
use winsta_psrp::server::Pipeline;
use winsta_psrp::{PipelineId, PoolId, Stream};

use engine::{World, pipeline_id};

/// What a pipeline's client hears until nothing more comes: lines of output, and how it ended.
fn heard(
    world: &mut World,
    pipeline: &mut client::Pipeline,
    id: PipelineId,
) -> (Vec<String>, Option<PipelineState>, bool) {
    let (mut lines, mut state, mut is_end) = (Vec::new(), None, false);
    while let Some(given) = world.ask(Some(id)) {
        if given.bytes.is_empty() {
            break;
        }
        is_end = given.is_end;
        pipeline.handle(&given.bytes).unwrap();
        while let Some(event) = pipeline.poll_event() {
            match event {
                PipelineEvent::Output(value) => lines.push(value.display().unwrap().into_owned()),
                PipelineEvent::State(message) => state = Some(message.state),
                other => panic!("{other:?}"),
            }
        }
    }
    (lines, state, is_end)
}

fn print(world: &mut World, id: PipelineId, lines: std::ops::Range<usize>) {
    world.does(id, |pipeline| {
        for line in lines {
            pipeline.output_text(&format!("{line} {}", "x".repeat(line % 300)));
        }
    });
}

/// A client that knows nothing but the pool's id.
fn newcomer() -> client::RunspacePool {
    client::RunspacePool::new(PoolId(Uuid::from_u128(0xaa)), PoolOptions::default())
}

fn take_over(world: &mut World) -> client::RunspacePool {
    let mut other = newcomer();
    let connect = other.connect();
    let response = world.bridge.connect(&connect).unwrap();
    other.connected(&response).unwrap();
    while let Some(given) = world.ask(None).filter(|given| !given.bytes.is_empty()) {
        other.handle(&given.bytes).unwrap();
    }
    other
}

/// The pipeline of a client that came later.
fn adopted(pool: &client::RunspacePool, id: PipelineId) -> client::Pipeline {
    let create = CreatePipeline::new(PowerShell::script(""));
    client::Pipeline::create(pool, id, create)
}

#[test]
fn a_pool_is_opened_by_the_engine() {
    let world = World::open();
    assert_eq!(world.client.state(), PoolState::OPENED);
    assert!(!world.bridge.is_busy());
}

#[test]
fn pipelines_come_and_go() {
    let mut world = World::open();
    let id = pipeline_id(1);
    let script = "long ".repeat(100);
    let mut pipeline = world.begin(id, &script);
    assert!(world.bridge.is_busy());
    world.carry();
    assert_eq!(world.scripts[&id], script);
    world.chatters("a program that writes where it must not\n");
    print(&mut world, id, 0..50);
    world.does(id, Pipeline::complete);
    let (lines, state, is_end) = heard(&mut world, &mut pipeline, id);
    assert_eq!(lines.len(), 50);
    assert_eq!((state, is_end), (Some(PipelineState::COMPLETED), true));
    world.carry();
    assert_eq!(world.closed, [id], "the engine can forget it");
    assert!(world.ask(Some(id)).unwrap().is_end, "it has ended for ever");
    world.bridge.end(id);
    assert!(!world.bridge.has(id) && world.ask(Some(id)).is_none());
    assert_eq!(world.bridge.needs(), world.bridge.next_offset());
}

#[test]
fn whoever_asks_the_same_gets_the_same() {
    let mut world = World::open();
    let id = pipeline_id(1);
    let _pipeline = world.begin(id, "ls");
    world.carry();
    print(&mut world, id, 0..20);
    let first = world.ask(Some(id)).unwrap();
    for kept in [true, false] {
        assert_eq!(world.ask_again(Some(id)).unwrap(), first);
        world.crash(kept);
    }
    print(&mut world, id, 20..40);
    assert_eq!(world.ask_again(Some(id)).unwrap(), first);
    assert_ne!(world.ask(Some(id)).unwrap(), first);
}

#[test]
fn pipelines_are_stopped_once_the_engine_knows_them() {
    let mut world = World::open();
    let (one, two, three) = (pipeline_id(1), pipeline_id(2), pipeline_id(3));
    let mut pipeline = world.begin(one, "sleep");
    world.bridge.stop(one);
    world.carry();
    assert_eq!(world.signalled, [one]);
    assert_eq!(world.scripts[&one], "sleep");
    world.does(one, Pipeline::stopped);
    let (_, state, is_end) = heard(&mut world, &mut pipeline, one);
    assert_eq!((state, is_end), (Some(PipelineState::STOPPED), true));

    // One that is given up is closed, and what it still says is nobody's.
    let _two = world.begin(two, &"sleep ".repeat(100));
    world.bridge.end(two);
    world.carry();
    assert_eq!(world.closed, [one, two]);
    assert!(!world.scripts.contains_key(&two), "nothing of it ran");
    let _three = world.begin(three, "sleep");
    world.carry();
    world.bridge.end(three);
    print(&mut world, three, 0..30);
    world.carry();
    assert_eq!(world.bridge.needs(), world.bridge.next_offset());
}

#[test]
fn a_newcomer_hears_what_nobody_confirmed_and_every_end() {
    let mut world = World::open();
    let (over, on) = (pipeline_id(1), pipeline_id(2));
    let mut ended = world.begin(over, "ls");
    let mut running = world.begin(on, "ls");
    world.carry();
    world.does(over, Pipeline::complete);
    heard(&mut world, &mut ended, over);
    print(&mut world, on, 290..300);
    // In the middle of a message.
    let given = world.ask(Some(on)).unwrap();
    running.handle(&given.bytes).unwrap();
    world.bridge.let_go();
    print(&mut world, on, 0..10);

    let other = take_over(&mut world);
    assert_eq!(other.state(), PoolState::OPENED);
    let mut again = adopted(&other, over);
    let (lines, state, is_end) = heard(&mut world, &mut again, over);
    assert_eq!(
        (lines.len(), state, is_end),
        (0, Some(PipelineState::COMPLETED), true)
    );
    let mut again = adopted(&other, on);
    let (lines, state, _) = heard(&mut world, &mut again, on);
    assert_eq!(state, None);
    assert!(lines.len() >= 18, "{}", lines.len());
    assert!(lines.iter().all(|line| line.contains(' ')), "whole ones");
    world.does(on, Pipeline::complete);
    world.hear(usize::MAX);
    // Lost on its way, and asked for by a third.
    assert!(world.ask(Some(on)).is_some());
    let third = take_over(&mut world);
    let mut again = adopted(&third, on);
    let (_, state, is_end) = heard(&mut world, &mut again, on);
    assert_eq!((state, is_end), (Some(PipelineState::COMPLETED), true));
}

#[test]
fn numbers_of_runspaces_are_remembered_and_not_changed_by_coming() {
    let mut world = World::open();
    world.client.set_max_runspaces(2);
    let bytes = world.client.take(Stream::Default, usize::MAX).unwrap();
    world.bridge.send(None, Stream::Default, &bytes).unwrap();
    world.carry();
    let response = world.bridge.connect(&newcomer().connect()).unwrap();
    let response = String::from_utf8_lossy(&response).into_owned();
    assert!(
        response.contains("<I32 N=\"MaxRunspaces\">2</I32>"),
        "{response}"
    );
    let mut other = take_over(&mut world);
    let opened = std::iter::from_fn(|| other.poll_event());
    assert!(opened.into_iter().any(|event| event == PoolEvent::Opened));
    for wrong in [&b"nonsense"[..], b""] {
        assert!(world.bridge.connect(wrong).is_err());
    }
}

#[test]
fn an_engine_that_ends_fails_what_it_ran() {
    let mut world = World::open();
    let id = pipeline_id(1);
    let mut pipeline = world.begin(id, "ls");
    world.carry();
    print(&mut world, id, 0..3);
    world.hear(usize::MAX);
    world.bridge.fail("it has ended");
    world.crash(true);
    let (lines, state, is_end) = heard(&mut world, &mut pipeline, id);
    assert_eq!(
        (lines.len(), state, is_end),
        (3, Some(PipelineState::FAILED), true)
    );
    let given = world.ask(None).unwrap();
    assert!(given.is_end);
    world.client.handle(&given.bytes).unwrap();
    assert_eq!(world.client.state(), PoolState::BROKEN);
    let mut other = newcomer();
    let connect = other.connect();
    let response = world.bridge.connect(&connect).unwrap();
    other.connected(&response).unwrap();
    let given = world.ask(None).unwrap();
    other.handle(&given.bytes).unwrap();
    assert_eq!(other.state(), PoolState::BROKEN);
}

#[test]
fn what_nobody_asks_for_holds_nothing_up() {
    let mut world = World::open();
    let (quiet, loud) = (pipeline_id(1), pipeline_id(2));
    let mut one = world.begin(quiet, "ls");
    let mut two = world.begin(loud, "ls");
    world.carry();
    print(&mut world, quiet, 0..3);
    print(&mut world, loud, 0..100);
    world.hear(usize::MAX);
    let needs = world.bridge.needs();
    world.bridge.make_room(Some(loud), 1_000);
    assert!(world.bridge.needs() > needs);
    let (lines, ..) = heard(&mut world, &mut two, loud);
    assert_eq!(lines.len(), 100);
    world.crash(true);
    assert_eq!(world.bridge.needs(), world.output.len() as u64);
    assert_eq!(heard(&mut world, &mut one, quiet).0.len(), 3);
}

#[test]
fn where_output_is_lost_whole_messages_are() {
    let mut world = World::open();
    let id = pipeline_id(1);
    let mut pipeline = world.begin(id, "ls");
    world.carry();
    print(&mut world, id, 0..200);
    world.does(id, Pipeline::complete);
    world.forgotten = world.output.len() as u64 - 20_000;
    let (lines, state, _) = heard(&mut world, &mut pipeline, id);
    assert_eq!(state, Some(PipelineState::COMPLETED));
    assert!((1..200).contains(&lines.len()), "{}", lines.len());
    assert!(lines.last().unwrap().starts_with("199 "));

    let (id, most) = (pipeline_id(2), 5_000);
    let mut pipeline = world.begin(id, "ls");
    world.carry();
    print(&mut world, id, 0..200);
    world.hear(usize::MAX);
    world.bridge.shed(most);
    let (lines, ..) = heard(&mut world, &mut pipeline, id);
    assert!((1..200).contains(&lines.len()), "{}", lines.len());
    assert!(lines.iter().all(|line| line.contains(' ')), "whole ones");
}

#[test]
fn what_was_stopped_holds_nothing_up_and_still_ends() {
    let mut world = World::open();
    let (stopped, next) = (pipeline_id(1), pipeline_id(2));
    let mut one = world.begin(stopped, "ls");
    world.carry();
    print(&mut world, stopped, 0..100);
    world.bridge.stop(stopped);
    assert!(!world.bridge.is_open(stopped) && !world.bridge.has_ended(stopped));
    world.carry();
    world.does(stopped, Pipeline::stopped);
    let _two = world.begin(next, "ls");
    world.carry();
    let needs = world.bridge.needs();
    world.bridge.make_room(Some(next), u64::MAX);
    assert_eq!(world.bridge.needs(), needs, "nothing is short");
    world.bridge.make_room(Some(next), 2_000);
    world.crash(true);
    assert!(world.bridge.needs() > needs + 10_000);
    let (lines, state, is_end) = heard(&mut world, &mut one, stopped);
    assert!(lines.is_empty(), "{}", lines.len());
    assert_eq!((state, is_end), (Some(PipelineState::STOPPED), true));
}

#[test]
fn what_was_given_to_its_end_is_confirmed_by_the_next() {
    let mut world = World::open();
    let (first, next) = (pipeline_id(1), pipeline_id(2));
    let _one = world.begin(first, "ls");
    world.carry();
    world.does(first, Pipeline::complete);
    assert!(world.ask(Some(first)).unwrap().is_end);
    let needs = world.bridge.needs();
    let _two = world.begin(next, "ls");
    assert!(world.bridge.needs() > needs);
}

/// What may happen while a pipeline runs.
#[derive(Clone, Debug)]
enum Happening {
    Prints(usize),
    Hears(usize),
    Asks,
    AsksAgain,
    Crashes(bool),
    Carries,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        (1..8usize).prop_map(Happening::Prints),
        (1..400usize).prop_map(Happening::Hears),
        Just(Happening::Asks),
        Just(Happening::AsksAgain),
        any::<bool>().prop_map(Happening::Crashes),
        Just(Happening::Carries),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However it is cut, asked for twice and taken up by others: each line comes once.
    #[test]
    fn no_line_is_lost_or_doubled(happenings in prop::collection::vec(happening(), 1..60)) {
        let mut world = World::open();
        let (id, other) = (pipeline_id(1), pipeline_id(2));
        let mut pipeline = world.begin(id, "ls");
        let _other = world.begin(other, "ls");
        world.carry();
        let (mut printed, mut bytes, mut last) = (0, Vec::new(), Vec::new());
        for happening in happenings {
            match happening {
                Happening::Prints(count) => {
                    print(&mut world, id, printed..printed + count);
                    print(&mut world, other, 0..count);
                    printed += count;
                }
                Happening::Hears(most) => world.hear(most),
                Happening::Asks => {
                    bytes.append(&mut last);
                    let given = world.ask(Some(id));
                    last = given.map(|given| given.bytes).unwrap_or_default();
                }
                Happening::AsksAgain if last.is_empty() => {}
                Happening::AsksAgain => {
                    let given = world.ask_again(Some(id)).map(|given| given.bytes);
                    prop_assert_eq!(given.as_ref(), Some(&last));
                }
                Happening::Crashes(kept) => world.crash(kept),
                Happening::Carries => world.carry(),
            }
        }
        bytes.append(&mut last);
        pipeline.handle(&bytes).unwrap();
        let mut lines: Vec<String> = Vec::new();
        while let Some(PipelineEvent::Output(value)) = pipeline.poll_event() {
            lines.push(value.display().unwrap().into_owned());
        }
        world.does(id, Pipeline::complete);
        let (more, state, is_end) = heard(&mut world, &mut pipeline, id);
        lines.extend(more);
        let lines: Vec<_> = lines.iter().map(|line| line.split(' ').next().unwrap()).collect();
        let expected: Vec<_> = (0..printed).map(|line| line.to_string()).collect();
        prop_assert_eq!(lines, expected);
        prop_assert_eq!((state, is_end), (Some(PipelineState::COMPLETED), true));
    }
}
