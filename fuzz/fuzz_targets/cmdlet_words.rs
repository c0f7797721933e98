#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| winsta_cmdlet::oracle::cmdlet_words(data));
