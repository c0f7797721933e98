//! Values.

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

use super::{DateTime, Decimal, Duration, Object, ProgressRecord, Properties, Text, Version};

/// A value as CLIXML holds it; each kind names its element ([MS-PSRP] 2.2.5.1).
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `Nil`: nothing.
    Null,
    /// `S`: text.
    Text(Text),
    /// `C`: one code unit of UTF-16.
    Char(u16),
    /// `B`: true or false.
    Bool(bool),
    /// `DT`: a point in time.
    DateTime(DateTime),
    /// `TS`: a span of time.
    Duration(Duration),
    /// `By`: an unsigned byte.
    U8(u8),
    /// `SB`: a signed byte.
    I8(i8),
    /// `U16`.
    U16(u16),
    /// `I16`.
    I16(i16),
    /// `U32`.
    U32(u32),
    /// `I32`: what PowerShell calls `int`.
    I32(i32),
    /// `U64`.
    U64(u64),
    /// `I64`.
    I64(i64),
    /// `Sg`: a floating-point number of 32 bits.
    F32(f32),
    /// `Db`: a floating-point number of 64 bits.
    F64(f64),
    /// `D`: a decimal number.
    Decimal(Decimal),
    /// `BA`: bytes.
    Bytes(Vec<u8>),
    /// `G`: a GUID.
    Guid(Uuid),
    /// `URI`.
    Uri(Text),
    /// `Version`.
    Version(Version),
    /// `XD`: an XML document.
    Xml(Text),
    /// `SBK`: a script block.
    Script(Text),
    /// `SS`: text that is encrypted with the session's key.
    Secure(SecureString),
    /// `PR`: a progress record.
    Progress(Box<ProgressRecord>),
    /// `Obj`: anything else. Objects that occur several times in a document are shared.
    Object(Arc<Object>),
    /// `Ref` to an object that this is inside of: 0 is the innermost.
    Enclosing(u32),
    /// `MS` among properties: a set of members that are looked up by the set's name first.
    Members(Properties),
}

/// Text that is encrypted with the session's key ([MS-PSRP] 2.2.5.1.24). `crypto::SessionKey`
/// reads and makes it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SecureString(pub(crate) Vec<u8>);

impl fmt::Debug for SecureString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecureString(..)")
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::I32(number)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::I64(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::U32(number)
    }
}

impl From<Uuid> for Value {
    fn from(guid: Uuid) -> Self {
        Self::Guid(guid)
    }
}

impl From<Version> for Value {
    fn from(version: Version) -> Self {
        Self::Version(version)
    }
}

impl From<DateTime> for Value {
    fn from(time: DateTime) -> Self {
        Self::DateTime(time)
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Self::Object(Arc::new(object))
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
