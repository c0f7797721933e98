//! Values into CLIXML.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::escape::{write_str, write_text};
use super::{Base, Object, ProgressRecord, Properties, Sequence, Text, TypeNames, Value, float};

/// The document that holds `value`, in UTF-8 without a declaration.
pub fn encode(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    encode_into(&mut out, value);
    out
}

/// Appends the document that holds `value`.
pub fn encode_into(out: &mut Vec<u8>, value: &Value) {
    let mut encoder = Encoder {
        out,
        objects: HashMap::new(),
        next_object: 0,
        types: HashMap::new(),
        around: Vec::new(),
    };
    encoder.value(value, None);
}

/// Appends the document that holds nothing but `text`.
pub(crate) fn text_document(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(b"<S>");
    write_str(out, text);
    out.extend_from_slice(b"</S>");
}

struct Encoder<'a> {
    out: &'a mut Vec<u8>,
    /// Objects that were written, by their address, and their numbers. The value that is encoded
    /// is borrowed all the while, so that no address is used for another object.
    objects: HashMap<*const Object, u32>,
    next_object: u32,
    types: HashMap<TypeNames, usize>,
    /// Numbers of the objects that are being written, the innermost last.
    around: Vec<u32>,
}

impl Encoder<'_> {
    fn value(&mut self, value: &Value, name: Option<&str>) {
        match value {
            Value::Null => self.empty("Nil", name),
            Value::Text(text) => self.text("S", name, text),
            Value::Uri(text) => self.text("URI", name, text),
            Value::Xml(text) => self.text("XD", name, text),
            Value::Script(text) => self.text("SBK", name, text),
            Value::Char(unit) => self.shown("C", name, unit),
            Value::Bool(value) => self.shown("B", name, value),
            Value::DateTime(time) => self.shown("DT", name, time),
            Value::Duration(span) => self.shown("TS", name, span),
            Value::U8(number) => self.shown("By", name, number),
            Value::I8(number) => self.shown("SB", name, number),
            Value::U16(number) => self.shown("U16", name, number),
            Value::I16(number) => self.shown("I16", name, number),
            Value::U32(number) => self.shown("U32", name, number),
            Value::I32(number) => self.shown("I32", name, number),
            Value::U64(number) => self.shown("U64", name, number),
            Value::I64(number) => self.shown("I64", name, number),
            Value::F32(number) => self.shown("Sg", name, &float::write_f32(*number)),
            Value::F64(number) => self.shown("Db", name, &float::write_f64(*number)),
            Value::Decimal(number) => self.shown("D", name, number),
            Value::Bytes(bytes) => self.base64("BA", name, bytes),
            Value::Guid(guid) => self.shown("G", name, guid),
            Value::Version(version) => self.shown("Version", name, version),
            Value::Secure(secure) => self.base64("SS", name, &secure.0),
            Value::Progress(record) => self.progress(record, name),
            Value::Object(object) => self.object(object, name),
            Value::Enclosing(out) => self.enclosing(*out, name),
            Value::Members(members) => {
                self.start("MS", name);
                self.properties(members);
                self.end("MS");
            }
        }
    }

    fn object(&mut self, object: &Arc<Object>, name: Option<&str>) {
        let address = Arc::as_ptr(object);
        // Only what is held several times can have been written before.
        let shared = Arc::strong_count(object) > 1;
        if shared && let Some(number) = self.objects.get(&address) {
            return self.reference(*number, name);
        }
        let number = self.next_object;
        self.next_object += 1;
        if shared {
            self.objects.insert(address, number);
        }
        self.open("Obj", name);
        let _ = write!(self.out, " RefId=\"{number}\">");
        self.around.push(number);
        self.type_names(object.types.as_ref());
        if let Some(text) = &object.to_string {
            self.text("ToString", None, text);
        }
        self.base(&object.base);
        for (tag, properties) in [("Props", &object.adapted), ("MS", &object.extended)] {
            if !properties.0.is_empty() {
                self.start(tag, None);
                self.properties(properties);
                self.end(tag);
            }
        }
        self.around.pop();
        self.end("Obj");
    }

    fn type_names(&mut self, types: Option<&TypeNames>) {
        let Some(types) = types else {
            return;
        };
        if let Some(number) = self.types.get(types) {
            let _ = write!(self.out, "<TNRef RefId=\"{number}\" />");
            return;
        }
        let number = self.types.len();
        self.types.insert(types.clone(), number);
        let _ = write!(self.out, "<TN RefId=\"{number}\">");
        for name in types.0.iter() {
            self.start("T", None);
            write_str(self.out, name);
            self.end("T");
        }
        self.end("TN");
    }

    fn base(&mut self, base: &Base) {
        match base {
            Base::None => {}
            Base::Value(value) => self.value(value, None),
            Base::Sequence(kind, items) => {
                let tag = match kind {
                    Sequence::List => "LST",
                    Sequence::Enumerable => "IE",
                    Sequence::Stack => "STK",
                    Sequence::Queue => "QUE",
                };
                if items.is_empty() {
                    return self.empty(tag, None);
                }
                self.start(tag, None);
                for item in items {
                    self.value(item, None);
                }
                self.end(tag);
            }
            Base::Dictionary(entries) if entries.is_empty() => self.empty("DCT", None),
            Base::Dictionary(entries) => {
                self.start("DCT", None);
                for (key, value) in entries {
                    self.start("En", None);
                    self.value(key, Some("Key"));
                    self.value(value, Some("Value"));
                    self.end("En");
                }
                self.end("DCT");
            }
        }
    }

    fn properties(&mut self, properties: &Properties) {
        for property in properties {
            self.value(&property.value, Some(&property.name));
        }
    }

    fn enclosing(&mut self, out: u32, name: Option<&str>) {
        let mut around = self.around.iter().rev();
        let number = usize::try_from(out).ok().and_then(|out| around.nth(out));
        match number.copied() {
            Some(number) => self.reference(number, name),
            // It was taken out of the object that it spoke of.
            None => self.empty("Nil", name),
        }
    }

    fn reference(&mut self, number: u32, name: Option<&str>) {
        self.open("Ref", name);
        let _ = write!(self.out, " RefId=\"{number}\" />");
    }

    fn progress(&mut self, record: &ProgressRecord, name: Option<&str>) {
        self.start("PR", name);
        self.text("AV", None, &record.activity);
        self.shown("AI", None, &record.activity_id);
        match &record.current_operation {
            Some(operation) => self.text("S", None, operation),
            None => self.empty("Nil", None),
        }
        self.shown("PI", None, &record.parent_activity_id);
        self.shown("PC", None, &record.percent_complete);
        self.text("T", None, &record.record_type);
        self.shown("SR", None, &record.seconds_remaining);
        self.text("SD", None, &record.status);
        self.end("PR");
    }

    fn text(&mut self, tag: &str, name: Option<&str>, text: &Text) {
        self.start(tag, name);
        write_text(self.out, text);
        self.end(tag);
    }

    /// Writes what shows without a character that needs an escape.
    fn shown(&mut self, tag: &str, name: Option<&str>, value: &dyn std::fmt::Display) {
        self.start(tag, name);
        // Writing to memory does not fail.
        let _ = write!(self.out, "{value}");
        self.end(tag);
    }

    fn base64(&mut self, tag: &str, name: Option<&str>, bytes: &[u8]) {
        self.start(tag, name);
        self.out
            .extend_from_slice(STANDARD.encode(bytes).as_bytes());
        self.end(tag);
    }

    fn empty(&mut self, tag: &str, name: Option<&str>) {
        self.open(tag, name);
        self.out.extend_from_slice(b" />");
    }

    fn start(&mut self, tag: &str, name: Option<&str>) {
        self.open(tag, name);
        self.out.push(b'>');
    }

    fn open(&mut self, tag: &str, name: Option<&str>) {
        self.out.push(b'<');
        self.out.extend_from_slice(tag.as_bytes());
        if let Some(name) = name {
            self.out.extend_from_slice(b" N=\"");
            write_str(self.out, name);
            self.out.push(b'"');
        }
    }

    fn end(&mut self, tag: &str) {
        self.out.extend_from_slice(b"</");
        self.out.extend_from_slice(tag.as_bytes());
        self.out.push(b'>');
    }
}
