//! The life of a host: start, serve, leave.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{sleep_until, timeout};
use winsta_client::{DirError, Dirs};
use winsta_wire::Verb as Ask;

use crate::activity::Activity;
use crate::args::{Args, Network};
use crate::audit::Audit;
use crate::config::{self, Config};
use crate::engine::voice::Voice;
use crate::engine::{Engine, Parts, Serves, Shared};
use crate::http::door::Door;
use crate::http::{App, Wish, router, server};
use crate::keeper::conn::ConnError;
use crate::keeper::driver;
use crate::keeper::launch::{LaunchError, Place};
use crate::keeper::orphans::Orphans;
use crate::keeper::port::{KeeperPort, Queue, answer};
use crate::keeper::rescue;
use crate::keeper::sink::KeeperSink;
use crate::numbering::{Numbering, NumberingError};
use crate::people::Owner;
use crate::problems::{Problems, Topic};
use crate::publish::{Publication, PublishError};
use crate::roll::Roll;
use crate::{log, process};

/// How long those who have just connected are given to say what they want.
const FIRST_WORDS: Duration = Duration::from_millis(50);
/// How long requests may take to end when the host does.
const FAREWELL: Duration = Duration::from_secs(3);

/// Why a host cannot begin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    /// A folder cannot be used.
    #[error(transparent)]
    Dirs(#[from] DirError),
    /// Another host has this folder.
    #[error("another host holds {}", .0.display())]
    Taken(PathBuf),
    /// A file or the process itself cannot be arranged.
    #[error("cannot use {}", path.display())]
    Io {
        path: PathBuf,
        source: std::io::Error,
    },
    /// There are no numbers for sessions.
    #[error(transparent)]
    Numbering(#[from] NumberingError),
    /// There is no keeper.
    #[error(transparent)]
    Keeper(#[from] LaunchError),
    /// The keeper does not say what it has.
    #[error("cannot learn which sessions there are")]
    Gather(#[from] ConnError),
    /// Clients from elsewhere cannot be served.
    #[error(transparent)]
    Publish(#[from] PublishError),
}

/// A place in which a host may live: prepared, locked and listened at.
pub(crate) struct Prepared {
    dirs: Dirs,
    listener: UnixListener,
    lock: OwnedFd,
    config: Config,
    problems: Problems,
    network: Network,
}

/// Prepares folder, lock and socket.
pub(crate) fn prepare(args: Args) -> Result<Prepared, StartError> {
    let dirs = if args.system {
        Dirs::system()
    } else {
        Dirs::from_env()?
    };
    let io = |path: PathBuf| move |source| StartError::Io { path, source };
    let resumed = args.resume.then(process::resumed).transpose();
    let resumed = resumed.map_err(io(dirs.host_socket()))?;
    process::settle(args.daemon).map_err(io(PathBuf::from("/")))?;
    dirs.prepare_runtime()?;
    let handed = if args.system { process::handed() } else { None };
    let handed = handed.transpose().map_err(io(dirs.host_socket()))?;
    let (listener, lock) = if let Some(kept) = resumed {
        kept
    } else {
        let path = dirs.host_lock();
        let lock = process::lock(&path, &dirs.host_socket()).map_err(io(path.clone()))?;
        let lock = lock.ok_or(StartError::Taken(path))?;
        let path = dirs.host_socket();
        let listener = match handed {
            Some(listener) => listener,
            None => process::listen(&path, dirs.is_system()).map_err(io(path))?,
        };
        (listener, lock)
    };
    if dirs.is_system() {
        log::start_in_journal();
    } else {
        log::start(&dirs.host_log()).map_err(io(dirs.host_log()))?;
    }
    let problems = Problems::default();
    if let Err(error) = process::raise_file_limit() {
        let text = format!("the limit on open files cannot be raised: {error}");
        problems.set(Topic::Files, Some(text));
    }
    // A mistake in the file must lock nobody out of their sessions.
    let mut config = Config::load().unwrap_or_else(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        let text = format!("{error}{}; defaults are used", cause.unwrap_or_default());
        problems.set(Topic::Config, Some(text));
        Config::default()
    });
    config.folder = config::folder(dirs.is_system());
    Ok(Prepared {
        dirs,
        listener,
        lock,
        config,
        problems,
        network: args.network,
    })
}

/// A host that knows its sessions.
struct Running {
    app: App,
    router: Router,
    door: Arc<Door>,
    wishes: mpsc::Receiver<Wish>,
    lock: OwnedFd,
    network: Network,
}

/// Lives; `ready` is called when the socket answers.
pub(crate) async fn live(prepared: Prepared, ready: impl FnOnce()) -> Result<(), StartError> {
    let io = |path: PathBuf| move |source| StartError::Io { path, source };
    let path = prepared.dirs.host_socket();
    let std_listener = prepared.listener.try_clone().map_err(io(path.clone()))?;
    let mut listener =
        tokio::net::UnixListener::from_std(prepared.listener).map_err(io(path.clone()))?;
    let engine = if prepared.dirs.is_system() {
        begin_shared(prepared.dirs, prepared.config, prepared.problems).await?
    } else {
        begin(prepared.dirs, prepared.config, prepared.problems).await?
    };
    let follower = Arc::clone(&engine);
    tokio::spawn(async move { follower.follow_elsewhere().await });
    let tender = Arc::clone(&engine);
    tokio::spawn(async move { tender.tend_shells().await });
    reap_children(&engine).map_err(io(path.clone()))?;
    let publication = Publication::prepare(&prepared.network, &engine).await?;
    let (sender, wishes) = mpsc::channel(1);
    let app = App {
        engine,
        activity: Arc::new(Activity::new()),
        looks: Arc::default(),
        wishes: sender,
        trust: publication.trust(),
    };
    publication.serve(&app);
    let mut running = Running {
        router: router(app.clone()),
        door: Arc::new(Door::new(app.engine.is_shared())),
        app,
        wishes,
        lock: prepared.lock,
        network: prepared.network,
    };
    let mut terminate = signal(SignalKind::terminate()).map_err(io(path.clone()))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(io(path.clone()))?;
    let mut hangup = signal(SignalKind::hangup()).map_err(io(path.clone()))?;
    tracing::info!(
        sessions = running.app.engine.core().sessions.len(),
        "the host answers"
    );
    ready();
    loop {
        let accepting =
            server::accept(&listener, running.router.clone(), Arc::clone(&running.door));
        let end = tokio::select! {
            () = accepting => End::Leave,
            () = linger(&running.app, !running.network.is_empty()) => End::NobodyNeedsIt,
            wish = running.wishes.recv() => wish.map_or(End::Leave, End::Wish),
            _ = terminate.recv() => End::Leave,
            _ = interrupt.recv() => End::Leave,
            _ = hangup.recv() => End::Nothing,
        };
        match end {
            End::Nothing => {}
            End::Leave => return running.leave().await,
            End::Wish(Wish::Stop) => return running.stop().await,
            End::Wish(Wish::Become(program)) => {
                running.turn_into(&program, &std_listener).await;
            }
            End::NobodyNeedsIt => match running.close(&listener).await {
                None => return running.stop().await,
                Some(again) => {
                    let again = tokio::net::UnixListener::from_std(again);
                    listener = again.map_err(io(path.clone()))?;
                }
            },
        }
    }
}

/// Why the host no longer accepts.
enum End {
    /// A signal that means nothing to it.
    Nothing,
    /// It shall go; sessions run on.
    Leave,
    /// A request wants something.
    Wish(Wish),
    /// There are no sessions, and nobody has asked for anything for a while.
    NobodyNeedsIt,
}

/// Finds or starts the keeper and takes in what it has.
async fn begin(dirs: Dirs, config: Config, problems: Problems) -> Result<Arc<Engine>, StartError> {
    let (audit, numbering) = records(&dirs, &problems)?;
    let uid = rustix::process::geteuid().as_raw();
    let place = Place::Own {
        dirs: dirs.clone(),
        program: winsta_client::Launch::this_program().program,
    };
    let (mut conn, greeting) = place.find_or_start().await?;
    let queue = Arc::new(Queue::default());
    let engine = Arc::new(Engine::new(Parts {
        host: machine(),
        owner: Owner::of_this_process(),
        config,
        dirs,
        audit,
        problems,
        orphans: Arc::new(Orphans::default()),
        serves: Serves::Owner(Arc::clone(&queue) as Arc<dyn KeeperPort>),
        numbering,
    }));
    let sink: Arc<dyn KeeperSink> = Arc::new(Voice::new(Arc::clone(&engine), uid));
    sink.greeted(greeting);
    let found = rescue::gather(&mut conn).await?;
    engine.begin_with(found);
    engine.settle_shells(uid);
    engine.resume_countdowns();
    tokio::spawn(driver::run(conn, queue, sink, place));
    Ok(engine)
}

/// Takes in what an earlier host of the machine left, and everybody's keepers.
async fn begin_shared(
    dirs: Dirs,
    config: Config,
    problems: Problems,
) -> Result<Arc<Engine>, StartError> {
    let (audit, numbering) = records(&dirs, &problems)?;
    let path = dirs.private();
    let failed = |source| StartError::Io { path, source };
    let roll = Roll::open(&dirs.private());
    let (roll, left) = roll
        .and_then(|roll| {
            let left = roll.read()?;
            Ok((roll, left))
        })
        .map_err(failed)?;
    let engine = Arc::new(Engine::new(Parts {
        host: machine(),
        owner: Owner::of_this_process(),
        config,
        dirs,
        audit,
        problems,
        orphans: Arc::new(Orphans::default()),
        serves: Serves::Everybody(Shared::new(roll, left)),
        numbering,
    }));
    engine.take_over().await;
    let retiring = Arc::clone(&engine);
    tokio::spawn(async move { retire(&retiring).await });
    Ok(engine)
}

/// Ends keepers that have had nothing to keep for as long as is configured.
async fn retire(engine: &Engine) {
    let linger = Duration::from_secs(engine.config.host.linger_seconds);
    if linger.is_zero() {
        return;
    }
    loop {
        engine.emptied.notified().await;
        tokio::time::sleep(linger).await;
        engine.retire_idle().await;
    }
}

/// Name of this machine.
fn machine() -> String {
    let name = rustix::system::uname();
    name.nodename().to_string_lossy().into_owned()
}

/// The audit trail and the numbers of sessions.
fn records(dirs: &Dirs, problems: &Problems) -> Result<(Audit, Numbering), StartError> {
    let numbering = Numbering::open(&dirs.private())?;
    if let Err(error) = dirs.prepare_state() {
        problems.set(
            Topic::Audit,
            Some(format!("the audit trail cannot be written: {error}")),
        );
    }
    let audit = Audit::start(dirs.state().join("audit.db"), problems.clone());
    let audit = audit.map_err(|source| StartError::Io {
        path: dirs.state().to_owned(),
        source,
    })?;
    Ok((audit, numbering))
}

/// Takes in children whenever some have ended.
fn reap_children(engine: &Arc<Engine>) -> std::io::Result<()> {
    let mut ended = signal(SignalKind::child())?;
    let orphans = Arc::clone(&engine.orphans);
    orphans.reap();
    tokio::spawn(async move {
        while ended.recv().await.is_some() {
            orphans.reap();
        }
    });
    Ok(())
}

/// Waits until there have been no sessions and no requests for as long as is configured; a host
/// that was started for the network stays.
async fn linger(app: &App, stays: bool) {
    let seconds = app.engine.config.host.linger_seconds;
    if seconds == 0 || stays || app.engine.is_shared() {
        return std::future::pending().await;
    }
    let linger = Duration::from_secs(seconds);
    let mut emptied = tokio::time::Instant::now();
    loop {
        if !app.engine.is_empty() || app.activity.open() > 0 {
            tokio::select! {
                () = app.engine.emptied.notified() => emptied = tokio::time::Instant::now(),
                () = app.activity.next_quiet() => {}
            }
            continue;
        }
        let due = app.activity.last().max(emptied) + linger;
        let due = due.max(app.engine.remoting.lingers_until().unwrap_or(due));
        if tokio::time::Instant::now() >= due {
            return;
        }
        sleep_until(due).await;
    }
}

impl Running {
    /// Takes the socket away and looks whether somebody had come meanwhile; gives a new socket if
    /// the host is needed after all.
    async fn close(&self, listener: &tokio::net::UnixListener) -> Option<UnixListener> {
        let path = self.app.engine.dirs.host_socket();
        // Who finds no socket starts another host, which waits for this one's lock.
        let _ = std::fs::remove_file(&path);
        while let Ok(Ok((stream, _))) = timeout(Duration::ZERO, listener.accept()).await {
            tokio::spawn(server::serve(
                stream,
                self.router.clone(),
                self.door.enter(None),
            ));
        }
        tokio::task::yield_now().await;
        let _ = timeout(FAREWELL, self.app.activity.quiet()).await;
        if self.app.engine.is_empty() {
            return None;
        }
        match process::listen(&path, false) {
            Ok(listener) => Some(listener),
            Err(error) => {
                tracing::error!(%error, "cannot listen again");
                None
            }
        }
    }

    /// Ends with the keeper, which has nothing left to keep.
    async fn stop(self) -> Result<(), StartError> {
        let _ = timeout(FAREWELL, self.app.activity.quiet()).await;
        if self.app.engine.is_empty() {
            for (uid, keeper) in self.app.engine.retire_all() {
                let asked = keeper.ask(Ask::Shutdown, Vec::new());
                match timeout(FAREWELL, answer(asked)).await {
                    Ok(Ok(_)) => tracing::info!(uid, "the keeper ends"),
                    Ok(Err(error)) => tracing::warn!(uid, %error, "the keeper stays"),
                    Err(_) => tracing::warn!(uid, "the keeper does not answer"),
                }
            }
        }
        self.leave().await
    }

    /// Ends; sessions run on.
    async fn leave(self) -> Result<(), StartError> {
        // Only this host's own socket: a successor waits for the lock before it makes one. The
        // machine's stays: whoever comes meanwhile waits for the successor.
        if !self.app.engine.is_shared() {
            let _ = std::fs::remove_file(self.app.engine.dirs.host_socket());
        }
        let _ = timeout(FAREWELL, self.app.activity.quiet()).await;
        let _ = timeout(FAREWELL, self.app.engine.audit.settle()).await;
        tracing::info!("the host ends");
        drop(self.lock);
        Ok(())
    }

    /// Becomes another program that goes on with socket and lock; comes back only if that fails.
    async fn turn_into(&self, program: &str, listener: &UnixListener) {
        // Who was let in a moment ago has not spoken yet.
        tokio::time::sleep(FIRST_WORDS).await;
        let _ = timeout(FAREWELL, self.app.activity.quiet()).await;
        let _ = timeout(FAREWELL, self.app.engine.audit.settle()).await;
        tracing::info!(program, "the host is replaced");
        let handed = listener
            .try_clone()
            .and_then(|listener| Ok((listener, self.lock.try_clone()?)));
        let error = match handed {
            Ok((listener, lock)) => process::with_first_file_limit(|| {
                let system = self.app.engine.is_shared().then_some("--system");
                Command::new(program)
                    .args(["host", "run", "--resume"])
                    .args(system)
                    .args(self.network.to_args())
                    .stdin(Stdio::from(OwnedFd::from(listener)))
                    .stdout(Stdio::from(lock))
                    .exec()
            }),
            Err(error) => error,
        };
        tracing::error!(%error, program, "the host cannot be replaced, and goes on");
    }
}
