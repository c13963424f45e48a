//! The tool as its user meets it: the built binary, its output, its exit codes.

#![cfg(test)]

mod ask;
mod aws;
mod call;
mod compare;
mod demo;
mod doctor;
mod explore;
mod help;
mod module;
mod progress;
mod prompt;
mod report;
mod rotate;
mod serve;
mod snapshot;
mod terminal;
mod token;
mod tool;
