//! A thread for each keeper of another user.
//!
//! What a keeper passes over its socket is closed by whoever receives it, and closing a file can
//! take as long as its owner wants. So a user who tries that stops the thread that hears their own
//! keeper, and nobody else.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use winsta_wire::Verb;

use super::driver;
use super::launch::Place;
use super::port::Queue;
use super::rescue;
use super::sink::KeeperSink;
use crate::engine::Engine;
use crate::engine::voice::Voice;
use crate::failure::in_words;

/// How long keepers may take to say what they have before the host serves without them.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// Whether the keeper could be reached, or why not.
pub(crate) type Opened = oneshot::Receiver<Result<(), String>>;

/// Reaches the keeper of user `uid` and hears it until it has ended.
pub(crate) fn start(
    engine: Arc<Engine>,
    uid: u32,
    queue: Arc<Queue>,
    place: Place,
    tell: oneshot::Sender<Result<(), String>>,
) {
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        match runtime {
            Ok(runtime) => runtime.block_on(hear(&engine, uid, queue, place, tell)),
            Err(error) => tracing::error!(uid, %error, "a keeper cannot be heard"),
        }
        engine.parted(uid);
    };
    let named = std::thread::Builder::new().name(format!("keeper {uid}"));
    if let Err(error) = named.spawn(run) {
        // Whoever waits sees that nobody is going to tell.
        tracing::error!(uid, %error, "no thread for a keeper");
    }
}

async fn hear(
    engine: &Arc<Engine>,
    uid: u32,
    queue: Arc<Queue>,
    place: Place,
    tell: oneshot::Sender<Result<(), String>>,
) {
    let sink: Arc<dyn KeeperSink> = Arc::new(Voice::new(Arc::clone(engine), uid));
    let reached = async {
        let (mut conn, greeting) = place.find_or_start().await.map_err(|e| in_words(&e))?;
        sink.greeted(greeting);
        let mut found = rescue::gather(&mut conn).await.map_err(|e| in_words(&e))?;
        let left = engine.left_behind(uid, &found);
        if !left.is_empty() {
            for adopt in left {
                let session = adopt.report.session;
                let asked = conn.call(Verb::Adopt(Box::new(adopt)), Vec::new());
                if let Err(error) = asked.await.map_err(|e| in_words(&e))?.0 {
                    tracing::warn!(%session, uid, %error, "a session is lost");
                }
            }
            found = rescue::gather(&mut conn).await.map_err(|e| in_words(&e))?;
        }
        sink.reconcile(found);
        Ok(conn)
    };
    match reached.await {
        Ok(conn) => {
            // Whoever asked may have given up.
            let _ = tell.send(Ok(()));
            engine.resume_countdowns_of(uid);
            driver::run(conn, queue, sink, place).await;
        }
        Err(why) => {
            tracing::warn!(uid, why, "a keeper cannot be reached");
            let _ = tell.send(Err(why));
        }
    }
}
