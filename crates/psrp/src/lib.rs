//! PowerShell remoting ([MS-PSRP]) without its transport.
//!
//! Bytes in, messages and actions out: this crate does no I/O and reads no clock. From the bottom:
//!
//! * [`clixml`]: values and the XML that they travel as;

pub mod clixml;
