//! Values written and read back, a table of documents, and what is refused.

use std::sync::Arc;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn read(document: &str) -> Result<Value, ClixmlErrorKind> {
    decode(document.as_bytes(), &Limits::default()).map_err(|error| error.kind)
}

fn write(value: &Value) -> String {
    String::from_utf8(encode(value)).unwrap()
}

#[test]
fn primitives() {
    let cases: Vec<(&str, Value)> = vec![
        ("<Nil />", Value::Null),
        ("<S></S>", "".into()),
        ("<S> two  blanks </S>", " two  blanks ".into()),
        ("<S>a &lt; b_x000D__x000A_</S>", "a < b\r\n".into()),
        ("<C>97</C>", Value::Char(97)),
        ("<B>true</B>", true.into()),
        ("<B>false</B>", false.into()),
        (
            "<DT>2008-04-11T10:42:32.2731993-07:00</DT>",
            Value::DateTime("2008-04-11T10:42:32.2731993-07:00".parse().unwrap()),
        ),
        (
            "<TS>PT9.0269026S</TS>",
            Value::Duration(Duration(90_269_026)),
        ),
        ("<By>254</By>", Value::U8(254)),
        ("<SB>-127</SB>", Value::I8(-127)),
        ("<U16>65535</U16>", Value::U16(65_535)),
        ("<I16>-32767</I16>", Value::I16(-32_767)),
        ("<U32>4294967295</U32>", Value::U32(u32::MAX)),
        ("<I32>-2147483648</I32>", Value::I32(i32::MIN)),
        ("<U64>18446744073709551615</U64>", Value::U64(u64::MAX)),
        ("<I64>-9223372036854775808</I64>", Value::I64(i64::MIN)),
        ("<Sg>12.34</Sg>", Value::F32(12.34)),
        ("<Db>-INF</Db>", Value::F64(f64::NEG_INFINITY)),
        ("<D>12.340</D>", Value::Decimal("12.340".parse().unwrap())),
        ("<BA>AQIDBA==</BA>", vec![1, 2, 3, 4].into()),
        (
            "<G>792e5b37-4505-47ef-b7d2-8711bb7affa8</G>",
            Uuid::from_u128(0x792e_5b37_4505_47ef_b7d2_8711_bb7a_ffa8).into(),
        ),
        (
            "<URI>http://www.microsoft.com/</URI>",
            Value::Uri("http://www.microsoft.com/".into()),
        ),
        (
            "<Version>6.2.1.3</Version>",
            Value::Version("6.2.1.3".parse().unwrap()),
        ),
        (
            "<XD>&lt;name&gt;x&lt;/name&gt;</XD>",
            Value::Xml("<name>x</name>".into()),
        ),
        (
            "<SBK>get-command -type cmdlet</SBK>",
            Value::Script("get-command -type cmdlet".into()),
        ),
        ("<SS>AAEC</SS>", Value::Secure(SecureString(vec![0, 1, 2]))),
        (
            "<PR><AV>Copy</AV><AI>1</AI><Nil /><PI>-1</PI><PC>50</PC><T>Processing</T>\
             <SR>-1</SR><SD>half</SD></PR>",
            Value::Progress(Box::new(ProgressRecord {
                activity: "Copy".into(),
                activity_id: 1,
                percent_complete: 50,
                status: "half".into(),
                ..ProgressRecord::default()
            })),
        ),
    ];
    for (document, value) in cases {
        assert_eq!(read(document).unwrap(), value, "{document}");
        assert_eq!(write(&value), document);
    }
}

#[test]
fn other_ways_to_write_the_same() {
    let same = [
        "<S>a&amp;b</S>",
        "<S>a&#38;b</S>",
        "<S>a&#x26;b</S>",
        "<S><![CDATA[a&b]]></S>",
        "<?xml version=\"1.0\"?>\n<!-- x --><S>a<!-- y -->&amp;b</S>\n",
        "\u{feff}<S>a&amp;b</S>",
        "<S S='ignored'>a_x0026_b</S>",
    ];
    for document in same {
        assert_eq!(read(document).unwrap(), "a&b".into(), "{document}");
    }
    assert_eq!(read("<S/>").unwrap(), "".into());
    assert_eq!(
        read("<BA>\n AQID\n BA== \n</BA>").unwrap(),
        vec![1, 2, 3, 4].into()
    );
}

