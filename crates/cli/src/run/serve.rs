//! `host run` and `keeper`: this program in its other roles.

use crate::report::{Failure, Outcome};

pub(crate) fn host(_daemon: bool) -> Outcome {
    Err(Failure::usage("not wired"))
}
