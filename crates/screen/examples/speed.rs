//! Measures how fast output is taken: `cargo run --release -p winsta-screen --example speed`.

use std::time::Instant;

use winsta_domain::TerminalSize;
use winsta_screen::Screen;

/// Bytes of each kind of output.
const TOTAL: usize = 64 << 20;
/// Runs of which the fastest counts.
const RUNS: usize = 5;

/// A kind of output: its name, and what writes its lines.
type Kind = (&'static str, fn(usize) -> String);

fn main() {
    let kinds: [Kind; 4] = [
        ("plain", |n| {
            format!("{n:08} {}\r\n", "the quick brown fox ".repeat(3))
        }),
        ("coloured", |n| {
            format!("\x1b[0m\x1b[01;34mfolder-{n}\x1b[0m  \x1b[01;32mprogram-{n}.sh\x1b[0m\r\n")
        }),
        ("listing", |n| {
            format!(
                "-rw-r--r-- 1 user user {n:9} Nov 21 07:58 \x1b[01;31marchive-{n}.tar\x1b[0m\r\n"
            )
        }),
        ("unicode", |n| {
            format!("{n} Zeile für Zeile – 日本語のテキスト\r\n")
        }),
    ];
    println!(
        "{:10} {:>10} {:>10} {:>10} MB/s",
        "output", "laid out", "in 64 kB", "in 1 MB"
    );
    for (name, line) in kinds {
        let text: String = (0..)
            .map(line)
            .scan(0, |len, line| {
                *len += line.len();
                (*len < TOTAL).then_some(line)
            })
            .collect();
        // Blocks smaller than a screen are laid out whole.
        let [slow, medium, big] =
            [256, 64 << 10, 1 << 20].map(|block| speed(text.as_bytes(), block));
        println!("{name:10} {slow:>10.0} {medium:>10.0} {big:>10.0}");
    }
}

fn speed(output: &[u8], block: usize) -> f64 {
    let run = || {
        let mut screen = Screen::new(TerminalSize::DEFAULT);
        let start = Instant::now();
        output.chunks(block).for_each(|block| screen.feed(block));
        assert!(!screen.text().is_empty());
        start.elapsed().as_secs_f64()
    };
    let fastest = (0..RUNS).map(|_| run()).fold(f64::INFINITY, f64::min);
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let megabytes = output.len() as f64 / 1e6;
    megabytes / fastest
}
