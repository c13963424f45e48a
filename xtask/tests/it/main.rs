//! The built command, its output and its exit codes.

#![cfg(test)]

mod bench;
