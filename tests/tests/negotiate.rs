//! The cmdlets with `-Authentication Negotiate` and NTLM, against pyspnego's side of a server, which
//! leads to a real host: what goes out is sealed, and what does not fit is refused.

use winsta_tests::desk::{Desk, lines};
use winsta_tests::negotiating::Negotiating;

#[test]
fn sessions_live_behind_ntlm_with_sealed_bodies() {
    let Some(windows) = Negotiating::that("sound") else {
        return;
    };
    let ran = windows.bash(
        "s=$(New-PSSession $W -Name Work)
        $s.Runspace.ConnectionInfo.AuthenticationMechanism
        Invoke-Command $s '{X=7; seq 20000 | tail -1}'
        Disconnect-PSSession -Session $s | Format-Table State
        Get-PSSession $W -Name Work | Format-Table State
        Connect-PSSession -Session $s | Format-Table State
        Invoke-Command $s '{echo $X; seq 30000}' | wc -l
        Disconnect-PSSession -Session $s | Format-Table State
        Receive-PSSession -Session $s
        Remove-PSSession -Session $s
        Get-PSSession $W",
    );
    let said = lines(&ran.out);
    assert_eq!(
        said,
        [
            "Negotiate",
            "20000",
            "State",
            "-----",
            "Disconnected",
            "State",
            "-----",
            "Disconnected",
            "State",
            "-----",
            "Opened",
            "30001",
            "State",
            "-----",
            "Disconnected",
        ],
        "{}",
        ran.err
    );
    assert_eq!(ran.err, "");
    assert!(windows.sealed() > 10);
    assert!(windows.seen().contains(&"in LAB\\ann ntlm".to_owned()));
}

#[test]
fn a_session_that_was_passed_on_is_reached_in_the_same_way() {
    let Some(windows) = Negotiating::that("sound") else {
        return;
    };
    let object = windows.bash("New-PSSession $W -Name Left").done();
    let object = object.trim();
    let ran = windows.bash(&format!(
        "Invoke-Command '{object}' {{X=8}}; Disconnect-PSSession -Name Left > /dev/null"
    ));
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("", ""));
    let before = windows.sealed();
    let other = Desk::new();
    let ran = other.bash(&format!(
        "export WINSTA_PASSWORD=secret
        s=$(Connect-PSSession -Session '{object}')
        Invoke-Command $s '{{echo $X}}'
        Remove-PSSession $s"
    ));
    other.kill_agent();
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("8\n", ""));
    assert!(windows.sealed() > before);
}

#[test]
fn users_are_named_in_either_form() {
    let Some(windows) = Negotiating::that("sound") else {
        return;
    };
    let uri = format!("http://127.0.0.1:{}/wsman", windows.port);
    for user in ["LAB\\ann", "ann@lab.example"] {
        let ran = windows.bash(&format!(
            "Invoke-Command -ConnectionUri {uri} -Authentication negotiate -Credential '{user}' \
             {{echo reached}}"
        ));
        assert_eq!(
            (ran.out.as_str(), ran.err.as_str()),
            ("reached\n", ""),
            "{user}"
        );
        let is_in = format!("in {user} ntlm");
        assert!(windows.seen().contains(&is_in), "{:?}", windows.seen());
    }
}

#[test]
fn a_wrong_password_is_refused_in_one_line() {
    let Some(windows) = Negotiating::that("sound") else {
        return;
    };
    let ran =
        windows.bash("WINSTA_PASSWORD=wrong Invoke-Command $W {echo reached}; echo status $?");
    assert_eq!(ran.out, "status 4\n", "{}", ran.err);
    assert!(ran.err.contains("access is denied"), "{}", ran.err);
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    assert!(!ran.err.contains("wrong "), "{}", ran.err);
    assert_eq!(windows.sealed(), 0);
}

