//! The measures, one file each.

mod crash;
mod crowd;
mod echo;
mod lines;
mod reattach;
mod takeover;
mod throughput;

use anyhow::Result;

use super::Scale;
use super::figures::Figures;
use super::material::Material;
use super::peer::Peer;

/// What a measure works with.
pub(crate) struct Setting<'a> {
    /// How much of everything.
    pub(crate) scale: &'a Scale,
    /// What programs print.
    pub(crate) material: &'a Material,
    /// Where results go.
    pub(crate) figures: &'a mut Figures,
}

/// A measure: one run of one peer gives figures for some rows.
pub(crate) struct Measure {
    /// Its name on the command line.
    pub(crate) name: &'static str,
    /// The rows that it fills, all of which fail if it does.
    pub(crate) rows: &'static [&'static str],
    /// Whether it makes sense on a bare terminal.
    pub(crate) raw: bool,
    /// Does it once.
    pub(crate) run: fn(&dyn Peer, &mut Setting) -> Result<()>,
}

/// All measures.
pub(crate) const ALL: &[Measure] = &[
    Measure {
        name: "attached",
        rows: &["attached"],
        raw: true,
        run: throughput::attached,
    },
    Measure {
        name: "detached",
        rows: &["detached"],
        raw: false,
        run: throughput::detached,
    },
    Measure {
        name: "echo",
        rows: &["echo-p50", "echo-p99"],
        raw: true,
        run: echo::echo,
    },
    Measure {
        name: "crowd",
        rows: &["create", "memory", "wakeups", "list"],
        raw: false,
        run: crowd::crowd,
    },
    Measure {
        name: "lines",
        rows: &["lines"],
        raw: false,
        run: lines::lines,
    },
    Measure {
        name: "reattach",
        rows: &["reattach"],
        raw: false,
        run: reattach::reattach,
    },
    Measure {
        name: "takeover",
        rows: &["takeover"],
        raw: false,
        run: takeover::takeover,
    },
    Measure {
        name: "crash",
        rows: &["crash"],
        raw: false,
        run: crash::crash,
    },
];
