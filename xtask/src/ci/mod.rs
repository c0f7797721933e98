//! The gate: the same checks here and on every machine.

mod ahead;
mod files;
mod layers;
mod steps;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use steps::{Outcome, STEPS};

/// Options of `cargo xtask ci`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Run only these steps
    #[arg(value_name = "STEP", value_parser = known_step)]
    only: Vec<String>,
}

fn known_step(name: &str) -> Result<String> {
    if STEPS.iter().any(|step| step.name == name) {
        return Ok(name.to_owned());
    }
    let names: Vec<_> = STEPS.iter().map(|step| step.name).collect();
    bail!("there are: {}", names.join(", "))
}

/// One line of the summary.
struct Line {
    name: &'static str,
    took: Duration,
    verdict: String,
    notes: Vec<String>,
}

/// Runs the steps in order and stops at the first that fails.
pub(crate) fn run(options: &Options) -> Result<()> {
    let wanted = |name: &str| options.only.is_empty() || options.only.iter().any(|o| o == name);
    let begin = Instant::now();
    let mut lines = Vec::new();
    let mut failed = None;
    let wanted: Vec<_> = STEPS.iter().filter(|step| wanted(step.name)).collect();
    // Whatever comes first has nothing to run beside.
    let ahead = wanted.iter().skip(1).filter_map(|step| step.ahead);
    let ahead: Vec<_> = ahead.map(|begin| begin()).collect::<Result<_>>()?;
    for step in wanted {
        println!("=== {}: {}", step.name, step.what);
        let begin = Instant::now();
        let outcome = (step.run)();
        let took = begin.elapsed();
        let (verdict, notes) = match outcome {
            Ok(Outcome::Passed(notes)) => ("passed".to_owned(), notes),
            Ok(Outcome::Skipped(why)) => (format!("skipped: {why}"), Vec::new()),
            Err(error) => {
                failed = Some(step.name);
                (format!("FAILED: {error:#}"), Vec::new())
            }
        };
        lines.push(Line {
            name: step.name,
            took,
            verdict,
            notes,
        });
        if failed.is_some() {
            break;
        }
    }
    drop(ahead);
    summarise(&lines, begin.elapsed());
    match failed {
        None => Ok(()),
        Some(name) => bail!("step {name} failed; run it alone with: cargo xtask ci {name}"),
    }
}

fn summarise(lines: &[Line], total: Duration) {
    println!("\n=== summary");
    for Line {
        name,
        took,
        verdict,
        notes,
    } in lines
    {
        println!("{name:<8} {:>7.1} s  {verdict}", took.as_secs_f64());
        for note in notes {
            println!("{:>18}  {note}", "");
        }
    }
    println!("{:<8} {:>7.1} s", "total", total.as_secs_f64());
}
