//! A cable that is pulled out, loses what is sent, and connections that are reset, at random
//! moments: what holds for connections that are cut holds for a network.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use winsta_tests::cable::{Cable, End};
use winsta_tests::chance::Chance;
use winsta_tests::desk::Desk;
use winsta_tests::published::Published;
use winsta_tests::rounds::Rounds;

/// Rounds; `WINSTA_ROUNDS` says how many for a longer look.
const ROUNDS: usize = 6;
/// The longest that the network is well: a few rounds long.
const WELL: Duration = Duration::from_millis(300);
/// The longest that it is not.
const ILL: Duration = Duration::from_millis(500);

/// Something that happens to a network.
const TROUBLES: [fn(&Cable, End, Duration); 3] = [
    |cable, end, time| {
        cable.pull(end);
        thread::sleep(time);
        cable.plug(end);
    },
    |cable, end, time| {
        cable.lose(end);
        thread::sleep(time);
        cable.find(end);
    },
    |cable, end, _| cable.reset(end),
];

#[test]
fn nothing_is_lost_doubled_or_left_behind() {
    let Some(cable) = Cable::new() else {
        return;
    };
    let host = cable.at(End::Host, || Published::at(End::Host.address()));
    let desk = Desk::new();
    host.known_to(&desk);
    let uri = host.uri();
    let rounds = Rounds {
        desk: &desk,
        uri: &uri,
        out_of_reach: true,
    };
    let count = Rounds::count(ROUNDS);
    let mut chance = Chance::announced();
    let (over, troubles) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        let (cable, over, troubles) = (&cable, &over, &troubles);
        scope.spawn(move || {
            while !over.load(Ordering::Relaxed) {
                thread::sleep(chance.moment(WELL));
                let (trouble, end) = (chance.pick(&TROUBLES), *chance.pick(&End::BOTH));
                trouble(cable, end, chance.moment(ILL));
                troubles.fetch_add(1, Ordering::Relaxed);
            }
        });
        let rounds = &rounds;
        let player = scope.spawn(move || {
            cable.at(End::Client, || {
                // Rounds that nothing happened in show nothing, so as many troubles are waited for.
                let mut round = 0;
                while round < count || troubles.load(Ordering::Relaxed) < count {
                    rounds.play(round);
                    round += 1;
                }
            });
        });
        let outcome = player.join();
        over.store(true, Ordering::Relaxed);
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
    let troubles = troubles.into_inner();
    println!("{troubles} troubles");
    cable.at(End::Client, || rounds.expect_none_left());
}
