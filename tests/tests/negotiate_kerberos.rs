//! The cmdlets with Kerberos, against MIT's key distribution center and a service that has its keys
//! from there.

use winsta_tests::desk::Ran;
use winsta_tests::kdc::{Kdc, REALM};
use winsta_tests::negotiating::Negotiating;

/// A center and a service, where there are both.
fn both() -> Option<(Kdc, Negotiating)> {
    let kdc = Kdc::new()?;
    let windows = Negotiating::with_keytab(&kdc.keytab())?;
    Some((kdc, windows))
}

/// Runs a script in which `$W` stands for the parameters that lead to the service.
fn bash(kdc: &Kdc, windows: &Negotiating, script: &str) -> Ran {
    windows.bash(&format!(
        "export KRB5_CONFIG={}
        W=\"-ComputerName localhost -Port {} -Credential {REALM}\\\\ann\"
        {script}",
        kdc.config().display(),
        windows.port
    ))
}

#[test]
fn kerberos_opens_sessions_alone_and_within_negotiate() {
    let Some((kdc, windows)) = both() else {
        return;
    };
    for mechanism in ["Kerberos", "Negotiate"] {
        let ran = bash(
            &kdc,
            &windows,
            &format!(
                "s=$(New-PSSession $W -Authentication {mechanism})
                Invoke-Command $s '{{X=7; seq 20000 | tail -1}}'
                Disconnect-PSSession -Session $s > /dev/null
                Connect-PSSession -Session $s > /dev/null
                Invoke-Command $s '{{echo $X}}'
                Remove-PSSession $s"
            ),
        );
        assert_eq!((ran.out.as_str(), ran.err.as_str()), ("20000\n7\n", ""));
    }
    let seen = windows.seen();
    let ins = seen.iter().filter(|line| line.starts_with("in "));
    let is_kerberos = |line: &String| *line == format!("in ann@{REALM} kerberos");
    assert!(
        ins.clone().count() > 1 && ins.clone().all(is_kerberos),
        "{seen:?}"
    );
    assert!(windows.sealed() > 10);
}

#[test]
fn a_password_that_the_center_does_not_take_is_refused() {
    let Some((kdc, windows)) = both() else {
        return;
    };
    for mechanism in ["Kerberos", "Negotiate"] {
        let script = format!(
            "WINSTA_PASSWORD=wrong Invoke-Command $W -Authentication {mechanism} {{echo reached}}
            echo status $?"
        );
        let ran = bash(&kdc, &windows, &script);
        assert_eq!(ran.out, "status 4\n", "{}", ran.err);
        assert!(ran.err.contains("access is denied"), "{}", ran.err);
        assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    }
    assert!(windows.seen().is_empty(), "the service hears nothing of it");
}

#[test]
fn without_a_center_kerberos_fails_and_does_not_become_ntlm() {
    let Some((mut kdc, windows)) = both() else {
        return;
    };
    kdc.end();
    let script = "Invoke-Command $W -Authentication Kerberos {echo reached}; echo status $?";
    let ran = bash(&kdc, &windows, script);
    assert_eq!(ran.out, "status 3\n", "{}", ran.err);
    assert!(ran.err.contains("does not answer"), "{}", ran.err);
    assert!(windows.seen().is_empty(), "the service hears nothing of it");
}
