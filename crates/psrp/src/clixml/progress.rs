//! Progress records as they stand in CLIXML.

use super::Text;

/// How far an activity is, as an element `PR` says it ([MS-PSRP] 2.2.5.1.26).
///
/// The message `PROGRESS_RECORD` says the same with an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgressRecord {
    /// `AV`: what is done.
    pub activity: Text,
    /// `AI`: its number among activities.
    pub activity_id: i32,
    /// `S`: the step that is under way.
    pub current_operation: Option<Text>,
    /// `PI`: the number of the activity that it is part of, or -1.
    pub parent_activity_id: i32,
    /// `PC`: how much is done, in percent, or -1.
    pub percent_complete: i32,
    /// `T`: `Processing` or `Completed`.
    pub record_type: Text,
    /// `SR`: how long it still takes, in seconds, or -1.
    pub seconds_remaining: i32,
    /// `SD`: how it stands.
    pub status: Text,
}

impl Default for ProgressRecord {
    fn default() -> Self {
        Self {
            activity: "".into(),
            activity_id: 0,
            current_operation: None,
            parent_activity_id: -1,
            percent_complete: -1,
            record_type: "Processing".into(),
            seconds_remaining: -1,
            status: "".into(),
        }
    }
}
