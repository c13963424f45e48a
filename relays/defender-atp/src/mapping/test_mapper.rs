//! For tests: what the mapper makes of one observable.

use microsoft::defender::NormalizedObservable;
use relay_core::{Environment, Observable, ObservableType, ctim::Sighting};
use serde_json::Value;

use super::Mapper;
use crate::config::Config;

/// What the mapper makes of an observable.
pub(super) fn mapped(
    sensors: &str,
    (kind, value): (ObservableType, &str),
    sighting: impl FnOnce(&Mapper<'_>, &NormalizedObservable<'_>) -> Option<Sighting>,
) -> Option<Value> {
    let environment =
        Environment::of([("DEFENDER_SENSORS", sensors), ("DEFENDER_PRODUCT_NAME", "Defender")]);
    let config = Config::from_environment(&environment).unwrap();
    let observable = Observable::new(kind, value);
    let mapper = Mapper::for_tenant(&config, "contoso.example");
    let sighting = sighting(&mapper, &NormalizedObservable::new(&observable).unwrap())?;
    Some(serde_json::to_value(sighting).unwrap())
}

/// The columns and the cells of a sighting's table.
pub(super) fn table(sighting: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let columns = sighting["data"]["columns"].as_array().unwrap();
    let cells = sighting["data"]["rows"][0].as_array().unwrap();
    assert_eq!(columns.len(), cells.len());
    columns.iter().zip(cells).map(|(one, cell)| (text(&one["name"]), text(cell))).collect()
}

pub(super) fn cells(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, cell)| ((*name).to_owned(), (*cell).to_owned())).collect()
}
