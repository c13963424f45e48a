//! What a caller may present as a token.

mod algorithm;
mod claims;
mod encoding;
mod form;
mod organisation;
mod uniform_errors;
