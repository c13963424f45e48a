//! What one relay answered on one route.

use serde_json::Value;

use super::{
    entity::{Entity, Kind, listed, observed},
    side::ComparedRoute,
};
use crate::{
    answer::Answer,
    failure::{Failure, Outcome},
    observable::ObservableArgument,
};

/// What one relay answered on one route; none where it has no such route.
#[derive(Debug, Default)]
pub(super) struct Answers {
    bodies: Vec<Value>,
    answers: Vec<Answer>,
}

impl Answers {
    /// Adds the answer to one request.
    pub(super) fn push(&mut self, body: Value, from: &str) -> Outcome {
        // The first relays answered "nothing found" with an empty list or without data.
        let answer = match &body {
            Value::Object(_) => serde_json::from_value(body.clone()).ok(),
            Value::Array(list) if list.is_empty() => Some(Answer::default()),
            _ => None,
        };
        let bad =
            || Failure::Unreachable(format!("{from} holds something else than a relay's answer."));
        self.answers.push(answer.ok_or_else(bad)?);
        self.bodies.push(body);
        Ok(())
    }

    /// Whether the relay has the route.
    pub(super) fn is_offered(&self) -> bool {
        !self.bodies.is_empty()
    }

    /// Returns the messages of its errors, each once.
    pub(super) fn errors(&self) -> Vec<String> {
        let errors = self.answers.iter().flat_map(|one| &one.errors);
        let mut messages: Vec<String> = errors
            .filter(|one| one.severity != "warning")
            .map(|one| format!("{}: {}", one.code, one.message))
            .collect();
        messages.sort();
        messages.dedup();
        messages
    }

    /// Returns everything that is told about an observable.
    pub(super) fn about(&self, route: ComparedRoute, one: &ObservableArgument) -> Vec<Entity> {
        let read = |answer| match route {
            ComparedRoute::Observe | ComparedRoute::Deliberate => observed(answer, one),
            ComparedRoute::Refer => listed(answer, Kind::Link, one),
            ComparedRoute::Respond => listed(answer, Kind::Action, one),
        };
        self.answers.iter().flat_map(read).collect()
    }

    /// Returns the names by which the relay's entities and links call their source.
    pub(super) fn sources(&self) -> impl Iterator<Item = &str> {
        let collections = ["sightings", "judgements", "indicators"];
        let docs = self.answers.iter().flat_map(move |answer| {
            collections.into_iter().flat_map(|collection| answer.docs(collection))
        });
        docs.filter_map(|doc| doc["source"].as_str())
    }

    /// Returns one answer that holds all of them, for a recording.
    pub(super) fn recorded(&self) -> Option<Value> {
        let mut all = self.bodies.iter().cloned();
        let first = all.next()?;
        Some(all.fold(first, merged))
    }
}

/// Adds an answer's lists to another's.
fn merged(mut one: Value, other: Value) -> Value {
    match (&mut one, other) {
        (Value::Array(list), Value::Array(more)) => list.extend(more),
        (Value::Object(members), Value::Object(more)) => {
            for (name, value) in more {
                let known = members.remove(&name);
                members.insert(name, known.map_or(value.clone(), |known| merged(known, value)));
            }
        }
        (Value::Number(count), Value::Number(more)) => {
            let sum = count.as_u64().zip(more.as_u64()).map(|(count, more)| count + more);
            one = sum.map_or(one.clone(), Value::from);
        }
        _ => {}
    }
    one
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_recording_holds_the_answers_to_all_requests() {
        let one = json!({"data": {"sightings": {"count": 1, "docs": [1]}}});
        let other = json!({"data": {"sightings": {"count": 2, "docs": [2, 3]}, "verdicts": {"count": 1}},
            "errors": [{"code": "x"}]});
        let expected = json!({
            "data": {"sightings": {"count": 3, "docs": [1, 2, 3]}, "verdicts": {"count": 1}},
            "errors": [{"code": "x"}],
        });
        assert_eq!(merged(one, other), expected);
        assert_eq!(merged(json!({"data": [1]}), json!({"data": [2]})), json!({"data": [1, 2]}));
    }
}
