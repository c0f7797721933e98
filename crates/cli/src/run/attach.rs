//! This terminal, while it is connected to a session.

use winsta_api::AttachRequest;
use winsta_client::Host;
use winsta_domain::SessionId;

use crate::report::{Exit, Failure, Outcome};

/// Shows a session at this terminal; its exit status if it ends meanwhile.
pub(crate) fn attach(host: &Host, id: SessionId, request: &AttachRequest) -> Outcome {
    host.ticket(id, request)
        .map(|_| Exit::Done)
        .map_err(|error| Failure::call("cannot connect", &error))
}
