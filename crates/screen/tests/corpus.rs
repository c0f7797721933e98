//! What fuzzing found worth keeping, and what programs print, once more.

#[test]
fn the_corpus_holds() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        winsta_screen::oracle::check(&std::fs::read(entry.unwrap().path()).unwrap());
        files += 1;
    }
    assert!(files > 10, "the corpus in {folder} is gone");
}
