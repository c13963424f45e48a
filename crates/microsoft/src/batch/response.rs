//! The responses of a batch, read in one pass.

use std::{fmt, marker::PhantomData, ops::Deref};

use http::{
    HeaderMap,
    header::{RETRY_AFTER, WARNING},
};
use relay_core::{
    Response, Result,
    lenient::{Inner, Integer, List, Object, Text},
};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error, IgnoredAny, MapAccess, Visitor},
};

/// The response to one request of a batch, as if it had come alone.
pub struct BatchResponse<T> {
    /// Without its body where that was read already.
    response: Response,
    record: Option<T>,
    items: usize,
}

impl<T: DeserializeOwned> BatchResponse<T> {
    /// Returns what a successful response holds.
    ///
    /// # Errors
    ///
    /// `Malformed`.
    pub fn into_record(self) -> Result<T> {
        self.record.map_or_else(|| self.response.json_of(self.items), Ok)
    }
}

impl<T> Deref for BatchResponse<T> {
    type Target = Response;

    fn deref(&self) -> &Response {
        &self.response
    }
}

#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
pub(super) struct BatchResult<'a, T> {
    #[serde(borrow)]
    pub(super) responses: List<PartialResponse<'a, T>>,
}

/// The response to one request as it stands in the batch.
pub(super) struct PartialResponse<'a, T> {
    id: Integer,
    status: Integer,
    headers: Object<PartialHeaders>,
    body: Option<Inner<'a, T>>,
}

/// The headers that are read.
#[derive(Default, Deserialize)]
#[serde(default)]
struct PartialHeaders {
    #[serde(rename = "Retry-After", alias = "retry-after")]
    retry_after: Text,
    #[serde(rename = "Warning", alias = "warning")]
    warning: Text,
}

impl<T> PartialResponse<'_, T> {
    /// Returns the index of the request, and the response.
    pub(super) fn unpacked(
        self,
        batch: &Response,
        items: usize,
    ) -> Option<(usize, BatchResponse<T>)> {
        let index = usize::try_from((*self.id)?).ok()?;
        let status = u16::try_from((*self.status)?).ok()?;
        let headers = self.headers.as_ref().map(PartialHeaders::map).unwrap_or_default();
        let (record, body) = match self.body {
            Some(Inner::Record(record)) => (Some(record), ""),
            Some(Inner::Text(text)) => (None, text.get()),
            None => (None, ""),
        };
        let response = batch.inside(status, headers, body, 1);
        Some((index, BatchResponse { response, record, items }))
    }

    /// Whether the status is one of an error, as far as it was read.
    fn is_error(&self) -> bool {
        self.status.is_some_and(|status| !(200..300).contains(&status))
    }
}

impl PartialHeaders {
    fn map(&self) -> HeaderMap {
        let headers = [(RETRY_AFTER, &self.retry_after), (WARNING, &self.warning)];
        let value = |text: &Text| text.as_deref()?.parse().ok();
        headers.into_iter().filter_map(|(name, text)| Some((name, value(text)?))).collect()
    }
}

impl<'de: 'a, 'a, T: DeserializeOwned> Deserialize<'de> for PartialResponse<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PartialResponseVisitor(PhantomData))
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Member {
    Id,
    Status,
    Headers,
    Body,
    #[serde(other)]
    Other,
}

struct PartialResponseVisitor<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for PartialResponseVisitor<T> {
    type Value = PartialResponse<'de, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a response")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let (id, status) = (Integer::default(), Integer::default());
        let mut part = PartialResponse { id, status, headers: Object::default(), body: None };
        while let Some(name) = members.next_key()? {
            match name {
                Member::Id => part.id = members.next_value()?,
                Member::Status => part.status = members.next_value()?,
                Member::Headers => part.headers = members.next_value()?,
                Member::Body if part.is_error() => {
                    part.body = Some(Inner::Text(members.next_value()?));
                }
                Member::Body => part.body = Some(members.next_value()?),
                Member::Other => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        match part.body {
            // The status stood behind the body. Read with care, bodies are texts.
            Some(Inner::Record(_)) if part.is_error() => Err(A::Error::custom("an error")),
            _ => Ok(part),
        }
    }
}

#[cfg(test)]
mod tests {
    use relay_core::lenient::Texts;

    use super::*;

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Record {
        names: Texts,
    }

    /// The record that is read; an error where the response is to be read with care.
    fn read(json: &str) -> serde_json::Result<Option<Texts>> {
        let part: PartialResponse<'_, Record> = serde_json::from_str(json)?;
        Ok(match part.body {
            Some(Inner::Record(record)) => Some(record.names),
            Some(Inner::Text(_)) | None => None,
        })
    }

    #[test]
    fn a_record_is_read_wherever_it_stands() {
        let body = r#""body": {"names": ["a"]}"#;
        for json in [
            format!(r#"{{"id": "0", "status": 200, "headers": {{}}, {body}}}"#),
            format!(r#"{{{body}, "id": "0", "status": 200}}"#),
            format!(r#"{{"x": [1], {body}}}"#),
        ] {
            assert_eq!(read(&json).unwrap().unwrap().into_inner(), ["a"], "{json}");
        }
    }

    #[test]
    fn an_error_is_not_read_as_a_record() {
        let body = r#""body": {"error": {"code": "x"}}"#;
        assert_eq!(read(&format!(r#"{{"status": 403, {body}}}"#)).unwrap(), None);
        assert!(read(&format!(r#"{{{body}, "status": 403}}"#)).is_err());
        assert_eq!(read(r#"{"status": 404}"#).unwrap(), None);
    }
}
