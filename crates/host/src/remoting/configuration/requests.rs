//! What becomes of wishes about session configurations.

use std::time::Duration;

use winsta_api::{ConfigurationSettings, ErrorCode, NewConfiguration, SessionConfiguration};
use winsta_wsman::Fault;
use winsta_wsman::fault::Kind;

use super::super::Principal;
use super::{Catalogue, CatalogueError};
use crate::access::{self, Decision};
use crate::engine::Engine;
use crate::failure::{Failure, failure, hinted};
use crate::people;

/// How long files and directories of users may take.
const PATIENCE: Duration = Duration::from_secs(20);

impl Engine {
    /// All session configurations.
    pub(crate) async fn configurations(&self) -> Result<Vec<SessionConfiguration>, Failure> {
        self.catalogued(Catalogue::list).await
    }

    /// One of them.
    pub(crate) async fn configuration(
        &self,
        name: String,
    ) -> Result<SessionConfiguration, Failure> {
        self.catalogued(move |all| all.find(&name)).await
    }

    /// Makes one.
    pub(crate) async fn make_configuration(
        &self,
        new: NewConfiguration,
    ) -> Result<SessionConfiguration, Failure> {
        self.catalogued(move |all| all.create(&new)).await
    }

    /// Changes one.
    pub(crate) async fn change_configuration(
        &self,
        name: String,
        changes: ConfigurationSettings,
    ) -> Result<SessionConfiguration, Failure> {
        self.catalogued(move |all| all.change(&name, &changes))
            .await
    }

    /// Removes one; gives it as it was.
    pub(crate) async fn remove_configuration(
        &self,
        name: String,
    ) -> Result<SessionConfiguration, Failure> {
        self.catalogued(move |all| all.remove(&name)).await
    }

    async fn catalogued<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Catalogue) -> Result<T, CatalogueError> + Send + 'static,
    ) -> Result<T, Failure> {
        let all = self.remoting.catalogue.clone();
        let done = aside(move || work(&all)).await;
        let done = done.ok_or_else(|| failure(ErrorCode::Internal, SLOW))?;
        done.map_err(|error| refusal(&error))
    }

    /// The configuration that `who` gets a session of, if they may.
    pub(in super::super) async fn terms(
        &self,
        who: &Principal,
        name: &str,
    ) -> Result<SessionConfiguration, Fault> {
        let all = self.remoting.catalogue.clone();
        let (user, name) = (who.name.clone(), name.to_owned());
        let looked = aside(move || granted(&all, &user, &name)).await;
        looked.unwrap_or_else(|| Err(Kind::Internal.saying(SLOW)))
    }
}

const SLOW: &str = "The files of session configurations cannot be read: the disk does not answer.";

/// Does what may block; `None` if it takes too long.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let working = tokio::task::spawn_blocking(work);
    tokio::time::timeout(PATIENCE, working).await.ok()?.ok()
}

/// The configuration, if `user` may have sessions of it.
fn granted(all: &Catalogue, user: &str, name: &str) -> Result<SessionConfiguration, Fault> {
    let found = all.find(name).map_err(|error| match error {
        CatalogueError::None(_) => Kind::NoResource.fault(),
        other => Kind::Internal.saying(format!("The session configuration {name}: {other}")),
    })?;
    let name = &found.name;
    if let Some(problem) = &found.problem {
        let text = format!("The session configuration {name} cannot be used: {problem}");
        return Err(Kind::Internal.saying(text));
    }
    let is_member = |group: &str| people::is_member(user, group);
    if let Decision::Deny(right) = access::permitted(&found.permission, user, is_member) {
        let text = format!(
            "Access is denied. {user} lacks the right to {}: {name}.",
            right.words()
        );
        return Err(Kind::AccessDenied.saying(text));
    }
    if !found.enabled {
        let text = format!("Access is denied. The session configuration {name} is disabled.");
        return Err(Kind::AccessDenied.saying(text));
    }
    if let Some(script) = &found.startup_script
        && let Err(error) = readable(script)
    {
        let text = format!("The startup script of {name} cannot be run: {script}: {error}");
        return Err(Kind::Internal.saying(text));
    }
    Ok(found)
}

/// Whether a script is a file that can be read.
fn readable(script: &str) -> std::io::Result<()> {
    if !std::fs::metadata(script)?.is_file() {
        return Err(std::io::Error::other("this is no file"));
    }
    std::fs::File::open(script).map(drop)
}

/// The refusal as clients of the interface get it.
fn refusal(error: &CatalogueError) -> Failure {
    let words = error.to_string();
    match error {
        CatalogueError::None(_) => hinted(
            ErrorCode::NotFound,
            words,
            "Get-PSSessionConfiguration lists them",
        ),
        CatalogueError::Exists(_) => hinted(
            ErrorCode::Conflict,
            words,
            "Set-PSSessionConfiguration changes it",
        ),
        CatalogueError::BuiltIn => hinted(
            ErrorCode::Conflict,
            words,
            "Disable-PSSessionConfiguration does that",
        ),
        CatalogueError::Name(_) | CatalogueError::Value(_) => failure(ErrorCode::Invalid, words),
        CatalogueError::Mistake { .. } => hinted(
            ErrorCode::Invalid,
            words,
            "nothing was changed; edit the file",
        ),
        CatalogueError::Io { .. } => failure(ErrorCode::Internal, words),
    }
}
