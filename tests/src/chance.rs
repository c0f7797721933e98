//! Chance that can be repeated: numbers from a seed, which is printed.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A stream of numbers (splitmix64); the same seed gives the same ones.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// From `$WINSTA_SEED`, else from the clock; says which.
    pub fn announced() -> Self {
        let given = std::env::var("WINSTA_SEED").ok();
        let seed = given.and_then(|text| text.parse().ok()).unwrap_or_else(|| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            now.map_or(0, |now| u64::from(now.subsec_nanos()) ^ now.as_secs())
        });
        println!("seed: WINSTA_SEED={seed}");
        Self(seed)
    }

    /// Another stream, for another thread.
    #[must_use]
    pub fn fork(&mut self) -> Self {
        Self(self.number())
    }

    fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.number() % bound as u64).expect("it is below a usize")
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// A time up to `most`.
    pub fn moment(&mut self, most: Duration) -> Duration {
        most.mul_f64(f64::from(u32::try_from(self.number() >> 32).unwrap_or(0)) / 4_294_967_296.0)
    }
}
