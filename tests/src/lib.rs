//! What the end-to-end tests share: real processes of the real binary, and patience.

pub mod binary;
pub mod keeper;
pub mod patience;
