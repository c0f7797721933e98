//! What a host of ours can do for clients of WS-Management: pypsrp's and our own.

use std::fmt::Write as _;
use std::net::TcpListener;

use anyhow::{Context, Result, ensure};
use winsta_python::Python;
use winsta_python::packages::{self, PYPSRP};

use super::cost::{measured, spent};
use super::figures::quantile;
use super::place::{Argv, Place, argv};
use super::processes::{Process, pss};
use super::report::{machine, publish};
use super::served::{await_answer, binary, serve, users};

/// Options of `cargo xtask service`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How often to measure; the median counts
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// How many sessions stand idle when memory is measured
    #[arg(long, default_value_t = 1_000)]
    idle: usize,
    /// Write benches/SERVICE.md
    #[arg(long)]
    write: bool,
}

const PEER: &str = include_str!("peer.py");
/// Bytes of lines that our own client is sent, and those that pypsrp is.
const BYTES: (u32, u32) = (100_000_000, 5_000_000);
/// Sessions that are made to see how many come in a second.
const SESSIONS: u32 = 100;
/// Empty pipelines.
const ROUNDS: u32 = 100;
/// Sessions that are made by one command when many are to stand idle.
const LOT: usize = 250;

/// Measures and prints, and writes the page if that is wanted.
pub(crate) fn run(options: &Options) -> Result<()> {
    let python = Python::with(packages::CLIENTS)?;
    Place::sweep()?;
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    let mut rounds = Vec::new();
    for number in 1..=options.runs {
        rounds.push(Service::start()?.round(&python)?);
        eprintln!("{number} of {}", options.runs);
    }
    let idle = Service::start()?.idle(options.idle)?;
    let page = page(&rounds, &idle, options);
    publish(&page, options.write.then_some("SERVICE.md"))
}

/// What one round gave.
struct Round {
    /// Lines to our own client: seconds over TCP and over the Unix socket.
    lines: (f64, f64),
    /// Lines to pypsrp: seconds, and those of the processor that the service spent meanwhile.
    peer_lines: (f64, f64),
    /// Sessions in a second: ours, pypsrp's.
    sessions: (f64, f64),
    /// Milliseconds of an empty pipeline: a command of ours with its process, pypsrp's in an open
    /// pool.
    latency: (f64, f64),
}

/// What idle sessions take, in bytes.
struct Idle {
    count: usize,
    service: u32,
    without: u32,
}

/// A host that serves pypsrp and us.
struct Service {
    place: Place,
    port: u16,
}

impl Service {
    fn start() -> Result<Self> {
        let place = Place::new()?;
        place.write(
            "winsta.toml",
            "[remoting]\nmax_shells = 10000\nmax_shells_per_user = 10000\n",
        )?;
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        // Its place takes it with it.
        let _host = serve(&place, port, &users(&place)?)?;
        await_answer(port)?;
        Ok(Self { place, port })
    }

    /// The script in bash, `W` being the program and `U` the service.
    fn bash(&self, script: &str) -> Argv {
        let script = format!(
            "set -e; export WINSTA_PASSWORD=secret; W={} U=http://127.0.0.1:{}/wsman\n{script}",
            binary(),
            self.port
        );
        argv(["/bin/bash", "-c", script.as_str()])
    }

    fn seconds(&self, script: &str) -> Result<f64> {
        Ok(measured(&self.place, &self.bash(script))?.wall)
    }

    /// Host and keeper.
    fn processes(&self) -> Result<Vec<Process>> {
        let mut own = self.place.own(&["winsta"])?;
        own.retain(|process| {
            let word = process.arguments.first();
            word.is_some_and(|word| word == "host" || word == "keeper")
        });
        Ok(own)
    }

