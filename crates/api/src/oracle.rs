//! What holds for any body that a client or a host may send: a function that panics if it does
//! not. A fuzz target calls it, and a test with the bodies in `corpus/`.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{
    ApiError, AttachRequest, AttachTicket, Change, ConfigurationSettings, EndReport, EndRequest,
    Enrolment, HostStatus, LabelRequest, Message, NewConfiguration, NewSession, Session,
    SessionConfiguration, SizeRequest, SwitchRequest, TokenRequest, TrustReport, Upgrade, Warning,
};

/// A body is refused, or it is a value that writes and reads as itself. The first byte says
/// which kind of body the others are.
///
/// # Panics
///
/// If that does not hold.
pub fn bodies(data: &[u8]) {
    let _ = understood(data);
}

/// Whether the body is one of its kind.
///
/// # Panics
///
/// If it is, and does not write and read as itself.
fn understood(data: &[u8]) -> bool {
    let Some((kind, body)) = data.split_first() else {
        return false;
    };
    match kind {
        b'n' => comes_back::<NewSession>(body),
        b'a' => comes_back::<AttachRequest>(body),
        b'e' => comes_back::<EndRequest>(body),
        b'm' => comes_back::<Message>(body),
        b'l' => comes_back::<LabelRequest>(body),
        b'z' => comes_back::<SizeRequest>(body),
        b's' => comes_back::<SwitchRequest>(body),
        b'u' => comes_back::<Upgrade>(body),
        b't' => comes_back::<TokenRequest>(body),
        b'b' => comes_back::<Enrolment>(body),
        b'K' => comes_back::<TrustReport>(body),
        b'S' => comes_back::<Vec<Session>>(body),
        b'H' => comes_back::<HostStatus>(body),
        b'T' => comes_back::<AttachTicket>(body),
        b'R' => comes_back::<EndReport>(body),
        b'W' => comes_back::<Vec<Warning>>(body),
        b'C' => comes_back::<Change>(body),
        b'c' => comes_back::<NewConfiguration>(body),
        b'p' => comes_back::<ConfigurationSettings>(body),
        b'P' => comes_back::<Vec<SessionConfiguration>>(body),
        b'E' => comes_back::<ApiError>(body),
        _ => false,
    }
}

fn comes_back<T: Serialize + DeserializeOwned + Debug + PartialEq>(body: &[u8]) -> bool {
    let Ok(value) = serde_json::from_slice::<T>(body) else {
        return false;
    };
    let text = serde_json::to_vec(&value);
    let again = text
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok());
    assert_eq!(again, Some(value));
    true
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_corpus() {
        let folder = format!("{}/corpus", env!("CARGO_MANIFEST_DIR"));
        let mut kinds = BTreeSet::new();
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let data = std::fs::read(&path).unwrap();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            assert_eq!(understood(&data), !name.starts_with("bad-"), "{name}");
            kinds.extend(data.first().copied());
        }
        assert!(kinds.len() >= 18, "kinds of bodies are missing: {kinds:?}");
    }

    proptest! {
        #[test]
        fn any_bytes(data in prop::collection::vec(any::<u8>(), 0..400)) {
            bodies(&data);
        }
    }
}
