use super::*;

const FROM: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
const LIFE: Duration = Duration::from_secs(60);

fn open(folder: &std::path::Path, life: Duration) -> Trust {
    let place = Place {
        machine: "web01".to_owned(),
        shown: Fingerprint::of(b"host"),
        addresses: vec!["0.0.0.0:7443".parse().unwrap()],
    };
    Trust::open(place, folder.join("trusted.json"), life).unwrap()
}

fn secret(trust: &Trust, user: Option<&str>) -> String {
    let asked = TokenRequest {
        address: None,
        user: user.map(str::to_owned),
    };
    trust.token(&asked).unwrap().0.secret.reveal()
}

#[test]
fn a_token_enrols_one_certificate_once() {
    let folder = tempfile::tempdir().unwrap();
    let trust = open(folder.path(), LIFE);
    let (mine, other) = (Fingerprint::of(b"mine"), Fingerprint::of(b"other"));
    assert_eq!(trust.who(mine), None);
    let token = secret(&trust, None);
    trust.enrol(&token, mine, "laptop", FROM).unwrap();
    assert_eq!(trust.who(mine), Some(Stands::Owner));
    for wrong in [token.as_str(), "", "zz", &"0".repeat(32)] {
        let refused = trust.enrol(wrong, other, "laptop", FROM);
        assert!(matches!(refused, Err(NotEnrolled::Token)), "{wrong}");
    }
    assert_eq!(trust.who(other), None);

    let token = secret(&trust, Some("ann"));
    trust.enrol(&token, other, "robot", FROM).unwrap();
    assert_eq!(trust.who(other), Some(Stands::User("ann".to_owned())));
    // The next host knows them, but no tokens.
    let token = secret(&trust, None);
    let next = open(folder.path(), LIFE);
    assert_eq!(next.who(other), Some(Stands::User("ann".to_owned())));
    assert!(next.enrol(&token, other, "x", FROM).is_err());

    assert_eq!(next.remove(&mine.to_string()).unwrap().name, "laptop");
    assert_eq!(next.who(mine), None);
    for unknown in [mine.to_string(), "x".to_owned()] {
        assert_eq!(next.remove(&unknown).unwrap_err().code, ErrorCode::NotFound);
    }
    assert_eq!(open(folder.path(), LIFE).report().trusted.len(), 1);
}

#[test]
fn what_cannot_be_written_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("tls");
    std::fs::create_dir(&inner).unwrap();
    let trust = open(&inner, LIFE);
    let token = secret(&trust, None);
    let mine = Fingerprint::of(b"mine");
    let bad = trust.enrol(&token, mine, "a\nb", FROM);
    assert!(matches!(bad, Err(NotEnrolled::List(_))));
    std::fs::remove_dir(&inner).unwrap();
    let failed = trust.enrol(&token, mine, "laptop", FROM);
    assert!(matches!(failed, Err(NotEnrolled::List(_))));
    assert_eq!(trust.who(mine), None);
    // The token is still good.
    std::fs::create_dir(&inner).unwrap();
    trust.enrol(&token, mine, "laptop", FROM).unwrap();
}

#[test]
fn tokens_are_few_and_short_lived() {
    let folder = tempfile::tempdir().unwrap();
    let trust = open(folder.path(), Duration::ZERO);
    let token = secret(&trust, None);
    let refused = trust.enrol(&token, Fingerprint::of(b"mine"), "laptop", FROM);
    assert!(matches!(refused, Err(NotEnrolled::Token)));
    let trust = open(folder.path(), LIFE);
    for _ in 0..MAX_TOKENS {
        secret(&trust, None);
    }
    let refused = trust.token(&TokenRequest::default()).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Conflict);
}

#[test]
fn a_token_says_where_the_host_is() {
    let folder = tempfile::tempdir().unwrap();
    let trust = open(folder.path(), LIFE);
    for (asked, place) in [
        (None, "web01:7443"),
        (Some("web01.example.org"), "web01.example.org:7443"),
        (Some("10.0.0.1:1"), "10.0.0.1:1"),
        (Some("::1"), "[::1]:7443"),
    ] {
        let asked = TokenRequest {
            address: asked.map(str::to_owned),
            user: None,
        };
        let (token, _) = trust.token(&asked).unwrap();
        assert_eq!(token.place.to_string(), place);
        assert_eq!(token.fingerprint, Fingerprint::of(b"host"));
    }
    for wrong in ["a b", "", "web01:x"] {
        let asked = TokenRequest {
            address: Some(wrong.to_owned()),
            user: None,
        };
        assert_eq!(trust.token(&asked).unwrap_err().code, ErrorCode::Invalid);
    }
}

#[test]
fn a_list_that_cannot_be_read_is_not_taken_for_empty() {
    let folder = tempfile::tempdir().unwrap();
    let trust = open(folder.path(), LIFE);
    let path = folder.path().join("trusted.json");
    std::fs::write(&path, "[{").unwrap();
    assert!(Trust::open(trust.place, path, LIFE).is_err());
}