    fn round(&self, python: &Python) -> Result<Round> {
        let lines = |to: &str| {
            let (line, size) = ("x".repeat(79), BYTES.0);
            self.seconds(&format!(
                "test $($W Invoke-Command {to} '{{yes {line} | head -c {size}}}' | wc -c) = {size}"
            ))
        };
        let lines = (
            lines("-ConnectionUri $U -Credential ann")?,
            lines("localhost")?,
        );
        let many = format!(
            "U=$(yes $U | head -n {SESSIONS} | paste -sd,)
            test $($W New-PSSession -ConnectionUri $U -Credential ann | tee s | wc -l) = {SESSIONS}"
        );
        let made = self.seconds(&many)?;
        self.seconds("$W Remove-PSSession < s")?;
        let empty = format!(
            "s=$($W New-PSSession -ConnectionUri $U -Credential ann); echo \"$s\" > s
            for i in $(seq {ROUNDS}); do $W Invoke-Command $s '{{:}}'; done"
        );
        let empty = self.seconds(&empty)?;
        self.seconds("$W Remove-PSSession < s")?;
        let script = self.place.write("peer.py", PEER)?.display().to_string();
        let program = python.command();
        let program = program.get_program().to_string_lossy().into_owned();
        let numbers = [u32::from(self.port), BYTES.1, SESSIONS, ROUNDS];
        let words = numbers.map(|number| number.to_string());
        let line = argv([program, script].into_iter().chain(words));
        let before = spent(&self.processes()?);
        let said = self.place.output(&line).context("pypsrp")?;
        let busy = spent(&self.processes()?) - before;
        let figures: Vec<f64> = said.lines().filter_map(|line| line.parse().ok()).collect();
        let [seconds, sessions, latency] = figures[..] else {
            anyhow::bail!("pypsrp said: {said}");
        };
        Ok(Round {
            lines,
            peer_lines: (seconds, busy),
            sessions: (f64::from(SESSIONS) / made, sessions),
            latency: (empty * 1_000.0 / f64::from(ROUNDS), latency),
        })
    }

    fn idle(&self, count: usize) -> Result<Idle> {
        self.seconds("$W Get-PSSession -ConnectionUri $U -Credential ann")?;
        let without = u32::try_from(pss(&self.processes()?)?)?;
        let mut left = count;
        while left > 0 {
            let lot = left.min(LOT);
            self.seconds(&format!(
                "U=$(yes $U | head -n {lot} | paste -sd,)
                s=$($W New-PSSession -ConnectionUri $U -Credential ann)
                $W Invoke-Command \"$s\" '{{:}}'"
            ))?;
            left -= lot;
        }
        let shells = self.place.own(&["bash"])?.len();
        ensure!(
            shells >= count,
            "only {shells} of {count} sessions have a bash"
        );
        Ok(Idle {
            count,
            service: u32::try_from(pss(&self.processes()?)?)?,
            without,
        })
    }
}

fn page(rounds: &[Round], idle: &Idle, options: &Options) -> String {
    let of = |pick: fn(&Round) -> f64| {
        let values: Vec<f64> = rounds.iter().map(pick).collect();
        quantile(&values, 50).unwrap_or_default()
    };
    let megabytes = |bytes: u32| f64::from(bytes) / 1e6;
    let mut page = format!(
        "# A host's service of WS-Management\n\nMade by `cargo xtask service`. Each figure is the \
         median of {} runs on a host of its own; service and client share this machine.\n\n\
         - machine: {}\n- peer: {PYPSRP}\n\n| measure | our client | pypsrp |\n|---|---:|---:|\n",
        options.runs,
        machine()
    );
    let _ = write!(
        page,
        "| {} MB of lines, over TCP, MB/s | {:.1} | {:.2} |\n\
         | the same over the Unix socket, MB/s | {:.1} | |\n\
         | sessions made in a second, 32 at once | {:.0} | {:.1} |\n\
         | an empty pipeline, ms | {:.1} | {:.1} |\n\n",
        megabytes(BYTES.0),
        megabytes(BYTES.0) / of(|round| round.lines.0),
        megabytes(BYTES.1) / of(|round| round.peer_lines.0),
        megabytes(BYTES.0) / of(|round| round.lines.1),
        of(|round| round.sessions.0),
        of(|round| round.sessions.1),
        of(|round| round.latency.0),
        of(|round| round.latency.1),
    );
    let _ = write!(
        page,
        "pypsrp is sent {} MB. While it did all of this, host and keeper spent {:.2} s of the \
         processor. Its pipeline runs in a pool that is open; each of ours is a command, with its \
         process, of a session that the agent holds.\n\n{} idle sessions, each with the bash of a \
         command that was run: host and keeper take {:.1} MB of memory (PSS), {:.1} MB \
         of it when there is no session.\n",
        megabytes(BYTES.1),
        of(|round| round.peer_lines.1),
        idle.count,
        megabytes(idle.service),
        megabytes(idle.without),
    );
    page
}
