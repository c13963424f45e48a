//! What a caller may present as a token.

mod algorithm;
mod claims;
mod form;
mod silence;
mod spelling;
