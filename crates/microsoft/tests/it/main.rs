//! The library as a relay uses it that wants the alerts of one service only.

#![cfg(test)]

mod one_service;
mod probe;
