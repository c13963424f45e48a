//! Observables as they are typed on a command line: `ip=203.0.113.7`.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A type and a value, as the relay protocol sends them; neither is checked here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ObservableArgument {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) value: String,
}

impl FromStr for ObservableArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((kind, value)) if !kind.is_empty() && !value.is_empty() => {
                Ok(Self { kind: kind.to_owned(), value: value.to_owned() })
            }
            _ => Err("write an observable as type=value, such as ip=203.0.113.7".to_owned()),
        }
    }
}
