//! What holds for any bytes that another machine may send: functions that panic if it does not.

use crate::ssh::plain::Report;

/// A report of a machine without winsta is read or refused, and no session is in it twice.
///
/// # Panics
///
/// If that does not hold.
pub fn plain(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(report) = Report::parse(text) {
        let ids: Vec<u32> = report
            .sessions
            .iter()
            .map(|found| found.session.id)
            .collect();
        assert!(ids.is_sorted_by(|one, next| one < next), "{ids:?}");
        let known = |id: u32| ids.contains(&id);
        assert!(report.processes.iter().all(|process| known(process.id)));
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_corpus() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/plain");
        let mut files = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            super::plain(&std::fs::read(entry.unwrap().path()).unwrap());
            files += 1;
        }
        assert!(files > 2, "the corpus in {folder} is gone");
    }
}
