//! The elements of CLIXML.

macro_rules! tags {
    ($($tag:ident $name:literal)*) => {
        /// An element's name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Tag {
            $($tag,)*
        }

        impl Tag {
            pub(super) fn of(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$tag),)*
                    _ => None,
                }
            }

            pub(super) fn name(self) -> &'static str {
                match self {
                    $(Self::$tag => $name,)*
                }
            }
        }
    };
}

tags! {
    Text "S"
    Nil "Nil"
    Bool "B"
    I32 "I32"
    Object "Obj"
    TypeNames "TN"
    TypeName "T"
    TypeNamesRef "TNRef"
    ToString "ToString"
    Adapted "Props"
    Extended "MS"
    List "LST"
    Dictionary "DCT"
    Entry "En"
    Ref "Ref"
    I64 "I64"
    Version "Version"
    Char "C"
    DateTime "DT"
    Duration "TS"
    U8 "By"
    I8 "SB"
    U16 "U16"
    I16 "I16"
    U32 "U32"
    U64 "U64"
    F32 "Sg"
    F64 "Db"
    Decimal "D"
    Bytes "BA"
    Guid "G"
    Uri "URI"
    Xml "XD"
    Script "SBK"
    Secure "SS"
    Progress "PR"
    Enumerable "IE"
    Stack "STK"
    Queue "QUE"
    Activity "AV"
    ActivityId "AI"
    ParentActivity "PI"
    Percent "PC"
    Seconds "SR"
    Status "SD"
}
