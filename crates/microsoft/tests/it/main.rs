//! The library as a relay uses it that searches the alerts of one service only.

#![cfg(test)]

mod single_service;
mod test_relay;
