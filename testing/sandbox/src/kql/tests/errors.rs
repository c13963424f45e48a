//! What is refused, and in which words.

use super::{QueryError, refusal};

#[test]
fn broken_text_is_a_syntax_error() {
    for query in [
        "Events | where Host == 'open",
        "Events | where Host ==",
        "Events | where (Id == 1",
        "Events | project",
        "Events | where Host == 'a' 'b'",
        "Events | where Host == 'it's'",
        "Events | where Id in 1",
        "Events | where Host ! 'a'",
        "Events | sort Id",
        "let x 1; Events",
        "Events | where Host == 'a\\q'",
        "Events § x",
        "Events | mv-expand Tags to typeof(text)",
        "Events | join kind=inner Hosts",
        "dynamic([1,)",
        "Events | where Id == 1x",
    ] {
        let text = "A recognition error occurred.. Fix syntax errors in your query.";
        assert_eq!(refusal(query).to_string(), text, "{query}");
    }
    let deep = format!("print {}1{}", "(".repeat(100_000), ")".repeat(100_000));
    assert!(matches!(refusal(&deep), QueryError::Syntax(_)));
}

#[test]
fn errors_have_the_words_of_the_service() {
    for (query, text) in [
        ("Events | | take 1", "Query operator expected.. Fix syntax errors in your query."),
        ("let a = 1;", "The incomplete fragment is unexpected.. Fix syntax errors in your query."),
        (
            "EmailEvents | where Id == 1",
            "'where' operator: Failed to resolve table or column expression named 'EmailEvents'. \
             Fix semantic errors in your query.",
        ),
        (
            "Events | where false | project Nope",
            "'project' operator: Failed to resolve scalar expression named 'Nope'. \
             Fix semantic errors in your query.",
        ),
        (
            "Events | extend x = nope(Id)",
            "'extend' operator: Unknown function: 'nope'. Fix semantic errors in your query.",
        ),
        (
            "Nothing",
            "Failed to resolve table or column expression named 'Nothing'. \
             Fix semantic errors in your query.",
        ),
    ] {
        assert_eq!(refusal(query).to_string(), text, "{query}");
    }
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
        ("Events | join kind=inner Hosts on Id", "columns of types long and string"),
        ("Events | extend x = max(Id)", "Function 'max' cannot be invoked in current context"),
        ("Events | summarize x = Host", "Failed to resolve scalar expression named 'Host'"),
        ("Events | summarize count(Id)", "count(): function expects 0 argument(s)"),
        ("1 + 1", "No tabular expression statement found"),
        ("Events | evaluate bag_unpack(Tags)", "the operator 'evaluate'"),
        ("Events | join kind=fullouter Hosts on Host", "the join kind 'fullouter'"),
        ("Events | summarize percentile(Id, 5)", "the aggregate 'percentile'"),
    ] {
        let error = refusal(query);
        assert!(matches!(error, QueryError::Semantic(_)), "{query}: {error:?}");
        assert!(error.to_string().contains(part), "{query}: {error}");
    }
}

#[test]
fn the_order_is_lost_where_the_service_loses_it() {
    for step in [
        "",
        "| summarize by Id",
        "| distinct Id",
        "| union Hosts",
        "| join kind=inner Hosts on Host",
    ] {
        let sort = if step.is_empty() { "" } else { "| sort by Id" };
        let query = format!("Events {sort} {step} | extend Rank = row_number()");
        assert!(refusal(&query).to_string().contains("the row set must be serialized"), "{step}");
    }
}
