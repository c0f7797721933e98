//! What holds for any text a peer may send: functions that panic if it does not.
//!
//! Fuzz targets call them with bytes of the fuzzer, and a test with those in `corpus/`.

use crate::charset::Charset;
use crate::xml::{self, Limits};
use crate::{Reply, Request, xpress};

/// A document that is read is written and read as the same; so are requests and replies.
///
/// # Panics
///
/// If that does not hold.
pub fn envelopes(data: &[u8]) {
    let Ok(text) = Charset::Utf8.decode(data) else {
        return;
    };
    if let Ok(document) = xml::parse(&text, Limits::default()) {
        let written = xml::write(&document);
        assert_eq!(
            xml::parse(&written, Limits::default()),
            Ok(document),
            "{written}"
        );
    }
    if let Ok(request) = Request::parse(&text) {
        let written = request.to_text();
        assert_eq!(Request::parse(&written).ok(), Some(request), "{written}");
    }
    if let Ok(reply) = Reply::parse(&text) {
        let written = reply.to_text();
        assert_eq!(Reply::parse(&written).ok(), Some(reply), "{written}");
    }
}

/// What compressed streams stand for is bounded, and comes back when it is compressed; so do any bytes.
///
/// # Panics
///
/// If that does not hold.
pub fn streams(data: &[u8]) {
    const MOST: usize = 1 << 18;
    if let Ok(bytes) = xpress::decompress(data, MOST) {
        assert!(bytes.len() <= MOST);
        assert_eq!(
            xpress::decompress(&xpress::compress(&bytes), MOST),
            Ok(bytes)
        );
    }
    let packed = xpress::compress(data);
    assert_eq!(xpress::decompress(&packed, data.len()).as_deref(), Ok(data));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_corpus_of_envelopes() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/envelopes");
        let mut read = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            envelopes(&bytes);
            let text = String::from_utf8(bytes).unwrap();
            read += usize::from(Request::parse(&text).is_ok() || Reply::parse(&text).is_ok());
        }
        assert!(read >= 10, "only {read} of the corpus are understood");
    }

    #[test]
    fn the_corpus_of_streams() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/streams");
        let mut read = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            streams(&bytes);
            read += usize::from(xpress::decompress(&bytes, 1 << 20).is_ok());
        }
        assert!(read >= 4, "only {read} of the corpus can be read");
    }

    proptest! {
        #[test]
        fn any_bytes(data in proptest::collection::vec(any::<u8>(), 0..512)) {
            envelopes(&data);
            streams(&data);
        }

        #[test]
        fn any_markup(parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "<a>", "</a>", "<b c='d'>", "</b>", "<e/>", "text", "&amp;", "&#13;", "<![CDATA[x]]>",
                "<s:Body xmlns:s='urn:x'>", "</s:Body>", "<p xmlns='urn:y'/>", " ", "<!-- c -->",
                "<q xmlns='http://schemas.microsoft.com/powershell'>", "</q>", "<q xmlns=''>",
            ]),
            0..24,
        )) {
            envelopes(parts.concat().as_bytes());
        }
    }
}
