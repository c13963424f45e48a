//! What was found as an investigation, in the form in which Threat Response keeps snapshots.
//!
//! Source: the snapshots that Cisco publishes for its integrations (repository
//! CiscoSecurity/tr-05-integration-snapshots) and the entity Investigation of CTIM. docs/snapshots.md says
//! what of the form is known.

use std::path::Path;

use jiff::Timestamp;
use relay_core::ctim::SCHEMA_VERSION;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    answer::{Answer, ErrorEntry},
    failure::{Failure, Outcome},
    observable::ObservableArgument,
    terminal::notice,
};

/// The collections of an answer's entities that are about an observable themselves.
const ABOUT_OBSERVABLES: [&str; 3] = ["verdicts", "judgements", "sightings"];

/// An investigation: what several modules answered about some observables.
pub(crate) struct Snapshot(Value);

impl Snapshot {
    /// Returns the snapshot of answers at a time; each answer with the name of its module.
    pub(crate) fn new<'a>(
        now: Timestamp,
        observables: &[ObservableArgument],
        answers: impl IntoIterator<Item = (&'a str, &'a Answer)>,
    ) -> Self {
        let modules: Vec<Module<'_>> = answers.into_iter().map(Module::new).collect();
        let searched: Vec<_> = observables.iter().map(searched).collect();
        let searched = searched.join("\n");
        let investigated = observables.iter().map(|one| {
            let data: Vec<_> = modules.iter().map(|module| module.about(one)).collect();
            let errors: Vec<_> = modules.iter().flat_map(Module::errors).collect();
            let mut result = json!({"data": data});
            if !errors.is_empty() {
                result["errors"] = errors.into();
            }
            action("investigate", now, json!(one), result)
        });
        let collected = action("collect", now, json!(searched), json!(observables));
        let actions: Vec<_> = [collected].into_iter().chain(investigated).collect();
        let actions = Value::Array(actions).to_string();
        Self(json!({
            "id": format!("transient:investigation-{}", id(&actions)),
            "type": "investigation",
            "schema_version": SCHEMA_VERSION,
            "timestamp": time(now),
            "tlp": "amber",
            "source": "relayctl",
            "short_description": format!("Investigation of {}", searched.replace('\n', ", ")),
            "search-txt": searched,
            "omittedObservables": [],
            "actions": actions,
        }))
    }

    /// Writes the file.
    pub(crate) fn write(&self, file: &Path) -> Outcome {
        let text = self.0.to_string() + "\n";
        std::fs::write(file, text).map_err(|error| {
            Failure::Usage(format!("{} cannot be written: {error}.", file.display()))
        })?;
        notice(format!("The snapshot is in {}.", file.display()));
        Ok(())
    }
}

/// One module and its answer about all observables.
struct Module<'a> {
    /// Its name and ids.
    identity: Map<String, Value>,
    answer: &'a Answer,
}

impl<'a> Module<'a> {
    fn new((name, answer): (&str, &'a Answer)) -> Self {
        let identity = [
            ("module", name.to_owned()),
            // Threat Response gives these ids to a module that is added to it; here they only tell modules apart.
            ("module_instance_id", id(&format!("instance {name}"))),
            ("module_type_id", id(&format!("type {name}"))),
        ];
        let identity = identity.map(|(member, value)| (member.to_owned(), value.into()));
        Self { identity: identity.into_iter().collect(), answer }
    }

    /// Returns what the module says of one observable: entities about it, and what they refer to.
    fn about(&self, observable: &ObservableArgument) -> Value {
        let is_about = |doc: &&Value| {
            let many = doc["observables"].as_array().into_iter().flatten();
            many.chain([&doc["observable"]]).any(|one| observable.is(one))
        };
        let own = ABOUT_OBSERVABLES.map(|name| (name, self.docs(name, is_about)));
        let ids: Vec<&Value> =
            own.iter().flat_map(|(_, docs)| docs.iter().map(|doc| &doc["id"])).collect();
        let relations = self.docs("relationships", |doc| ids.contains(&&doc["source_ref"]));
        let targets: Vec<&Value> = relations.iter().map(|doc| &doc["target_ref"]).collect();
        let indicators = self.docs("indicators", |doc| targets.contains(&&doc["id"]));
        let all = own.into_iter().chain([("indicators", indicators), ("relationships", relations)]);
        let data: Map<_, _> = all
            .filter(|(_, docs)| !docs.is_empty())
            .map(|(name, docs)| (name.to_owned(), json!({"count": docs.len(), "docs": docs})))
            .collect();
        let mut module = self.identity.clone();
        module.insert("data".to_owned(), data.into());
        module.into()
    }

    fn docs(&self, collection: &str, is_wanted: impl Fn(&&Value) -> bool) -> Vec<&Value> {
        self.answer.docs(collection).iter().filter(is_wanted).collect()
    }

    fn errors(&self) -> impl Iterator<Item = Value> {
        self.answer.errors.iter().map(|ErrorEntry { severity, code, message }| {
            let mut error = self.identity.clone();
            let members = [("type", severity), ("code", code), ("message", message)];
            error.extend(members.map(|(name, value)| (name.to_owned(), json!(value))));
            error.into()
        })
    }
}

/// Returns an observable as it is typed into the search of Threat Response.
fn searched(ObservableArgument { kind, value }: &ObservableArgument) -> String {
    format!("{kind}:{}", Value::from(value.as_str()))
}

/// Returns one step of an investigation.
fn action(kind: &str, now: Timestamp, argument: Value, result: Value) -> Value {
    let uuid = id(&format!("{kind} {argument} {result}"));
    json!({
        "type": kind,
        "id": format!("{kind}-{}", uuid.get(..8).unwrap_or_default()),
        "uuid": uuid,
        "state": "ok",
        "created": time(now),
        "updated": time(now),
        "arg": argument,
        "result": result,
    })
}

fn time(now: Timestamp) -> String {
    now.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// Returns an id that is the same for the same text.
fn id(text: &str) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, text.as_bytes()).to_string()
}
