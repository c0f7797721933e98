//! How keys are sent: the kitty keyboard protocol and xterm's key modifier options.

use std::fmt::Write as _;

/// Most entries of a kitty keyboard stack; the oldest goes when one more is pushed.
const MAX_STACK: usize = 16;

/// The kitty keyboard flags of one buffer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KittyKeys {
    base: u16,
    stack: Vec<u16>,
}

impl KittyKeys {
    fn current(&mut self) -> &mut u16 {
        self.stack.last_mut().unwrap_or(&mut self.base)
    }

    /// `CSI > flags u`
    pub(crate) fn push(&mut self, flags: u16) {
        if self.stack.len() == MAX_STACK {
            self.stack.remove(0);
        }
        self.stack.push(flags);
    }

    /// `CSI < count u`; taking more than there are turns everything off.
    pub(crate) fn pop(&mut self, count: u16) {
        match self.stack.len().checked_sub(usize::from(count)) {
            Some(left) => self.stack.truncate(left),
            None => *self = Self::default(),
        }
    }

    /// `CSI = flags ; how u`
    pub(crate) fn set(&mut self, flags: u16, how: u16) {
        let current = self.current();
        match how {
            1 => *current = flags,
            2 => *current |= flags,
            3 => *current &= !flags,
            _ => {}
        }
    }

    /// Appends what sets this on a fresh terminal.
    pub(crate) fn write(&self, out: &mut String) {
        if self.base != 0 {
            _ = write!(out, "\x1b[={};1u", self.base);
        }
        for flags in &self.stack {
            _ = write!(out, "\x1b[>{flags}u");
        }
    }
}

/// Value of one of xterm's key modifier options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeyOption {
    Set(u16),
    Disabled,
}

/// xterm's key modifier options (XTMODKEYS), of which `modifyOtherKeys` is number 4.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeyOptions {
    options: [Option<KeyOption>; 8],
}

impl KeyOptions {
    fn put(&mut self, option: u16, value: Option<KeyOption>) {
        if let Some(slot) = self.options.get_mut(usize::from(option)) {
            *slot = value;
        }
    }

    /// `CSI > option ; value m`; without a value the option's default, without both all of them.
    pub(crate) fn set(&mut self, option: Option<u16>, value: Option<u16>) {
        match option {
            Some(option) => self.put(option, value.map(KeyOption::Set)),
            None => *self = Self::default(),
        }
    }

    /// `CSI > option n`
    pub(crate) fn disable(&mut self, option: u16) {
        self.put(option, Some(KeyOption::Disabled));
    }

    /// Appends what sets this on a fresh terminal.
    pub(crate) fn write(&self, out: &mut String) {
        for (number, option) in self.options.iter().enumerate() {
            match option {
                Some(KeyOption::Set(value)) => _ = write!(out, "\x1b[>{number};{value}m"),
                Some(KeyOption::Disabled) => _ = write!(out, "\x1b[>{number}n"),
                None => {}
            }
        }
    }
}
