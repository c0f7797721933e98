//! Replays what fuzzing found worth keeping.

#[test]
fn every_body_is_a_value_or_a_refusal() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/bodies");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        winsta_host::oracle(&bytes);
        for cut in 0..bytes.len() {
            winsta_host::oracle(&bytes[..cut]);
        }
        count += 1;
    }
    assert!(count >= 10, "the corpus is there");
}
