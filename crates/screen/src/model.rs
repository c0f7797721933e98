//! The state of a terminal, and what printing does to it.

use unicode_width::UnicodeWidthChar;

use crate::cell::{Glyph, MAX_CLUSTER, StyleId};
use crate::cursor::{Charsets, Cursor, Saved};
use crate::grid::Grid;
use crate::intern::Interner;
use crate::keys::{KeyOptions, KittyKeys};
use crate::modes::Modes;
use crate::names::{Link, Names, Palette};
use crate::sgr;
use crate::style::Style;
use crate::tabs::Tabs;

/// Most hyperlinks in use at a time; text of further ones is kept without its link.
const MAX_LINKS: usize = 4_096;
/// How many styles used last are at hand.
const RECENT: usize = 16;
/// Tables smaller than this are not swept.
const SMALL_TABLE: usize = 1_024;

/// The state of a terminal.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) primary: Grid,
    /// INVARIANT: there exactly while the alternate screen is shown.
    pub(crate) alternate: Option<Grid>,
    pub(crate) cursor: Cursor,
    pub(crate) pen: Style,
    /// Number of `pen`, once something was printed with it.
    pen_id: Option<StyleId>,
    pub(crate) charsets: Charsets,
    /// Set for the next character only (SS2, SS3).
    pub(crate) single_shift: Option<u8>,
    /// The character that REP repeats: the last thing received was this one.
    pub(crate) last: Option<char>,
    /// Saved cursors of the primary and the alternate screen.
    pub(crate) saved: [Saved; 2],
    /// First and last row of the scroll region.
    pub(crate) margins: (usize, usize),
    pub(crate) modes: Modes,
    pub(crate) tabs: Tabs,
    /// Kitty keyboard flags of the primary and the alternate screen.
    pub(crate) kitty: [KittyKeys; 2],
    pub(crate) key_options: KeyOptions,
    /// Parameter of DECSCUSR.
    pub(crate) cursor_style: u16,
    pub(crate) names: Names,
    pub(crate) palette: Palette,
    pub(crate) styles: Interner<Style>,
    pub(crate) clusters: Interner<Box<str>>,
    pub(crate) links: Interner<Link>,
    /// Sizes of the style and cluster tables at which they are swept next.
    sweep_at: (usize, usize),
    /// Styles used last and their numbers.
    recent: [(Style, StyleId); RECENT],
}

impl Model {
    pub(crate) fn new(rows: usize, cols: usize, keep: usize) -> Self {
        Self {
            primary: Grid::new(rows, cols, keep),
            alternate: None,
            cursor: Cursor::default(),
            pen: Style::default(),
            pen_id: Some(0),
            charsets: Charsets::default(),
            single_shift: None,
            last: None,
            saved: [Saved::default(); 2],
            margins: (0, rows - 1),
            modes: Modes::default(),
            tabs: Tabs::default(),
            kitty: Default::default(),
            key_options: KeyOptions::default(),
            cursor_style: 0,
            names: Names::default(),
            palette: Palette::default(),
            styles: Interner::default(),
            clusters: Interner::default(),
            links: Interner::default(),
            sweep_at: (SMALL_TABLE, SMALL_TABLE),
            recent: [(Style::default(), 0); RECENT],
        }
    }

    pub(crate) fn rows(&self) -> usize {
        self.primary.height()
    }

    pub(crate) fn cols(&self) -> usize {
        self.primary.cols()
    }

    /// The buffer that is shown.
    pub(crate) fn grid(&self) -> &Grid {
        self.alternate.as_ref().unwrap_or(&self.primary)
    }

    pub(crate) fn grid_mut(&mut self) -> &mut Grid {
        self.alternate.as_mut().unwrap_or(&mut self.primary)
    }

    /// The saved cursor of the buffer that is shown.
    pub(crate) fn saved_mut(&mut self) -> &mut Saved {
        let [primary, alternate] = &mut self.saved;
        if self.alternate.is_some() {
            alternate
        } else {
            primary
        }
    }

    /// The kitty keyboard flags of the buffer that is shown.
    pub(crate) fn kitty_mut(&mut self) -> &mut KittyKeys {
        let [primary, alternate] = &mut self.kitty;
        if self.alternate.is_some() {
            alternate
        } else {
            primary
        }
    }

    /// Whether the scroll region is the whole screen.
    pub(crate) fn scrolls_whole(&self) -> bool {
        self.margins == (0, self.rows() - 1)
    }

    /// Applies a plain SGR, given by its parameters; says whether it was one.
    pub(crate) fn plain_style(&mut self, params: &[u8]) -> bool {
        let plain = sgr::apply_plain(&mut self.pen, params);
        if plain {
            self.last = None;
            self.pen_changed();
        }
        plain
    }

    /// To be called after every change of the pen.
    pub(crate) fn pen_changed(&mut self) {
        self.pen_id = None;
    }

