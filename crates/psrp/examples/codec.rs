//! Measures the codec for `cargo xtask codec`: `codec DOCUMENTS LINES SECONDS`.
//!
//! `DOCUMENTS` is a file with a JSON list of CLIXML documents, `LINES` a file of text, `SECONDS`
//! how long to measure each row. Prints a JSON object: for each row the bytes in a second.

use std::hint::black_box;
use std::time::Instant;

use uuid::Uuid;
use winsta_psrp::client::{self, PipelineEvent};
use winsta_psrp::clixml::{Limits, Value, decode, encode_into};
use winsta_psrp::message::{CreatePipeline, PowerShell};
use winsta_psrp::server::{self, PoolConfig};
use winsta_psrp::{PipelineId, PoolId, Stream};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut argument = |what: &str| {
        arguments
            .next()
            .unwrap_or_else(|| panic!("{what} is missing"))
    };
    let documents = std::fs::read(argument("DOCUMENTS")).expect("DOCUMENTS can be read");
    let documents: Vec<String> = serde_json::from_slice(&documents).expect("a list of texts");
    let lines = std::fs::read_to_string(argument("LINES")).expect("LINES can be read");
    let lines: Vec<&str> = lines.lines().collect();
    let seconds: f64 = argument("SECONDS").parse().expect("a number");
    let rate = |bytes: usize, work: &mut dyn FnMut()| rate(seconds, bytes, work);

    let limits = Limits::default();
    let read = |document: &String| decode(document.as_bytes(), &limits).expect("CLIXML");
    let values: Vec<Value> = documents.iter().map(read).collect();
    let bytes = documents.iter().map(String::len).sum();
    let mut out = Vec::new();
    let read_documents = rate(bytes, &mut || {
        for document in &documents {
            black_box(read(document));
        }
    });
    let write_documents = rate(bytes, &mut || {
        out.clear();
        for value in &values {
            encode_into(&mut out, value);
        }
        black_box(&out);
    });
    let write_lines = rate(length(&lines), &mut || {
        black_box(written(&lines));
    });
    let sent = written(&lines);
    let read_lines = rate(length(&lines), &mut || {
        assert_eq!(heard(&sent), lines.len())
    });
    let rows = serde_json::json!({
        "read documents": read_documents,
        "write documents": write_documents,
        "write lines": write_lines,
        "read lines": read_lines,
    });
    println!("{rows}");
}

fn length(lines: &[&str]) -> usize {
    lines.iter().map(|line| line.len()).sum()
}

const ID: PipelineId = PipelineId(Uuid::from_u128(1));

fn client() -> (client::RunspacePool, client::Pipeline) {
    let pool =
        client::RunspacePool::new(PoolId(Uuid::from_u128(2)), client::PoolOptions::default());
    let create = CreatePipeline::new(PowerShell::script("cat"));
    let pipeline = client::Pipeline::create(&pool, ID, create);
    (pool, pipeline)
}

/// The lines as a pipeline's output, in pieces that fit envelopes.
fn written(lines: &[&str]) -> Vec<Vec<u8>> {
    const ENVELOPE: usize = 300_000;
    let (mut pool, mut asking) = client();
    pool.open();
    let mut server = server::RunspacePool::new(PoolConfig::default());
    let opening = pool
        .take(Stream::Default, usize::MAX)
        .expect("it wants to open");
    server.handle(Stream::Default, &opening).expect("messages");
    let mut pipeline = server::Pipeline::new(&server, ID);
    let asked = asking
        .take(Stream::Default, usize::MAX)
        .expect("it wants to run");
    pipeline.handle(Stream::Default, &asked).expect("messages");
    let mut sent = Vec::new();
    for line in lines {
        pipeline.output_text(line);
        if pipeline.pending() > ENVELOPE {
            sent.extend(pipeline.take(ENVELOPE));
        }
    }
    sent.extend(std::iter::from_fn(|| pipeline.take(ENVELOPE)));
    sent
}

/// How many lines a client hears.
fn heard(sent: &[Vec<u8>]) -> usize {
    let (_, mut pipeline) = client();
    let mut count = 0;
    for bytes in sent {
        pipeline.handle(bytes).expect("messages");
        while let Some(event) = pipeline.poll_event() {
            count += usize::from(matches!(black_box(event), PipelineEvent::Output(_)));
        }
    }
    count
}

/// Bytes in a second, if `work` does `bytes` each time: at least one time, at most as long as it
/// takes to pass `seconds`.
fn rate(seconds: f64, bytes: usize, work: &mut dyn FnMut()) -> f64 {
    work();
    let begin = Instant::now();
    let mut times = 0_u32;
    loop {
        work();
        times += 1;
        let passed = begin.elapsed().as_secs_f64();
        if passed >= seconds {
            let bytes = u32::try_from(bytes).expect("far less");
            return f64::from(bytes) * f64::from(times) / passed;
        }
    }
}
