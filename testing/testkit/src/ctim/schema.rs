//! The schemas of this crate, and how their complaints become findings.

use std::sync::LazyLock;

use jsonschema::{
    Keyword, Registry, ValidationError, ValidationOptions, Validator,
    error::{TypeKind, ValidationErrorKind as Kind},
    paths::LocationSegment,
};
use serde_json::{Value, json};

use super::{
    Entity, Route,
    finding::{Findings, quoted},
    place::Place,
    time, uri,
};

/// The schemas under the names by which they refer to one another.
const SCHEMAS: [(&str, &str); 7] = [
    ("common.schema.json", COMMON),
    ("sighting.schema.json", include_str!("../../schemas/sighting.schema.json")),
    ("indicator.schema.json", include_str!("../../schemas/indicator.schema.json")),
    ("judgement.schema.json", include_str!("../../schemas/judgement.schema.json")),
    ("verdict.schema.json", include_str!("../../schemas/verdict.schema.json")),
    ("relationship.schema.json", include_str!("../../schemas/relationship.schema.json")),
    ("response.schema.json", include_str!("../../schemas/response.schema.json")),
];

/// Building blocks and vocabularies.
pub(super) const COMMON: &str = include_str!("../../schemas/common.schema.json");

static REGISTRY: LazyLock<Registry<'static>> = LazyLock::new(|| {
    let schemas = SCHEMAS.map(|(name, text)| {
        let schema: Value = serde_json::from_str(text).expect("the crate's schemas are JSON");
        (name, schema)
    });
    let registry = Registry::new().extend(schemas).expect("the schemas' names are URIs");
    registry.prepare().expect("the schemas refer to one another only")
});

static ANSWERS: LazyLock<[Validator; Route::ALL.len()]> = LazyLock::new(|| {
    Route::ALL.map(|route| validator(&format!("response.schema.json#/$defs/{}", route.name())))
});

static ENTITIES: LazyLock<[Validator; Entity::ALL.len()]> =
    LazyLock::new(|| Entity::ALL.map(|kind| validator(&format!("{}.schema.json", kind.name()))));

pub(super) fn check_answer(route: Route, answer: &Value, findings: &mut Findings) {
    report(&ANSWERS[route as usize], answer, findings);
}

pub(super) fn check_entity(kind: Entity, entity: &Value, findings: &mut Findings) {
    report(&ENTITIES[kind as usize], entity, findings);
}

fn validator(reference: &str) -> Validator {
    options().build(&json!({ "$ref": reference })).expect("the crate's schemas are schemas")
}

fn options() -> ValidationOptions<'static> {
    jsonschema::options()
        .with_registry(&REGISTRY)
        .should_validate_formats(true)
        .with_format("date-time", |text: &str| time::strict(text).is_ok())
        .with_format("uri-reference", |text: &str| uri::check(text).is_ok())
        .with_keyword("maxLength", |_, limit, _| match limit.as_u64() {
            Some(limit) => Ok(Box::new(MaxLength(limit))),
            None => Err(ValidationError::schema("maxLength is a number")),
        })
}

/// CTIM counts UTF-16 code units; JSON Schema would count code points.
struct MaxLength(u64);

impl<'i> Keyword<'i> for MaxLength {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        let units = instance.as_str().map_or(0, |text| text.encode_utf16().count() as u64);
        if units <= self.0 {
            return Ok(());
        }
        let MaxLength(limit) = self;
        Err(ValidationError::custom(format!("{units} UTF-16 units, {limit} are allowed")))
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        self.validate(instance).is_ok()
    }
}

fn report(validator: &Validator, document: &Value, findings: &mut Findings) {
    for error in validator.iter_errors(document) {
        let place = place_of(&error);
        match error.kind() {
            Kind::AdditionalProperties { unexpected } => {
                for key in unexpected {
                    findings.error("unknown-key", &place.key(key), "the key is not defined here");
                }
            }
            _ => {
                let (rule, text) = explain(&error);
                findings.error(rule, &place, text);
            }
        }
    }
}

