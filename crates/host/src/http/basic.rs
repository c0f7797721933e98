//! Names and passwords in headers (RFC 7617).

use axum::http::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::users::MAX_PASSWORD;

/// Name and password of a header `Basic …`.
pub(crate) fn credentials(shown: &HeaderValue) -> Option<(String, String)> {
    let text = shown.to_str().ok()?;
    let (scheme, encoded) = text.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") || encoded.len() > 4 * MAX_PASSWORD {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (name, password) = decoded.split_once(':')?;
    (password.len() <= MAX_PASSWORD).then(|| (name.to_owned(), password.to_owned()))
}

/// Whether these are equal, in a time that does not tell where they differ.
pub(crate) fn same(one: &HeaderValue, other: &HeaderValue) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let differ = one
        .iter()
        .zip(other)
        .fold(0, |differ, (a, b)| differ | (a ^ b));
    one.len() == other.len() && differ == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> HeaderValue {
        HeaderValue::from_str(text).unwrap()
    }

    #[test]
    fn headers_are_read() {
        for (text, found) in [
            ("Basic YW5uOnNlY3JldA==", Some(("ann", "secret"))),
            ("basic YTpiOmM=", Some(("a", "b:c"))),
            ("Basic YW5u", None),
            ("Basic %%", None),
            ("Negotiate YW5uOnNlY3JldA==", None),
            ("", None),
        ] {
            let read = credentials(&value(text));
            let read = read
                .as_ref()
                .map(|(name, password)| (name.as_str(), password.as_str()));
            assert_eq!(read, found, "{text}");
        }
    }

    #[test]
    fn headers_are_compared_whole() {
        assert!(same(&value("Basic YQ=="), &value("Basic YQ==")));
        for other in ["Basic YR==", "Basic YQ=", "Basic YQ== ", ""] {
            assert!(!same(&value("Basic YQ=="), &value(other)), "{other}");
        }
    }
}
