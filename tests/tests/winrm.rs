//! `winrm-rs` and `psrp-rs`, clients in Rust by other people, against the real host.

use std::process::Command;

use winsta_tests::remote::Remote;
use winsta_tests::rust_peer;

#[test]
fn winrm_rs_and_psrp_rs_are_served() {
    let program = match rust_peer::build("winrm", "winsta-winrm-peer") {
        Ok(program) => program,
        Err(missing) => return println!("skipped: {missing}"),
    };
    let remote = Remote::plain("");
    let said = Command::new(program).arg(remote.port.to_string()).output();
    let said = said.expect("it was built");
    let errors = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{errors}\n{}", remote.log());
    print!("{}", String::from_utf8_lossy(&said.stdout));
}
