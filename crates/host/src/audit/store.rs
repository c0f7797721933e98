//! The database of the audit trail and the history.

use std::collections::HashSet;
use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use winsta_api::AuditEntry;
use winsta_domain::{ExitStatus, Incarnation, SessionId};

use super::{Begun, Milestone};

/// Most entries and most sessions that are kept; the oldest go when the file is opened.
const KEPT: u32 = 200_000;
/// Most entries that are read at once.
const MAX_READ: u32 = 10_000;

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA cache_size = -256;
    PRAGMA journal_size_limit = 1048576;
    CREATE TABLE IF NOT EXISTS audit (
        seq INTEGER PRIMARY KEY, time TEXT NOT NULL, host TEXT NOT NULL, user TEXT NOT NULL,
        uid INTEGER NOT NULL, origin TEXT NOT NULL, action TEXT NOT NULL, session INTEGER,
        owner TEXT, outcome TEXT NOT NULL, detail TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS audit_session ON audit (session);
    CREATE TABLE IF NOT EXISTS history (
        seq INTEGER PRIMARY KEY, incarnation TEXT NOT NULL, session INTEGER NOT NULL, user TEXT,
        command TEXT, started TEXT, ended TEXT, status TEXT,
        UNIQUE (incarnation, session));
";

/// Why the database did not do what it should.
#[derive(Debug, thiserror::Error)]
pub(super) enum StoreError {
    /// The database failed.
    #[error("{}: {source}", path.display())]
    Database {
        path: PathBuf,
        source: rusqlite::Error,
    },
    /// A status cannot be put into words.
    #[error("a status cannot be written")]
    Status(#[from] serde_json::Error),
}

/// The database; opened at the first use, and again after a failure.
pub(super) struct Store {
    path: PathBuf,
    connection: Option<Connection>,
}

impl Store {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            connection: None,
        }
    }

    /// Carries out `work` in one transaction.
    pub(super) fn write(
        &mut self,
        work: impl FnOnce(&Batch<'_>) -> Result<(), rusqlite::Error>,
    ) -> Result<(), StoreError> {
        let written = self.connection().and_then(|connection| {
            let batch = Batch(connection.transaction()?);
            work(&batch)?;
            batch.0.commit()
        });
        self.checked(written)
    }

    /// The newest entries, newest last.
    pub(super) fn read(
        &mut self,
        limit: u32,
        session: Option<SessionId>,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let read = self.connection().and_then(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT time, host, user, uid, origin, action, session, owner, outcome, detail
                 FROM audit WHERE ?1 IS NULL OR session = ?1 ORDER BY seq DESC LIMIT ?2",
            )?;
            let arguments = params![session.map(|id| id.0), limit.min(MAX_READ)];
            let rows = select.query_map(arguments, entry_of)?;
            let mut entries = rows.collect::<Result<Vec<_>, _>>()?;
            entries.reverse();
            Ok(entries)
        });
        self.checked(read)
    }

    /// How a session of the past ended.
    pub(super) fn ending(
        &mut self,
        incarnation: &Incarnation,
        session: SessionId,
    ) -> Result<Option<ExitStatus>, StoreError> {
        let status: Result<Option<Option<String>>, _> = self.connection().and_then(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT status FROM history WHERE incarnation = ?1 AND session = ?2",
            )?;
            let arguments = params![incarnation.0, session.0];
            select.query_row(arguments, |row| row.get(0)).optional()
        });
        let status = self.checked(status)?.flatten();
        Ok(status.map(|json| serde_json::from_str(&json)).transpose()?)
    }

    fn connection(&mut self) -> Result<&mut Connection, rusqlite::Error> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => open(&self.path)?,
        };
        Ok(self.connection.insert(connection))
    }

    fn checked<T>(&mut self, result: Result<T, rusqlite::Error>) -> Result<T, StoreError> {
        result.map_err(|source| {
            // The file may have been repaired or replaced when it is next needed.
            self.connection = None;
            StoreError::Database {
                path: self.path.clone(),
                source,
            }
        })
    }
}