    fn pen_id(&mut self) -> StyleId {
        if let Some(id) = self.pen_id {
            return id;
        }
        let id = self.intern(self.pen);
        self.pen_id = Some(id);
        id
    }

    /// Number of a style, from those used last if it is among them.
    fn intern(&mut self, style: Style) -> StyleId {
        if style == Style::default() {
            return 0;
        }
        let slot = style.slot() % RECENT;
        if let Some((recent, id)) = self.recent.get(slot)
            && *recent == style
        {
            return *id;
        }
        let id = if self.styles.len() >= self.sweep_at.0 {
            // The pen's link may get another number, and with it the style.
            let is_pen = style == self.pen;
            self.sweep_styles();
            self.styles.intern(if is_pen { &self.pen } else { &style })
        } else {
            self.styles.intern(&style)
        };
        if let Some(recent) = self.recent.get_mut(slot)
            && let Some(style) = self.styles.get(id)
        {
            *recent = (*style, id);
        }
        id
    }

    /// Style of cells erased now.
    pub(crate) fn erase_id(&mut self) -> StyleId {
        let style = self.pen.erased();
        if style == Style::default() {
            return 0;
        }
        self.intern(style)
    }

    /// Prints a run of printable ASCII.
    pub(crate) fn print_ascii(&mut self, mut run: &[u8]) {
        let Some(last) = run.last() else { return };
        if self.modes.insert || self.single_shift.is_some() || !self.charsets.is_plain() {
            for byte in run {
                self.print(char::from(*byte));
            }
            return;
        }
        let (cols, style, autowrap) = (self.cols(), self.pen_id(), self.modes.autowrap);
        while !run.is_empty() {
            if self.cursor.wrap {
                if autowrap {
                    self.wrap();
                } else {
                    // Without wrapping, all that comes lands on the last column.
                    run = run.get(run.len() - 1..).unwrap_or_default();
                }
            }
            let Cursor { row, col, .. } = self.cursor;
            let (now, rest) = run.split_at(run.len().min(cols - col));
            if let Some(row) = self.grid_mut().row_mut(row) {
                row.put_ascii(col, now, style);
            }
            self.advance(now.len());
            run = rest;
        }
        self.last = Some(char::from(*last));
    }

    /// Prints one character.
    pub(crate) fn print(&mut self, char: char) {
        let shift = self.single_shift.take();
        let shown = self
            .charsets
            .translate(char, shift.unwrap_or(self.charsets.active));
        self.last = None;
        let done = match shown.width() {
            None => return,
            Some(0) => return self.combine(shown),
            Some(1) => self.place(Glyph::new(shown, false)),
            Some(_) => self.place(Glyph::new(shown, true)),
        };
        if done && shift.is_none() {
            self.last = Some(char);
        }
    }

    /// Puts a glyph at the cursor; says whether there was room for it.
    fn place(&mut self, glyph: Glyph) -> bool {
        let (cols, width) = (self.cols(), if glyph.is_wide() { 2 } else { 1 });
        if width > cols {
            return false;
        }
        if self.cursor.wrap && self.modes.autowrap {
            self.wrap();
        }
        if self.cursor.col + width > cols {
            if !self.modes.autowrap {
                return false;
            }
            self.wrap();
        }
        let (style, insert) = (self.pen_id(), self.modes.insert);
        let Cursor { row, col, .. } = self.cursor;
        if let Some(row) = self.grid_mut().row_mut(row) {
            if insert {
                row.insert(col, width, style, cols);
            }
            row.put(col, glyph, style);
        }
        self.advance(width);
        true
    }

    /// Moves the cursor over what was just printed.
    fn advance(&mut self, width: usize) {
        let col = self.cursor.col + width;
        self.cursor.wrap = col >= self.cols();
        self.cursor.col = col.min(self.cols() - 1);
    }

    /// Column of the cell left of where the next character goes: what a combining character
    /// joins, at column 0 none.
    pub(crate) fn previous(&self) -> Option<usize> {
        let Cursor { row, col, wrap } = self.cursor;
        let col = if wrap { col } else { col.checked_sub(1)? };
        if self.grid().cell(row, col).glyph.is_tail() {
            return col.checked_sub(1);
        }
        Some(col)
    }

    /// Adds a character of no width to the one before it. As in xterm, joiners and variation
    /// selectors change no widths: each further emoji of a sequence has its own two columns.
    fn combine(&mut self, char: char) {
        let Some(col) = self.previous() else { return };
        let row = self.cursor.row;
        let glyph = self.grid().cell(row, col).glyph;
        let mut text = String::new();
        glyph.push_to(&mut text, &self.clusters);
        if text.chars().count() >= MAX_CLUSTER {
            return;
        }
        text.push(char);
        if self.clusters.len() >= self.sweep_at.1 {
            self.sweep_clusters();
        }
        let number = self.clusters.intern(&text.into_boxed_str());
        let glyph = Glyph::cluster(number, glyph.is_wide());
        if let Some(row) = self.grid_mut().row_mut(row) {
            row.replace_glyph(col, glyph);
        }
    }

