//! The host: one for each user and machine. It decides; the keeper keeps.
mod access;
mod audit;
mod clock;
mod config;
mod engine;
mod failure;
mod keeper;
mod meta;
mod numbering;
mod people;
mod problems;
mod rows;
mod sources;
