//! The forms in which events carry their time.

use jiff::Timestamp;
use serde_json::Value;

/// When an event happened, else when it was processed; `None` when neither can be read.
pub(super) fn of_event(event: &Value) -> Option<Timestamp> {
    ["dateTime", "eventProcessedTime"].iter().find_map(|field| read(event.get(field)?))
}

/// Epoch milliseconds as a number or as digits, or a date and time with `Z`, `+00:00` or `+0000`.
fn read(value: &Value) -> Option<Timestamp> {
    let epoch = value.as_i64().or_else(|| value.as_str()?.parse().ok());
    match epoch {
        Some(milliseconds) => Timestamp::from_millisecond(milliseconds).ok(),
        None => value.as_str()?.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_form_is_read() {
        let noon: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        for value in [
            json!("2026-03-01T12:00:00.000+0000"),
            json!("2026-03-01T12:00:00.000Z"),
            json!("2026-03-01T12:00:00+00:00"),
            json!("2026-03-01T14:00:00.000+0200"),
            json!(1_772_366_400_000_i64),
            json!("1772366400000"),
        ] {
            assert_eq!(read(&value), Some(noon), "{value}");
        }
        for value in [json!(null), json!("yesterday"), json!(""), json!({})] {
            assert_eq!(read(&value), None, "{value}");
        }
    }

    #[test]
    fn the_time_of_processing_stands_in() {
        let event = json!({"dateTime": null, "eventProcessedTime": 0});
        assert_eq!(of_event(&event), Some(Timestamp::UNIX_EPOCH));
        assert_eq!(of_event(&json!({"dateTime": "soon"})), None);
    }
}
