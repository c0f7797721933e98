//! The host's side of the keeper's control connection.

pub(crate) mod conn;
pub(crate) mod driver;
pub(crate) mod launch;
pub(crate) mod ledger;
pub(crate) mod orphans;
pub(crate) mod port;
pub(crate) mod rescue;
pub(crate) mod ring;
pub(crate) mod sink;
pub(crate) mod thread;
pub(crate) mod units;
