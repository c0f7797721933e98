//! Clients of WS-Management over TLS: pywinrm and pypsrp, with passwords and with certificates.

use winsta_python::{Python, packages};
use winsta_tests::desk::Desk;
use winsta_tests::published::{Published, identity};

/// The clients; says why and gives nothing where there are none.
fn clients() -> Option<Python> {
    match Python::with(packages::CLIENTS) {
        Ok(python) => Some(python),
        Err(missing) => {
            println!("skipped: {missing}");
            None
        }
    }
}

fn talk(python: &Python, published: &Published, program: &str, arguments: &[&str]) {
    let port = published.port.to_string();
    let words = [&[port.as_str()], arguments].concat();
    if let Err(error) = python.run(program, &words) {
        panic!("{error}");
    }
}

#[test]
fn passwords_let_in_within_tls() {
    let Some(python) = clients() else { return };
    let published = Published::new();
    let certificate = published.certificate().display().to_string();
    talk(
        &python,
        &published,
        include_str!("tls/passwords.py"),
        &[&certificate],
    );
}

#[test]
fn certificates_stand_for_users() {
    let Some(python) = clients() else { return };
    let published = Published::new();
    let owner = published.enrolled(&[]);
    let ann = published.enrolled(&["--user", "ann"]);
    let (elsewhere, stranger) = (Published::new(), Desk::new());
    stranger.run(&["trust", &elsewhere.token(&[])]).done();
    let keys = [&owner, &ann, &stranger].map(identity);
    let keys = keys.each_ref().map(String::as_str);
    talk(
        &python,
        &published,
        include_str!("tls/certificates.py"),
        &keys,
    );
}

#[test]
fn a_host_shows_the_certificate_that_it_is_given() {
    let Some(python) = clients() else { return };
    // Any certificate will do: here that of another host.
    let other = Published::new();
    let folder = other.desk.folder().join("state/tls");
    let (certificate, key) = (other.certificate(), folder.join("host.pem"));
    let config = format!(
        "[tls]\ncertificate = \"{}\"\nkey = \"{}\"\n",
        certificate.display(),
        key.display()
    );
    let published = Published::with_config(&config);
    assert_eq!(published.fingerprint(), other.fingerprint());
    let certificate = certificate.display().to_string();
    talk(
        &python,
        &published,
        include_str!("tls/passwords.py"),
        &[&certificate],
    );
}
