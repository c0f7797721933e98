#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| winsta_psrp::oracle::packets(data));