    /// Goes on in the next row because this one is full.
    fn wrap(&mut self) {
        let row = self.cursor.row;
        let scrolls = row == self.margins.1;
        self.cursor.col = 0;
        self.line_down();
        if scrolls || self.cursor.row != row {
            let row = self.cursor.row;
            self.grid_mut().link_above(row);
        }
    }

    /// Moves down a row; at the end of the scroll region it scrolls instead.
    pub(crate) fn line_down(&mut self) {
        self.cursor.wrap = false;
        let (top, bottom) = self.margins;
        if self.cursor.row == bottom {
            let style = self.erase_id();
            self.grid_mut().scroll_up(top, bottom, style);
        } else if self.cursor.row + 1 < self.rows() {
            self.cursor.row += 1;
        }
    }

    /// Moves up a row; at the start of the scroll region it scrolls instead.
    pub(crate) fn line_up(&mut self) {
        self.cursor.wrap = false;
        let (top, bottom) = self.margins;
        if self.cursor.row == top {
            let style = self.erase_id();
            self.grid_mut().scroll_down(top, bottom, 1, style);
        } else {
            self.cursor.row = self.cursor.row.saturating_sub(1);
        }
    }

    /// Begins or ends a hyperlink.
    pub(crate) fn set_link(&mut self, link: Option<&Link>) {
        self.pen.link = match link {
            None => 0,
            Some(link) => {
                if self.links.len() >= MAX_LINKS {
                    self.sweep_styles();
                }
                if self.links.len() < MAX_LINKS {
                    self.links.intern(link)
                } else {
                    0
                }
            }
        };
        self.pen_changed();
    }

    fn grids_mut(&mut self) -> impl Iterator<Item = &mut Grid> {
        std::iter::once(&mut self.primary).chain(&mut self.alternate)
    }

    /// When a table with `live` entries is to be swept again, so that sweeping, which visits
    /// every cell, stays cheap on average.
    fn next_sweep(&self, live: usize) -> usize {
        let cells = self.primary.weight() + self.alternate.as_ref().map_or(0, Grid::weight);
        SMALL_TABLE.max(live * 2).max(cells / 16)
    }

    /// Forgets the styles that no cell has, then the links that no style has.
    fn sweep_styles(&mut self) {
        let mut live = vec![false; self.styles.len()];
        for grid in self.grids_mut() {
            grid.visit(|cell| mark(&mut live, cell.style));
        }
        let moved = self.styles.sweep(&live);
        for grid in self.grids_mut() {
            grid.visit(|cell| cell.style = lookup(&moved, cell.style));
        }
        self.pen_id = None;
        self.recent = [(Style::default(), 0); RECENT];
        self.sweep_links();
        self.sweep_at.0 = self.next_sweep(self.styles.len());
    }

    fn sweep_links(&mut self) {
        let mut live = vec![false; self.links.len()];
        let numbers = 0..u32::try_from(self.styles.len()).unwrap_or(u32::MAX);
        for style in numbers.clone().filter_map(|number| self.styles.get(number)) {
            mark(&mut live, style.link);
        }
        for pen in [self.pen]
            .iter()
            .chain(self.saved.iter().map(|saved| &saved.pen))
        {
            mark(&mut live, pen.link);
        }
        let moved = self.links.sweep(&live);
        for pen in [&mut self.pen]
            .into_iter()
            .chain(self.saved.iter_mut().map(|saved| &mut saved.pen))
        {
            pen.link = lookup(&moved, pen.link);
        }
        let old = std::mem::take(&mut self.styles);
        for style in numbers.skip(1).filter_map(|number| old.get(number)) {
            let link = lookup(&moved, style.link);
            // Styles stay different from each other, so each keeps its number.
            self.styles.intern(&Style { link, ..*style });
        }
    }

    /// Forgets the clusters that no cell has.
    fn sweep_clusters(&mut self) {
        let mut live = vec![false; self.clusters.len()];
        for grid in self.grids_mut() {
            grid.visit(|cell| mark(&mut live, cell.glyph.cluster_number().unwrap_or(0)));
        }
        let moved = self.clusters.sweep(&live);
        for grid in self.grids_mut() {
            grid.visit(|cell| {
                if let Some(number) = cell.glyph.cluster_number() {
                    cell.glyph = Glyph::cluster(lookup(&moved, number), cell.glyph.is_wide());
                }
            });
        }
        self.sweep_at.1 = self.next_sweep(self.clusters.len());
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn mark(live: &mut [bool], number: u32) {
    if let Some(live) = live.get_mut(index(number)) {
        *live = true;
    }
}

fn lookup(moved: &[u32], number: u32) -> u32 {
    moved.get(index(number)).copied().unwrap_or(0)
}
