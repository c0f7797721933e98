//! What holds for any bytes a service may send: functions that panic if it does not.
//!
//! Fuzz targets call them with bytes of the fuzzer, and a test with those in `corpus/`.

use crate::negotiate::sealed::Sealed;

/// A sealed body that is read is written and read as the same. The first line is its type.
///
/// # Panics
///
/// If that does not hold.
pub fn sealed_bodies(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n');
    let Some((kind, rest)) = end.and_then(|end| data.split_at_checked(end)) else {
        return;
    };
    let body = rest.get(1..).unwrap_or_default();
    if let Ok(sealed) = Sealed::parse(&String::from_utf8_lossy(kind), body) {
        let written = sealed.to_bytes();
        let again = Sealed::parse(&sealed.protocol.content_type(), &written);
        assert_eq!(again, Ok(sealed));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_corpus_of_sealed_bodies() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/sealed");
        let mut read = 0;
        for file in fs::read_dir(folder).expect("a folder") {
            let data = fs::read(file.expect("a file").path()).expect("a file");
            sealed_bodies(&data);
            read += 1;
        }
        assert!(read >= 6, "only {read} in the corpus");
    }

    proptest! {
        #[test]
        fn any_bytes(data in proptest::collection::vec(any::<u8>(), 0..512)) {
            sealed_bodies(&data);
        }
    }
}