/// The order in which Windows writes what belongs to an object.
#[test]
fn an_object_with_everything() {
    let document = "<Obj RefId=\"0\"><TN RefId=\"0\"><T>A.B</T><T>System.Object</T></TN>\
        <ToString>shown</ToString><I32>7</I32><Props><S N=\"P\">p</S></Props>\
        <MS><Nil N=\"_x005F_x\" /><MS N=\"Set\"><I32 N=\"I\">1</I32></MS></MS></Obj>";
    let value = read(document).unwrap();
    assert_eq!(write(&value), document);
    assert_eq!(value.as_i32(), Some(7));
    assert_eq!(value.display().as_deref(), Some("shown"));
    assert_eq!(
        value.property("p").and_then(Value::as_text),
        Some(&"p".into())
    );
    assert_eq!(value.property("_X"), Some(&Value::Null));
    let set = value.property("SET").unwrap();
    assert_eq!(set.property("i").and_then(Value::as_i32), Some(1));
    assert_eq!(value.property("missing"), None);
    let types = value.as_object().unwrap().types.as_ref().unwrap();
    assert_eq!(types.first(), Some("A.B"));
}

#[test]
fn containers() {
    for tag in ["LST", "IE", "STK", "QUE"] {
        let document = format!(
            "<Obj RefId=\"0\"><{tag}><I32>1</I32><Nil /><Obj RefId=\"1\"><{tag} /></Obj></{tag}></Obj>"
        );
        let value = read(&document).unwrap();
        assert_eq!(value.items().unwrap().len(), 3);
        assert_eq!(write(&value), document);
    }
    let document = "<Obj RefId=\"0\"><DCT><En><S N=\"Key\">a</S><I32 N=\"Value\">1</I32></En>\
        <En><I32 N=\"Key\">2</I32><Obj N=\"Value\" RefId=\"1\"><DCT /></Obj></En></DCT></Obj>";
    let value = read(document).unwrap();
    assert_eq!(value.entries().unwrap().len(), 2);
    assert_eq!(write(&value), document);
}

#[test]
fn references_share() {
    let document = "<Obj RefId=\"0\"><LST><Obj RefId=\"1\"><TN RefId=\"0\"><T>X</T></TN>\
        <MS><S N=\"a\">b</S></MS></Obj><Ref RefId=\"1\" /><Obj RefId=\"2\"><TNRef RefId=\"0\" />\
        </Obj></LST></Obj>";
    let value = read(document).unwrap();
    let [
        Value::Object(first),
        Value::Object(second),
        Value::Object(third),
    ] = value.items().unwrap()
    else {
        panic!("{value:?}");
    };
    assert!(Arc::ptr_eq(first, second));
    assert_eq!(first.types, third.types);
    assert_eq!(write(&value), document);
}

#[test]
fn an_object_may_hold_itself() {
    let document = "<Obj RefId=\"0\"><MS><Ref N=\"me\" RefId=\"0\" />\
        <Obj N=\"inner\" RefId=\"1\"><MS><Ref N=\"outer\" RefId=\"0\" /></MS></Obj></MS></Obj>";
    let value = read(document).unwrap();
    assert_eq!(value.property("me"), Some(&Value::Enclosing(0)));
    let inner = value.property("inner").unwrap();
    assert_eq!(inner.property("outer"), Some(&Value::Enclosing(1)));
    assert_eq!(write(&value), document);
    // Taken out of what it spoke of, it speaks of nothing.
    let alone = "<Obj RefId=\"0\"><MS><Nil N=\"outer\" /></MS></Obj>";
    assert_eq!(write(inner), alone);
}