#[test]
fn services_that_do_not_keep_to_it_are_refused() {
    let cases = [
        ("basic", "it does not offer Negotiate, but Basic", false),
        ("open", "it does not prove who it is", false),
        ("unproven", "it does not prove who it is", false),
        ("cuts", "the connection ended without an answer", false),
        (
            "closes",
            "it closes the connection while one logs on",
            false,
        ),
        ("clear", "its answer is not taken: it is not sealed", true),
        (
            "corrupt",
            "its answer is not taken: the signature does not fit",
            true,
        ),
        ("longer", "it holds something else than what it says", true),
    ];
    for (manner, why, sealed) in cases {
        let Some(windows) = Negotiating::that(manner) else {
            return;
        };
        let ran = windows.bash("Invoke-Command $W {echo reached}; echo status $?");
        assert!(ran.out.starts_with("status "), "{manner}: {}", ran.out);
        assert!(!ran.out.contains("status 0"), "{manner}");
        assert!(ran.err.contains(why), "{manner}: {}", ran.err);
        assert_eq!(ran.err.lines().count(), 1, "{manner}: {}", ran.err);
        assert_eq!(windows.sealed() > 0, sealed, "{manner}");
    }
}

#[test]
fn a_service_that_forgets_a_connection_is_told_again() {
    let Some(windows) = Negotiating::that("forgets") else {
        return;
    };
    let ran = windows.bash("Invoke-Command $W {echo reached}");
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("reached\n", ""));
    assert!(windows.seen().contains(&"forgotten".to_owned()));
}

#[test]
fn what_there_is_not_is_refused_before_anything_is_sent() {
    let desk = Desk::new();
    for mechanism in ["Credssp", "Digest", "NegotiateWithImplicitCredential"] {
        let ran = desk.bash(&format!(
            "WINSTA_PASSWORD=secret New-PSSession -ComputerName srv1 -Credential ann \
             -Authentication {mechanism}; echo status $?"
        ));
        assert_eq!(ran.out, "status 2\n", "{}", ran.err);
        let why = format!("-Authentication {mechanism} is not there");
        assert!(ran.err.contains(&why), "{}", ran.err);
        assert!(
            ran.err.contains("Default, Basic, Negotiate, Kerberos"),
            "{}",
            ran.err
        );
    }
    let ran =
        desk.bash("New-PSSession -ComputerName srv1 -Authentication Negotiate; echo status $?");
    assert_eq!(ran.out, "status 2\n", "{}", ran.err);
    assert!(ran.err.contains("needs a -Credential"), "{}", ran.err);
}

#[test]
fn within_tls_logons_name_the_certificate_and_bodies_are_not_sealed_once_more() {
    for hash in ["sha256", "sha384"] {
        let Some(windows) = Negotiating::in_tls("sound", hash) else {
            return;
        };
        let ran = windows.bash(
            "o=$(New-PSSessionOption -SkipCACheck)
            Invoke-Command $W -UseSSL -SessionOption $o {echo reached}
            WINSTA_PASSWORD=wrong Invoke-Command $W -UseSSL -SessionOption $o {echo reached}",
        );
        assert_eq!(ran.out, "reached\n", "{hash}: {}", ran.err);
        assert!(ran.err.contains("access is denied"), "{}", ran.err);
        assert_eq!(windows.sealed(), 0);
        assert!(windows.seen().contains(&"in LAB\\ann ntlm".to_owned()));
    }
}

#[test]
fn a_logon_that_was_passed_on_from_another_certificate_is_of_no_use() {
    let Some(windows) = Negotiating::in_tls("other", "sha256") else {
        return;
    };
    let ran = windows.bash(
        "o=$(New-PSSessionOption -SkipCACheck)
        Invoke-Command $W -UseSSL -SessionOption $o {echo reached}",
    );
    assert_eq!(ran.out, "");
    assert!(ran.err.contains("access is denied"), "{}", ran.err);
    let seen = windows.seen();
    assert!(
        seen.contains(&"refused BadBindingsError".to_owned()),
        "{seen:?}"
    );
}

#[test]
fn basic_stays_on_this_machine() {
    let desk = Desk::new();
    let ran = desk.bash(
        "WINSTA_PASSWORD=secret Invoke-Command -ConnectionUri http://192.0.2.1:5985/wsman \
         -Credential ann -Authentication Basic {echo reached}; echo status $?",
    );
    assert_eq!(ran.out, "status 3\n", "{}", ran.err);
    assert!(
        ran.err.contains("plain HTTP is for this machine alone"),
        "{}",
        ran.err
    );
}
