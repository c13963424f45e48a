//! The tool as its user meets it: the built binary, its output, its exit codes.

#![cfg(test)]

mod ask;
mod aws;
mod call;
mod compare;
mod demo;
mod doctor;
mod help;
mod module;
mod prompt;
mod rotate;
mod serve;
mod token;
mod tool;
