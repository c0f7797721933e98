//! stub until merged
#![allow(missing_docs)]
use winsta_domain::TerminalSize;
#[derive(Debug)]
pub struct Screen;
impl Screen {
    pub fn new(_: TerminalSize) -> Self {
        Self
    }
    pub fn feed(&mut self, _: &[u8]) {}
    pub fn resize(&mut self, _: TerminalSize) {}
    pub fn paint(&self) -> Vec<u8> {
        vec![]
    }
}