fn place_of(error: &ValidationError<'_>) -> Place {
    error.instance_path().segments().fold(Place::root(), |place, segment| match segment {
        LocationSegment::Property(key) => place.key(&key),
        LocationSegment::Index(index) => place.index(index),
    })
}

/// The rule that a schema keyword stands for, and what to say about the value.
fn explain(error: &ValidationError<'_>) -> (&'static str, String) {
    let value = quoted(error.instance());
    match error.kind() {
        Kind::Constant { expected_value } if is_disposition_name(error) => (
            "disposition-name",
            format!("{value} does not belong to the number, {expected_value} does"),
        ),
        Kind::Constant { expected_value } => ("value", format!("{value} is not {expected_value}")),
        Kind::Enum { options } => ("value", format!("{value} is not one of {}", quoted(options))),
        Kind::Required { property } => ("missing-key", format!("the key {property} is missing")),
        Kind::MinProperties { .. } => ("envelope", "neither data nor errors is present".to_owned()),
        Kind::Type { kind } => ("type", format!("{value} is not of type {}", type_name(kind))),
        Kind::Custom { message, .. } => ("maxLength", message.clone()),
        Kind::Minimum { limit } => ("minimum", format!("{value} is less than {limit}")),
        Kind::MinItems { limit } => ("minItems", format!("fewer than {limit} items")),
        Kind::UniqueItems => ("uniqueItems", format!("{value} holds an item twice")),
        Kind::Format { .. } | Kind::Pattern { .. } | Kind::MinLength { .. } => {
            let text = error.instance().as_str().unwrap_or_default();
            let (rule, reason) = explain_text(building_block(error), error.kind(), text);
            (rule, format!("{value}: {reason}"))
        }
        _ => ("schema", error.to_string()),
    }
}

/// The same for the forms of texts, by the building block whose keyword complains.
fn explain_text(block: &str, kind: &Kind, text: &str) -> (&'static str, &'static str) {
    match block {
        "time" if time::lenient(text).is_ok() => {
            ("time-form", "only a lenient parser reads it; RFC 3339 wants seconds and an offset")
        }
        "time" => ("time", time::strict(text).err().unwrap_or("not an instant")),
        "uri" => ("uri", uri::check(text).err().unwrap_or("not a URI")),
        "httpUrl" => ("uri", "not an absolute http or https URL"),
        "id" => ("id", "neither a transient id nor the URL of a stored entity"),
        block if block.starts_with("relay") => {
            ("id-form", "not of the form transient:<type>-<lower-case uuid>")
        }
        _ if matches!(kind, Kind::MinLength { .. }) => ("minLength", "too short"),
        _ => ("pattern", "does not match the pattern"),
    }
}

/// The entry of `$defs` that holds the keyword itself; empty for a keyword of an object's property.
fn building_block<'e>(error: &'e ValidationError<'_>) -> &'e str {
    let mut parts = error.schema_path().as_str().split('/').skip(1);
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some("$defs"), Some(name), Some(_), None) => name,
        _ => "",
    }
}

fn is_disposition_name(error: &ValidationError<'_>) -> bool {
    error.instance_path().as_str().ends_with("/disposition_name")
}

fn type_name(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(name) => name.to_string(),
        TypeKind::Multiple(names) => {
            let names: Vec<_> = names.iter().map(|name| name.to_string()).collect();
            names.join(" or ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{COMMON, SCHEMAS};
    use serde_json::Value;

    #[test]
    fn every_schema_is_known_by_its_own_id() {
        for (name, text) in SCHEMAS {
            let schema: Value = serde_json::from_str(text).unwrap();
            assert_eq!(schema["$id"], name);
            assert!(jsonschema::meta::is_valid(&schema), "{name}");
        }
        assert_eq!(SCHEMAS[0].1, COMMON);
    }
}