fn open(path: &PathBuf) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(std::time::Duration::from_millis(500))?;
    connection.execute_batch(SCHEMA)?;
    for table in ["audit", "history"] {
        let delete =
            format!("DELETE FROM {table} WHERE seq <= (SELECT max(seq) FROM {table}) - {KEPT}");
        connection.execute(&delete, [])?;
    }
    Ok(connection)
}

fn entry_of(row: &rusqlite::Row<'_>) -> Result<AuditEntry, rusqlite::Error> {
    Ok(AuditEntry {
        time: row.get(0)?,
        host: row.get(1)?,
        user: row.get(2)?,
        uid: row.get(3)?,
        origin: row.get(4)?,
        action: row.get(5)?,
        session: row.get(6)?,
        owner: row.get(7)?,
        outcome: row.get(8)?,
        detail: row.get(9)?,
    })
}

/// Writes that are carried out together or not at all.
pub(super) struct Batch<'a>(Transaction<'a>);

impl Batch<'_> {
    pub(super) fn entry(&self, entry: &AuditEntry) -> Result<(), rusqlite::Error> {
        let mut insert = self.0.prepare_cached(
            "INSERT INTO audit
             (time, host, user, uid, origin, action, session, owner, outcome, detail)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?;
        insert.execute(params![
            entry.time,
            entry.host,
            entry.user,
            entry.uid,
            entry.origin,
            entry.action,
            entry.session,
            entry.owner,
            entry.outcome,
            entry.detail,
        ])?;
        Ok(())
    }

    pub(super) fn milestone(&self, milestone: &Milestone) -> Result<(), rusqlite::Error> {
        match milestone {
            Milestone::Started { incarnation, begun } => self.begin(incarnation, begun)?,
            Milestone::Ended {
                incarnation,
                session,
                status,
                time,
            } => {
                let status = serde_json::to_string(status).unwrap_or_default();
                let mut upsert = self.0.prepare_cached(
                    "INSERT INTO history (incarnation, session, ended, status)
                     VALUES (?1, ?2, ?3, ?4) ON CONFLICT (incarnation, session)
                     DO UPDATE SET ended = excluded.ended, status = excluded.status",
                )?;
                upsert.execute(params![incarnation.0, session.0, time, status])?;
            }
            Milestone::Found {
                incarnation,
                sessions,
                entry,
            } => {
                // A host that was killed may have had no time to write what it had started.
                for begun in sessions {
                    self.begin(incarnation, begun)?;
                }
                self.lose_others(incarnation, sessions, entry)?;
            }
        }
        Ok(())
    }

    /// An end may be told before its beginning, and stays; but only the console's number is given
    /// again, and then the end is that of an earlier session.
    fn begin(&self, incarnation: &Incarnation, begun: &Begun) -> Result<(), rusqlite::Error> {
        let mut upsert = self.0.prepare_cached(
            "INSERT INTO history (incarnation, session, user, command, started)
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (incarnation, session)
             DO UPDATE SET user = excluded.user, command = excluded.command,
             started = excluded.started,
             ended = iif(started IS NOT excluded.started AND started NOTNULL, NULL, ended),
             status = iif(started IS NOT excluded.started AND started NOTNULL, NULL, status)",
        )?;
        upsert.execute(params![
            incarnation.0,
            begun.session.0,
            begun.user,
            begun.command,
            begun.time
        ])?;
        Ok(())
    }

    /// Ends all sessions in the history that have begun and are not among `found`.
    fn lose_others(
        &self,
        incarnation: &Incarnation,
        found: &[Begun],
        entry: &AuditEntry,
    ) -> Result<(), rusqlite::Error> {
        let mut select = self
            .0
            .prepare("SELECT session FROM history WHERE incarnation = ?1 AND status IS NULL")?;
        let open = select.query_map(params![incarnation.0], |row| row.get(0).map(SessionId))?;
        let found: HashSet<u32> = found.iter().map(|begun| begun.session.0).collect();
        for session in open.collect::<Result<Vec<_>, _>>()? {
            if found.contains(&session.0) {
                continue;
            }
            self.milestone(&Milestone::Ended {
                incarnation: incarnation.clone(),
                session,
                status: ExitStatus::Unknown,
                time: entry.time.clone(),
            })?;
            self.entry(&AuditEntry {
                session: Some(session.0),
                ..entry.clone()
            })?;
        }
        Ok(())
    }
}
