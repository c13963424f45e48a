//! Documents inside a document, such as the responses of a batch.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::reading;

/// A document inside the one that is read, which
/// [`Response::json_of_many`](crate::Response::json_of_many) limits by itself.
#[derive(Debug)]
pub enum Inner<'a, T> {
    /// Was read in the same pass.
    Record(T),
    /// Was not read: it has not the expected shape, or stands beside one that has not.
    Text(&'a RawValue),
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Inner<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if reading::is_careful() {
            return <&RawValue>::deserialize(deserializer).map(Self::Text);
        }
        reading::read_inner(|| T::deserialize(deserializer)).map(Self::Record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lenient::{InnerLimits, List, ReadLimits, ReadOutcome, Share, Texts, read};

    #[derive(Deserialize)]
    struct Batch<'a> {
        #[serde(borrow)]
        parts: List<Part<'a>>,
    }

    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Part<'a> {
        #[serde(borrow)]
        body: Option<Inner<'a, Record>>,
    }

    #[derive(Debug, Deserialize)]
    struct Record {
        names: Texts,
    }

    /// Reads parts with these bodies, and a name of at most two of each.
    fn batch<'a>(json: &'a str, bytes: usize) -> ReadOutcome<Batch<'a>> {
        let share = Share { parts: 1, total: 2 };
        let limits = ReadLimits { items: 9, bytes };
        read(json, limits, Some(InnerLimits { items: 2, share })).unwrap()
    }

    #[test]
    fn l08_each_document_has_limits_of_its_own() {
        let json = r#"{"parts": [
            {"body": {"names": ["a", "b", "c"]}}, {"body": {"names": ["d", "e"]}}, {"body": {"names": ["f"]}}
        ]}"#;
        let names = |bytes| {
            let outcome = batch(json, bytes);
            let names = |part: &Part<'_>| match &part.body {
                Some(Inner::Record(record)) => record.names.join(""),
                _ => String::new(),
            };
            (outcome.value.parts.iter().map(names).collect::<Vec<_>>(), outcome.is_cut)
        };
        let all = ["ab", "de", "f"].map(str::to_owned).to_vec();
        assert_eq!(names(1 << 20), (all, false));
        // The first document takes no more than its half.
        let half = 2 * 2 * (size_of::<String>() + 1);
        let (kept, is_cut) = names(half);
        assert_eq!((kept[0].as_str(), is_cut), ("ab", true));
        assert!(kept.iter().skip(1).all(|names| names.len() < 2), "{kept:?}");
    }

    #[test]
    fn documents_beside_one_of_another_shape_are_texts() {
        let json = r#"{"parts": [{"body": {"names": ["a"]}}, {"body": "none"}]}"#;
        let outcome = batch(json, usize::MAX);
        let texts = outcome.value.parts.iter().map(|part| match &part.body {
            Some(Inner::Text(text)) => text.get(),
            _ => "",
        });
        assert_eq!(texts.collect::<Vec<_>>(), [r#"{"names": ["a"]}"#, r#""none""#]);
    }
}
