//! What is refused, and in which words.

use super::{QueryError, refusal};

fn check(query: &str, text: &str) {
    assert_eq!(refusal(query).to_string(), text, "{query}");
}

#[test]
fn broken_text_is_a_syntax_error() {
    for query in [
        "Events | where Host == 'open",
        "Events | where Host ==",
        "Events | where (Id == 1",
        "Events | project",
        "Events | where Host == 'a' 'b'",
        "Events | where Id in 1",
        "Events | sort Id",
        "let x 1; Events",
        "Events | where Host == 'a\\q'",
        "Events § x",
        "Events | mv-expand Tags to typeof(text)",
        "Events | join Hosts",
        "dynamic([1,)",
    ] {
        let error = refusal(query);
        assert!(matches!(error, QueryError::Syntax(_)), "{query}: {error:?}");
        assert!(error.to_string().ends_with("Fix syntax errors in your query."), "{query}");
    }
    check(
        "Events | where Host == 'it's'",
        "A recognition error occurred.. Fix syntax errors in your query.",
    );
    check("Events | | take 1", "Query operator expected.. Fix syntax errors in your query.");
    check("let a = 1;", "The incomplete fragment is unexpected.. Fix syntax errors in your query.");
}

#[test]
fn unknown_names_are_semantic_errors() {
    check(
        "EmailEvents | where Id == 1",
        "'where' operator: Failed to resolve table or column expression named 'EmailEvents'. \
         Fix semantic errors in your query.",
    );
    check(
        "Events | project Nope",
        "'project' operator: Failed to resolve scalar expression named 'Nope'. \
         Fix semantic errors in your query.",
    );
    check(
        "Events | extend x = nope(Id)",
        "'extend' operator: Unknown function: 'nope'. Fix semantic errors in your query.",
    );
    check(
        "Nothing",
        "Failed to resolve table or column expression named 'Nothing'. \
         Fix semantic errors in your query.",
    );
}

#[test]
fn names_are_checked_without_rows_too() {
    let error = refusal("Events | where false | project Nope").to_string();
    assert!(error.starts_with("'project' operator"), "{error}");
}

#[test]
fn kinds_and_arguments_must_fit() {
    for (query, part) in [
        ("Events | where Id == 'x'", "Cannot compare values of types long and string"),
        ("Events | where Id in ('x')", "Cannot compare values of types long and string"),
        ("Events | where Host", "the predicate is of type string"),
        ("Events | where Host and true", "a value of type string is no bool"),
        ("Events | extend x = tolower(Id)", "argument #1 is of type long"),
        ("Events | extend x = Host + 1", "is not defined"),
        (
            "Events | extend x = iff(true, Host, dynamic([]))",
            "@then data type (string) must match the @else data type (dynamic)",
        ),
        ("Events | extend x = iff(true, 1)", "iff(): function expects 3 argument(s)"),
        ("Events | mv-expand Host", "a value of type string cannot be expanded"),
        ("Events | take Id", "the number of rows must be a constant number"),
        ("Events | project Id, Id", "A column named 'Id' already exists"),
        ("Events | project-away Nope", "Failed to resolve column"),
        ("Events | join Hosts on Id", "columns of types long and string cannot be joined"),
        ("Events | extend x = max(Id)", "Function 'max' cannot be invoked in current context"),
        ("Events | summarize x = Host", "Failed to resolve scalar expression named 'Host'"),
        ("Events | summarize count(Id)", "count(): function expects 0 argument(s)"),
        ("Events | extend Rank = row_number()", "the row set must be serialized"),
        ("1 + 1", "No tabular expression statement found"),
        ("Events | evaluate bag_unpack(Tags)", "the operator 'evaluate'"),
        ("Events | join kind=fullouter Hosts on Host", "the join kind 'fullouter'"),
    ] {
        let error = refusal(query);
        assert!(matches!(error, QueryError::Semantic(_)), "{query}: {error:?}");
        assert!(error.to_string().contains(part), "{query}: {error}");
    }
}

#[test]
fn the_order_is_lost_where_the_service_loses_it() {
    for step in ["summarize by Id", "distinct Id", "union Hosts", "join kind=inner Hosts on Host"] {
        let query = format!("Events | sort by Id | {step} | extend Rank = row_number()");
        assert!(refusal(&query).to_string().contains("serialized"), "{step}");
    }
}
