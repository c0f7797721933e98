//! When two screens are the same.

use crate::grid::Grid;
use crate::model::Model;
use crate::names::Link;
use crate::screen::Screen;
use crate::style::Style;

/// A style with what its link's number stands for.
fn resolve(model: &Model, style: Style) -> (Style, Option<&Link>) {
    (
        style.unlinked(),
        model.links.get(style.link).filter(|_| style.link != 0),
    )
}

fn same_grids((a, b): (&Model, &Model), (ours, theirs): (&Grid, &Grid)) -> bool {
    let text = |model: &Model, grid: &Grid, row, col| {
        let mut text = String::new();
        grid.cell(row, col)
            .glyph
            .push_to(&mut text, &model.clusters);
        text
    };
    let style = |model: &Model, grid: &Grid, row, col| {
        let style = model.styles.get(grid.cell(row, col).style).copied();
        style.unwrap_or_default()
    };
    ours.rows()
        .zip(theirs.rows())
        .enumerate()
        .all(|(row, (our, their))| {
            our.wrapped == their.wrapped
                && (0..ours.cols()).all(|col| {
                    text(a, ours, row, col) == text(b, theirs, row, col)
                        && resolve(a, style(a, ours, row, col))
                            == resolve(b, style(b, theirs, row, col))
                })
        })
}

/// Saved cursors with their links resolved.
fn same_saved(a: &Model, b: &Model) -> bool {
    a.saved.iter().zip(&b.saved).all(|(ours, theirs)| {
        resolve(a, ours.pen) == resolve(b, theirs.pen)
            && (ours.at, ours.charsets, ours.origin) == (theirs.at, theirs.charsets, theirs.origin)
    })
}

fn same_alternates(a: &Model, b: &Model) -> bool {
    match (&a.alternate, &b.alternate) {
        (None, None) => true,
        (Some(ours), Some(theirs)) => same_grids((a, b), (ours, theirs)),
        _ => false,
    }
}

impl PartialEq for Screen {
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (&self.model, &other.model);
        let cols = a.cols();
        self.size() == other.size()
            && self.pending == other.pending
            && (
                a.cursor,
                a.charsets,
                a.single_shift,
                a.last,
                a.margins,
                a.cursor_style,
            ) == (
                b.cursor,
                b.charsets,
                b.single_shift,
                b.last,
                b.margins,
                b.cursor_style,
            )
            && (&a.modes, &a.kitty, &a.key_options, &a.names, &a.palette)
                == (&b.modes, &b.kitty, &b.key_options, &b.names, &b.palette)
            && (0..cols).all(|col| a.tabs.is_set(col) == b.tabs.is_set(col))
            && resolve(a, a.pen) == resolve(b, b.pen)
            && same_saved(a, b)
            && same_grids((a, b), (&a.primary, &b.primary))
            && same_alternates(a, b)
    }
}
