//! What tests and benchmarks have from PyPI: one virtual environment for each list.

/// A client of PowerShell remoting.
pub const PYPSRP: &str = "pypsrp==0.9.1";
/// PowerShell remoting without a transport.
pub const PSRPCORE: &str = "psrpcore==0.3.1";

/// Clients of WS-Management.
pub const CLIENTS: &[&str] = &[PYPSRP, "pywinrm==0.5.0"];
/// What PowerShell's console says, and what it says it over.
pub const CONSOLE: &[&str] = &[PYPSRP, PSRPCORE];
/// A client whose streams are compressed.
pub const COMPRESSED: &[&str] = &[PYPSRP, "dissect.util==3.24"];
/// Both sides of PowerShell remoting.
pub const REMOTING: &[&str] = &[PSRPCORE];
/// NTLM as a server does it.
pub const NTLM: &[&str] = &["pyspnego==0.12.4"];
/// The same with Kerberos, whose part in C is compiled: that can take minutes.
pub const KERBEROS: &[&str] = &["pyspnego[kerberos]==0.12.4"];
/// What reads recordings.
pub const YAML: &[&str] = &["pyyaml"];

/// All of them.
pub const ALL: &[&[&str]] = &[CLIENTS, CONSOLE, COMPRESSED, REMOTING, NTLM, KERBEROS, YAML];
