//! The rows of the table, and what Winsta wants to reach in each.

use super::figures::Figures;
use super::peers::{OURS, RAW};

/// A row.
pub(crate) struct Row {
    /// Its name in the figures.
    pub(crate) id: &'static str,
    /// Its name for people.
    pub(crate) title: &'static str,
    /// The unit.
    pub(crate) unit: &'static str,
    /// Whether more is better.
    pub(crate) more: bool,
    /// The goal.
    pub(crate) goal: Goal,
    /// The row whose figures of the others ours are compared with, if not this one's.
    pub(crate) against: Option<&'static str>,
}

/// What to reach.
pub(crate) enum Goal {
    /// This figure.
    Figure(f64),
    /// This share of a peer's figure.
    Share(f64, &'static str),
    /// No goal of its own.
    None,
}

impl Row {
    const fn new(
        id: &'static str,
        title: &'static str,
        unit: &'static str,
        more: bool,
        goal: Goal,
    ) -> Self {
        Self {
            id,
            title,
            unit,
            more,
            goal,
            against: None,
        }
    }

    const fn against(mut self, row: &'static str) -> Self {
        self.against = Some(row);
        self
    }

    /// The row in which the others' figures stand.
    pub(crate) fn others(&self) -> &'static str {
        self.against.unwrap_or(self.id)
    }

    /// The figure to reach, if there is a goal and the peer that it comes from was measured.
    pub(crate) fn target(&self, figures: &Figures) -> Option<f64> {
        match self.goal {
            Goal::Figure(figure) => Some(figure),
            Goal::Share(share, peer) => figures
                .median(self.others(), peer)
                .map(|figure| figure * share),
            Goal::None => None,
        }
    }

    /// Whether our figure reaches the goal.
    pub(crate) fn met(&self, figures: &Figures) -> Option<bool> {
        let (ours, target) = (figures.median(self.id, OURS)?, self.target(figures)?);
        Some(if self.more {
            ours >= target
        } else {
            ours <= target
        })
    }
}

/// All rows, in order.
pub(crate) const ROWS: &[Row] = &[
    Row::new(
        "attached",
        "`cat` of 200 MB, attached",
        "MB/s",
        true,
        Goal::Share(0.95, RAW),
    ),
    Row::new(
        "detached",
        "the same, nobody attached",
        "MB/s",
        true,
        Goal::Share(1.0, "dtach"),
    ),
    Row::new(
        "echo-p50",
        "keystroke echo, median",
        "µs",
        false,
        Goal::Figure(80.0),
    ),
    Row::new(
        "echo-p99",
        "keystroke echo, 99 of 100",
        "µs",
        false,
        Goal::Figure(200.0),
    ),
    Row::new(
        "memory",
        "memory (PSS), 1,000 idle sessions",
        "MB",
        false,
        Goal::None,
    ),
    Row::new(
        "memory-keeper",
        "… of which keeper",
        "MB",
        false,
        Goal::Share(1.0, "tmux"),
    )
    .against("memory"),
    Row::new(
        "memory-keeper-files",
        "… and in the keeper's memory files",
        "MB",
        false,
        Goal::None,
    ),
    Row::new(
        "memory-host",
        "… of which host",
        "MB",
        false,
        Goal::Figure(8.0),
    ),
    Row::new(
        "wakeups",
        "wake-ups in 10 s, 1,000 idle sessions",
        "",
        false,
        Goal::Figure(0.0),
    ),
    Row::new(
        "lines",
        "memory a session after 10,000 lines",
        "MB",
        false,
        Goal::Figure(1.0),
    ),
    Row::new(
        "list",
        "list 1,000 sessions, whole process",
        "ms",
        false,
        Goal::Figure(3.0),
    ),
    Row::new(
        "create",
        "create 1,000 sessions one after another",
        "s",
        false,
        Goal::Share(1.0, "dtach"),
    ),
    Row::new(
        "reattach",
        "reattach after 50,000 lines until painted",
        "ms",
        false,
        Goal::Figure(3.0),
    ),
    Row::new(
        "takeover",
        "take over from a hung client",
        "ms",
        false,
        Goal::Figure(20.0),
    ),
    Row::new(
        "crash",
        "sessions of 10 lost by SIGKILL of a server",
        "",
        false,
        Goal::None,
    ),
    Row::new(
        "crash-host",
        "… of Winsta's host",
        "",
        false,
        Goal::Figure(0.0),
    )
    .against("crash"),
    Row::new(
        "crash-keeper",
        "… of Winsta's keeper",
        "",
        false,
        Goal::Figure(0.0),
    )
    .against("crash"),
    Row::new(
        "crash-host-and-keeper",
        "… of both at once",
        "",
        false,
        Goal::None,
    )
    .against("crash"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goals_come_from_figures_or_peers() {
        let mut figures = Figures::default();
        figures.add("detached", "dtach", 90.0);
        figures.add("detached", OURS, 95.0);
        figures.add("memory", "tmux", 8.0);
        figures.add("memory-keeper", OURS, 9.0);
        figures.add("list", OURS, 3.0);
        let met = |id: &str| ROWS.iter().find(|row| row.id == id).unwrap().met(&figures);
        assert_eq!(met("detached"), Some(true));
        assert_eq!(met("memory-keeper"), Some(false));
        assert_eq!(met("list"), Some(true));
        assert_eq!(met("attached"), None);
    }
}
