//! Texts of an alert as an analyst reads them: no title is missing, nothing is said twice, no cell is
//! empty.

use relay_core::ctim::{Cell, LongText, ShortText, Table};

/// Returns the alert's title; of one without, what it is about and who raised it, else its id.
#[must_use]
pub fn alert_title(
    title: Option<&str>,
    category: Option<&str>,
    raised_by: Option<&str>,
    id: &str,
) -> ShortText {
    if let Some(title) = shown(title) {
        return title.into();
    }
    match (shown(category), shown(raised_by)) {
        (Some(category), Some(raised_by)) => format!("{category} alert of {raised_by}").into(),
        (Some(category), None) => format!("{category} alert").into(),
        (None, Some(raised_by)) => format!("Alert of {raised_by}").into(),
        (None, None) => format!("Alert {id}").into(),
    }
}

/// Returns the description, unless it says the same as the title.
#[must_use]
pub fn description(description: Option<&str>, title: Option<&str>) -> Option<LongText> {
    let text = shown(description).filter(|text| shown(title) != Some(text))?;
    LongText::present(Some(text))
}

/// Returns a table of those facts that are there.
pub fn facts(facts: impl IntoIterator<Item = (&'static str, Option<String>)>) -> Option<Table> {
    let is_shown = |text: &String| !text.trim().is_empty();
    let cell = |(name, text): (_, Option<String>)| Some((name, Cell::Text(text.filter(is_shown)?)));
    Table::of_one_row(facts.into_iter().filter_map(cell))
}

/// The text, unless it is blank.
fn shown(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_without_a_title_is_named_after_what_is_known() {
        let check = |title: &str, category: &str, raised_by: &str, expected: &str| {
            let title = alert_title(Some(title), Some(category), Some(raised_by), "da1");
            assert_eq!(title.as_str(), expected);
        };
        check("Beacon", "Malware", "antivirus", "Beacon");
        check(" ", "Malware", "antivirus", "Malware alert of antivirus");
        check("", "Malware", "", "Malware alert");
        check("", "", "antivirus", "Alert of antivirus");
        check("", "", " ", "Alert da1");
        assert_eq!(alert_title(None, None, None, "da1").as_str(), "Alert da1");
    }

    #[test]
    fn a_description_that_repeats_the_title_is_left_out() {
        assert_eq!(description(Some("Beacon"), Some("Beacon")), None);
        assert_eq!(description(Some(" "), None), None);
        assert_eq!(description(Some("A beacon"), Some("Beacon")), Some("A beacon".into()));
    }

    #[test]
    fn no_cell_is_empty() {
        let text = |text: &str| Some(text.to_owned());
        let table = facts([("A", text("x")), ("B", text(" ")), ("C", None)]);
        let table = serde_json::to_value(table).unwrap();
        let expected = serde_json::json!({
            "columns": [{"name": "A", "type": "string"}], "rows": [["x"]], "row_count": 1,
        });
        assert_eq!(table, expected);
        assert_eq!(facts([("A", None)]), None);
    }
}
