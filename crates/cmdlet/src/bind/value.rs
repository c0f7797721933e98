//! Values of parameters.

use crate::Guid;
use crate::object::{JobObject, Object, OptionObject, SessionObject};

/// A value, of the type that its parameter has in the table. Kinds in the plural give the forms
/// in the plural, also for one value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Of a switch or a truth.
    Switch(bool),
    /// A text, path, credential, address, date, version, language or word of a choice; a word is
    /// written as the table has it.
    Text(String),
    /// Texts or addresses.
    Texts(Vec<String>),
    /// A whole number.
    Int(i32),
    /// Whole numbers.
    Ints(Vec<i32>),
    /// A number.
    Double(f64),
    /// A GUID.
    Guid(Guid),
    /// GUIDs.
    Guids(Vec<Guid>),
    /// A session, or several.
    Sessions(Vec<SessionObject>),
    /// A job, or several.
    Jobs(Vec<JobObject>),
    /// Options.
    Options(OptionObject),
    /// Commands, without the braces around them.
    Script(String),
    /// Names and their values.
    Table(Vec<(String, String)>),
    /// An object from a pipe.
    Object(Object),
}
