//! Whatever is written arrives, in order, however it is cut and whoever dies in between.

use proptest::prelude::*;
use winsta_psrp::Sizes;
use winsta_psrp::client::{self, PoolOptions};
use winsta_psrp::clixml::Value;
use winsta_psrp::message::{CreatePipeline, PowerShell, Record};
use winsta_psrp::server::{self, PoolConfig};

use crate::driver::{PIPELINE, POOL, Pair, Running};

/// Something that happens.
#[derive(Clone, Debug)]
enum Step {
    /// A line is written.
    Line(String),
    /// A number is written.
    Number(i32),
    /// A warning is written.
    Warning(String),
    /// The client asks for output.
    Receive,
    /// The server's process dies, with nothing in its outbox, and another goes on.
    Crash,
    /// The client goes, and another connects.
    Connect,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => any::<String>().prop_map(Step::Line),
        1 => "[a-z]{0,3000}".prop_map(Step::Line),
        1 => any::<i32>().prop_map(Step::Number),
        1 => any::<String>().prop_map(Step::Warning),
        2 => Just(Step::Receive),
        1 => Just(Step::Crash),
        1 => Just(Step::Connect),
    ]
}

fn shown(event: client::PipelineEvent) -> String {
    match event {
        client::PipelineEvent::Output(value) => value.display().unwrap_or_default().into_owned(),
        client::PipelineEvent::Warning(record) => record.message,
        other => format!("{other:?}"),
    }
}

struct World {
    pair: Pair,
    running: Running,
    sizes: Sizes,
    heard: Vec<String>,
}

impl World {
    fn take(&mut self) {
        let events = self.running.server_speaks();
        self.heard.extend(events.into_iter().map(shown));
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Line(line) => self.running.server.output_text(&line),
            Step::Number(number) => self.running.server.output(&Value::I32(number)),
            Step::Warning(text) => self.running.server.warning(Record::new(&text)),
            Step::Receive => self.take(),
            Step::Crash => {
                self.take();
                let kept = self.running.server.snapshot();
                self.pair.crash();
                self.running.server = server::Pipeline::restore(&self.pair.server, &kept);
            }
            Step::Connect => {
                self.take();
                let options = PoolOptions {
                    sizes: self.sizes,
                    ..PoolOptions::default()
                };
                let mut client = client::RunspacePool::new(POOL, options);
                let response = self.pair.server.connect(&client.connect()).unwrap();
                client.connected(&response).unwrap();
                self.running.server.client_changed();
                self.running.client = client::Pipeline::adopt(&client, PIPELINE);
                self.pair.client = client;
            }
        }
    }
}

proptest! {
    #[test]
    fn all_that_is_written_arrives(
        steps in prop::collection::vec(step(), 0..30),
        fragment in 30usize..4_000,
    ) {
        let sizes = Sizes { fragment, ..Sizes::default() };
        let options = PoolOptions { sizes, ..PoolOptions::default() };
        let config = PoolConfig { sizes, ..PoolConfig::default() };
        let mut pair = Pair::new(options, config);
        pair.client_speaks();
        pair.server.open();
        pair.server_speaks();
        let running = pair.start(CreatePipeline::new(PowerShell::script("ls")));
        let written: Vec<_> = steps.iter().filter_map(|step| match step {
            Step::Line(text) | Step::Warning(text) => Some(text.clone()),
            Step::Number(number) => Some(number.to_string()),
            Step::Receive | Step::Crash | Step::Connect => None,
        }).collect();
        let mut world = World { pair, running, sizes, heard: Vec::new() };
        for step in steps {
            world.step(step);
        }
        world.take();
        prop_assert_eq!(world.heard, written);
    }
}
