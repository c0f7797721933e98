//! Keeps the control connection going: requests out, answers and news in, and another keeper
//! when the present one is lost.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use winsta_wire::{Answer, Refusal, RefusalKind};

use super::conn::{Conn, ConnError, Incoming};
use super::launch::Place;
use super::port::{KeeperError, Outcome, Outgoing, Queue};
use super::rescue;
use super::sink::{KeeperSink, keepsakes};
use crate::failure::in_words;

/// Serves until the keeper was told to end, and has.
pub(crate) async fn run(
    mut conn: Conn,
    queue: Arc<Queue>,
    sink: Arc<dyn KeeperSink>,
    place: Place,
) {
    loop {
        let error = serve(&mut conn, &queue, &*sink).await;
        if sink.is_retiring() {
            return;
        }
        tracing::warn!(error = &error as &dyn std::error::Error, "lost the keeper");
        drop(conn);
        conn = recover(&*sink, &place).await;
    }
}

/// Passes requests and answers until the connection fails.
async fn serve(conn: &mut Conn, queue: &Queue, sink: &dyn KeeperSink) -> ConnError {
    let mut pending = HashMap::new();
    let error = loop {
        tokio::select! {
            outgoing = queue.next() => send(conn, &mut pending, outgoing),
            incoming = conn.next() => match incoming {
                Ok(incoming) => take(incoming, &mut pending, sink),
                Err(error) => break error,
            },
        }
    };
    for (_, reply) in pending {
        // Whoever asked may have given up.
        let _ = reply.send(Err(KeeperError::Lost));
    }
    error
}

type Pending = HashMap<u64, oneshot::Sender<Outcome>>;

fn send(conn: &mut Conn, pending: &mut Pending, outgoing: Outgoing) {
    let sent = conn.send(outgoing.verb, &outgoing.tail, Vec::new());
    match (sent, outgoing.reply) {
        (Ok(seq), Some(reply)) => {
            pending.insert(seq, reply);
        }
        (Ok(_), None) => {}
        (Err(error), Some(reply)) => {
            let refusal = Refusal {
                kind: RefusalKind::Invalid,
                reason: error.to_string(),
            };
            let _ = reply.send(Err(KeeperError::Refused(refusal)));
        }
        (Err(error), None) => tracing::warn!(%error, "a request does not fit into a frame"),
    }
}

fn take(incoming: Incoming, pending: &mut Pending, sink: &dyn KeeperSink) {
    match incoming {
        Incoming::Event(event) => sink.event(event),
        Incoming::Reply(reply, tail, descriptors) => {
            // Before the next event is read: it may be that session's end.
            if let Ok(Answer::Spawned(report)) = &reply.outcome {
                sink.spawned(report, keepsakes(descriptors));
            }
            let outcome = reply.outcome.map_err(KeeperError::Refused);
            match pending.remove(&reply.seq) {
                Some(asker) => {
                    let _ = asker.send(outcome.map(|answer| (answer, tail)));
                }
                None => {
                    if let Err(error) = outcome {
                        tracing::debug!(%error, "the keeper did not do what was posted");
                    }
                }
            }
        }
    }
}

/// Finds the keeper again or starts another, and hands all sessions over; tries until it works.
async fn recover(sink: &dyn KeeperSink, place: &Place) -> Conn {
    let orphaned = sink.lost();
    let mut pause = Duration::from_millis(50);
    loop {
        match rescue::rescue(sink, place, &orphaned).await {
            Ok(conn) => {
                sink.rescue_problem(None);
                return conn;
            }
            Err(error) => {
                let problem = format!("sessions run without a keeper: {}", in_words(&error));
                tracing::error!("{problem}");
                sink.rescue_problem(Some(problem));
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(30));
    }
}
