//! Decay scores: models of the formula `Polynomial` without weights of tags.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    content::{Attribute, Content},
    filter::{is_empty, lists, text},
    installation::Numbers,
};

const DAY: f64 = 86_400.0;

/// A model in use.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Model {
    id: u64,
    name: String,
    attribute_types: Vec<String>,
    /// Days.
    lifetime: f64,
    decay_speed: f64,
    threshold: f64,
    default_base_score: f64,
}

impl Model {
    /// What is left of the base score so many seconds after the last sign of life.
    fn score(&self, seconds: f64) -> f64 {
        let age = (seconds / (self.lifetime * DAY)).max(0.0);
        (self.default_base_score * (1.0 - age.powf(1.0 / self.decay_speed))).max(0.0)
    }
}

/// What a request says of the models: `decayingModel` and `score`.
#[derive(Clone, Debug)]
pub(super) struct Question {
    /// The models that count; all if none is named.
    models: Vec<u64>,
    threshold: Option<f64>,
}

impl Question {
    pub(super) fn read(given: &Map<String, Value>) -> Self {
        let models = given.get("decayingModel").map(lists).unwrap_or_default();
        let models = models.into_iter().flat_map(|(_, terms)| terms);
        let threshold = given.get("score").filter(|score| !is_empty(score));
        Self {
            models: models.filter_map(|id| text(&id).parse().ok()).collect(),
            threshold: threshold.and_then(|score| text(score).parse().ok()),
        }
    }
}

/// The score of an attribute by each model of its type, and whether every one of them is decayed; `None`
/// without a model. `seen` is the newest sighting, `now` the present, both in Unix seconds.
pub(super) fn scores(
    content: &Content,
    row: &Attribute,
    question: &Question,
    (seen, now): (Option<u64>, u64),
    numbers: Numbers,
) -> Option<(Vec<Value>, bool)> {
    let fits = |model: &&Model| {
        model.attribute_types.contains(&row.kind)
            && (question.models.is_empty() || question.models.contains(&model.id))
    };
    let alive = seen.unwrap_or(0).max(row.timestamp);
    let mut all_decayed = true;
    let scores: Vec<Value> = content
        .decaying_models
        .iter()
        .filter(fits)
        .map(|model| {
            #[expect(clippy::cast_precision_loss, reason = "times are far below 2^53")]
            let score = model.score(now as f64 - alive as f64);
            let decayed = score < question.threshold.unwrap_or(model.threshold);
            all_decayed &= decayed;
            json!({
                "score": score,
                "base_score": model.default_base_score,
                "decayed": decayed,
                "DecayingModel": {"id": numbers.number(model.id), "name": model.name},
            })
        })
        .collect();
    (!scores.is_empty()).then_some((scores, all_decayed))
}