#[test]
fn refused() {
    use ClixmlErrorKind as Kind;
    let refused = |document: &str| read(document).unwrap_err();
    for document in [
        "",
        "<S>",
        "<S></I32>",
        "<S>&lt</S>",
        "<S",
        "<S></S><S></S>",
        "<S></S>x",
        "</S>",
    ] {
        assert!(
            matches!(refused(document), Kind::Xml(_) | Kind::Structure(_)),
            "{document}: {:?}",
            refused(document)
        );
    }
    for document in [
        "<!DOCTYPE S [<!ENTITY a \"b\">]><S>&a;</S>",
        "<S>&a;</S>",
        "<S N=\"&a;\"></S>",
    ] {
        assert!(
            matches!(refused(document), Kind::Entity | Kind::Xml(_)),
            "{document}"
        );
    }
    for document in [
        "<X />",
        "<T>x</T>",
        "<Obj><X /></Obj>",
        "<S><S></S></S>",
        "<Objs />",
    ] {
        assert!(matches!(refused(document), Kind::Element(_)), "{document}");
    }
    for document in [
        "<I32>x</I32>",
        "<I32></I32>",
        "<By>256</By>",
        "<B>yes</B>",
        "<G>1</G>",
        "<BA>!</BA>",
        "<C>97000</C>",
        "<Version>1</Version>",
        "<DT>now</DT>",
        "<TS>1s</TS>",
        "<D>1e5</D>",
        "<Obj RefId=\"x\" />",
        "<Db>1,5</Db>",
        "<PR><AI>x</AI></PR>",
    ] {
        assert!(
            matches!(refused(document), Kind::Content { .. }),
            "{document}"
        );
    }
    for document in [
        "<Ref RefId=\"0\" />",
        "<Obj><TNRef RefId=\"0\" /></Obj>",
        "<Obj RefId=\"0\"><MS><Obj N=\"a\"><TNRef RefId=\"1\" /></Obj></MS></Obj>",
    ] {
        assert!(
            matches!(refused(document), Kind::Reference(_)),
            "{document}"
        );
    }
    for document in [
        "<Obj><MS><S>no name</S></MS></Obj>",
        "<Obj><DCT><En><S N=\"Key\">a</S></En></DCT></Obj>",
        "<Obj><DCT><En><S N=\"Other\">a</S></En></DCT></Obj>",
        "<Obj><I32>1</I32><LST /></Obj>",
        "<Obj>text</Obj>",
        "<Ref />",
        "<S a='' b='' c='' d='' e='' f='' g='' h='' i=''></S>",
    ] {
        assert!(
            matches!(refused(document), Kind::Structure(_)),
            "{document}"
        );
    }
    assert!(matches!(
        decode(b"<S>\xff</S>", &Limits::default()).unwrap_err().kind,
        Kind::NotUtf8
    ));
}

#[test]
fn limits_hold() {
    use ClixmlErrorKind as Kind;
    let limits = Limits {
        bytes: 4_000,
        values: 100,
        depth: 20,
    };
    let kind = |document: &str| decode(document.as_bytes(), &limits).map_err(|error| error.kind);
    let nested = |depth: usize| {
        let open = "<Obj><LST>".repeat(depth);
        format!("{open}<Nil />{}", "</LST></Obj>".repeat(depth))
    };
    assert!(kind(&nested(19)).is_ok());
    assert!(matches!(
        kind(&nested(20)),
        Err(Kind::TooDeep { limit: 20 })
    ));
    let wide = |width: usize| format!("<Obj><LST>{}</LST></Obj>", "<Nil />".repeat(width));
    assert!(kind(&wide(99)).is_ok());
    assert!(matches!(
        kind(&wide(100)),
        Err(Kind::TooMany { limit: 100 })
    ));
    let names = format!("<Obj><TN>{}</TN></Obj>", "<T></T>".repeat(100));
    assert!(matches!(kind(&names), Err(Kind::TooMany { .. })));
    let long = format!("<S>{}</S>", "x".repeat(4_000));
    assert!(matches!(
        kind(&long),
        Err(Kind::TooLong { length: 4_007, .. })
    ));
}

/// Each object holds the one before it ten times: written out it would be a thousand values, read
/// it is counted as if it were.
#[test]
fn references_count_as_what_they_repeat() {
    let limits = |values, depth| Limits {
        values,
        depth,
        ..Limits::default()
    };
    let mut members = "<Obj RefId=\"0\"><LST><Nil /></LST></Obj>".to_owned();
    for number in 1..4 {
        let inner = format!("<Ref RefId=\"{}\" />", number - 1).repeat(10);
        members += &format!("<Obj RefId=\"{number}\"><LST>{inner}</LST></Obj>");
    }
    let document = format!("<Obj><LST>{members}</LST></Obj>");
    let kind = |limits| decode(document.as_bytes(), &limits).map_err(|error| error.kind);
    assert!(kind(limits(4_000, 20)).is_ok());
    assert!(matches!(
        kind(limits(2_000, 20)),
        Err(ClixmlErrorKind::TooMany { .. })
    ));
    // Four lists, the nothing in the innermost, and the list around them all.
    assert!(kind(limits(4_000, 6)).is_ok());
    assert!(matches!(
        kind(limits(4_000, 5)),
        Err(ClixmlErrorKind::TooDeep { .. })
    ));
}

#[test]
fn the_short_way_reads_the_same() {
    for document in [
        "<S></S>",
        "<S>a_x000A_b</S>",
        "<S>é</S>",
        "<S>&lt;&#x41;</S>",
    ] {
        let text = text_of_document(document.as_bytes()).unwrap();
        assert_eq!(Value::Text(text), read(document).unwrap());
    }
    for document in [
        "<S>a</S><S>b</S>",
        "<S>&a;</S>",
        "<S />",
        "<I32>1</I32>",
        "<S>\u{1}",
    ] {
        assert_eq!(text_of_document(document.as_bytes()), None, "{document}");
    }
    assert_eq!(text_of_document(b"<S>\xff</S>"), None);
    let mut out = Vec::new();
    text_document(&mut out, "a\nb");
    assert_eq!(out, encode(&"a\nb".into()));
}

fn text() -> impl Strategy<Value = Text> {
    let units = prop::collection::vec(any::<u16>(), 0..8);
    prop_oneof![
        any::<String>().prop_map(Text::from),
        units.prop_map(|units| Text::from_utf16(&units)),
    ]
}

fn primitive() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        text().prop_map(Value::Text),
        text().prop_map(Value::Script),
        any::<u16>().prop_map(Value::Char),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|ticks| Value::Duration(Duration(ticks))),
        any::<i32>().prop_map(Value::I32),
        any::<u64>().prop_map(Value::U64),
        (-1e300..1e300).prop_map(Value::F64),
        any::<i64>().prop_map(|number| Value::Decimal(number.into())),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(Value::Bytes),
        any::<u128>().prop_map(|number| Value::Guid(Uuid::from_u128(number))),
        any::<u64>().prop_map(|millis| Value::DateTime(DateTime::from_unix_millis(millis))),
        text().prop_map(|activity| {
            Value::Progress(Box::new(ProgressRecord {
                activity,
                ..ProgressRecord::default()
            }))
        }),
    ]
}

fn properties(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Properties> {
    let property = (any::<String>(), value).prop_map(|(name, value)| Property { name, value });
    prop::collection::vec(property, 0..4).prop_map(Properties)
}

pub(crate) fn value() -> impl Strategy<Value = Value> {
    primitive().prop_recursive(4, 40, 5, |inner| {
        let kinds = prop_oneof![
            Just(Sequence::List),
            Just(Sequence::Enumerable),
            Just(Sequence::Stack),
            Just(Sequence::Queue),
        ];
        let items = prop::collection::vec(inner.clone(), 0..5);
        let entries = prop::collection::vec((inner.clone(), inner.clone()), 0..4);
        let base = prop_oneof![
            Just(Base::None),
            inner.clone().prop_map(Base::Value),
            (kinds, items).prop_map(|(kind, items)| Base::Sequence(kind, items)),
            entries.prop_map(Base::Dictionary),
        ];
        let names = prop::collection::vec(any::<String>(), 1..3);
        let types = prop::option::of(names.prop_map(|names| TypeNames(names.into())));
        let shown = prop::option::of(text());
        let object = (
            types,
            shown,
            base,
            properties(inner.clone()),
            properties(inner),
        );
        object.prop_map(|(types, to_string, base, adapted, extended)| {
            Object {
                types,
                to_string,
                base,
                adapted,
                extended,
            }
            .into()
        })
    })
}

proptest! {
    #[test]
    fn every_value_comes_back(value in value()) {
        let document = encode(&value);
        let back = decode(&document, &Limits::default()).unwrap();
        prop_assert_eq!(&back, &value);
        prop_assert_eq!(encode(&back), document);
    }

    #[test]
    fn shared_objects_stay_shared(value in value(), count in 2usize..5) {
        let shared = Value::from(Object::new().with("v", value));
        let list = Value::from(Object::list(vec![shared; count]));
        let document = encode(&list);
        let references = document.windows(4).filter(|part| part == b"<Ref").count();
        prop_assert_eq!(references, count - 1);
        prop_assert_eq!(decode(&document, &Limits::default()).unwrap(), list);
    }
}
