//! What a malformed or oversized member costs.

use super::*;

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Record {
    name: Text,
    count: Integer,
    score: Number,
    open: Flag,
    parent: Object<Box<Record>>,
    parts: List<Record>,
    tags: Texts,
}

#[test]
fn n09_malformed_members_cost_only_themselves() {
    let check = |member: &str, value: &str| {
        let json = format!(r#"{{"before":1,"{member}":{value},"name":"kept"}}"#);
        let read: Record = serde_json::from_str(&json).unwrap();
        let expected = Record { name: "kept".into(), ..Record::default() };
        assert_eq!(read, expected, "{json}");
    };
    for malformed in
        ["null", "[[1,{\"a\":[2]}]]", "18446744073709551615", "\"\"", "\"x\"", "-7.5e300"]
    {
        for member in ["count", "open", "parent", "parts"] {
            check(member, malformed);
        }
    }
    check("count", "{}");
    check("score", "\"inf\"");
    check("tags", "[[1],null,{},true,\"\"]");
    check("parts", "{\"name\":1}");
}

#[test]
fn usual_and_loose_forms_are_read() {
    let json = r#"{"name":1483,"count":"12","score":"7.5","open":"1",
        "parent":{"name":"p"},"parts":[{"name":"a"},null,3,{"name":null}],"tags":["x",null,7]}"#;
    let read: Record = serde_json::from_str(json).unwrap();
    assert_eq!(
        (read.name.as_deref(), *read.count, *read.score),
        (Some("1483"), Some(12), Some(7.5))
    );
    assert_eq!((*read.open, read.parts.len()), (Some(true), 2));
    let parent = read.parent.into_inner().unwrap();
    assert_eq!(parent.name.as_deref(), Some("p"));
    assert_eq!(*read.tags, ["x", "7"]);
    assert_eq!(read.parts.into_iter().filter(|part| part.name.is_none()).count(), 1);
}

/// Reads as a response is read, with care where that is needed.
fn read_within(json: &str, items: usize, bytes: usize) -> ReadOutcome<Page> {
    read(json, ReadLimits { items, bytes }, None).unwrap()
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Page {
    value: List<Record>,
    next: Text,
}

#[test]
fn n09_what_cannot_be_read_costs_its_item_only() {
    for odd in [
        r#"{"name":"a","name":"b","other":[]}"#,
        r#"{"name":"\ud800"}"#,
        r#"{"score":1e999}"#,
        r#"{"parts":[{"name":"\ud800"}]}"#,
        r#"{"parent":{"score":-1e999}}"#,
        r#"{"tags":["\udc00"]}"#,
    ] {
        let json = format!(r#"{{"value":[{odd},{{"name":"kept"}}],"next":"x"}}"#);
        let read = read_within(&json, 9, usize::MAX).value;
        assert_eq!(read.next.as_deref(), Some("x"), "{odd}");
        let last = read.value.last().and_then(|record| record.name.as_deref());
        assert_eq!(last, Some("kept"), "{odd}");
    }
}

#[test]
fn of_repeated_members_the_first_counts() {
    let read = read_within(r#"{"value":[{"name":"a","x":{},"name":"b","count":1}]}"#, 9, 1 << 20);
    let expected = Record { name: "a".into(), count: Some(1).into(), ..Record::default() };
    assert_eq!(*read.value.value, [expected]);
}

#[test]
fn l08_no_more_items_are_kept_than_are_wanted() {
    let list = |items: usize| vec!["{}"; items].join(",");
    let page = |items: usize| format!(r#"{{"value":[7,{}],"next":"x"}}"#, list(items));
    let read = read_within(&page(5), 3, usize::MAX);
    assert_eq!((read.value.value.len(), read.value.next.is_some()), (3, true));
    assert!(!read.is_cut);
    let nested = format!(r#"{{"value":[{{"parts":[{}]}},{{}}]}}"#, list(1001));
    let read = read_within(&nested, 3, usize::MAX);
    assert_eq!((read.value.value.len(), read.value.value[0].parts.len()), (2, 1000));
    assert!(read.is_cut);
}

#[test]
fn l08_no_more_memory_is_built_than_is_allowed() {
    let check = |record: &str, records: usize| {
        let json = format!(r#"{{"value":[{}],"next":"x"}}"#, vec![record; records].join(","));
        let bytes = 20 * size_of::<Record>();
        let read = read_within(&json, usize::MAX, bytes);
        assert!(read.is_cut && read.bytes <= bytes, "{record}");
        assert!(read.value.value.len() <= 20, "{record}");
        let all = read_within(&json, usize::MAX, usize::MAX);
        assert!(!all.is_cut && all.bytes > bytes && all.value.value.len() == records, "{record}");
    };
    check("{}", 100);
    check(&format!(r#"{{"name":"{}"}}"#, "x".repeat(5000)), 3);
    check(r#"{"parts":[{},{},{}]}"#, 20);
    check(r#"{"tags":[1,2,3,4,5,6,7,8,9,"x"]}"#, 20);
}

#[test]
fn l08_a_text_is_cut_on_a_letter() {
    let read: Text = serde_json::from_str(&format!("\"x{}\"", "ä".repeat(MAX_TEXT_BYTES))).unwrap();
    assert_eq!(read.as_deref().map(str::len), Some(MAX_TEXT_BYTES - 1));
}

#[test]
fn an_object_may_have_a_list_in_its_place_and_nothing_else() {
    type Either = ObjectOrList<Record, Vec<u8>>;
    let read_either = |json: &str| serde_json::from_str::<Either>(json).ok();
    assert!(matches!(read_either(r#"{"name": "a", "name": 1}"#), Some(Either::Object(_))));
    assert!(matches!(read_either("[1, 2]"), Some(Either::List(list)) if list == [1, 2]));
    for other in ["null", "1", r#""a""#, "true"] {
        assert!(read_either(other).is_none(), "{other}");
    }
}

#[test]
fn n09_a_text_that_says_something_else_is_none() {
    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Scores {
        best: Parsed<u8>,
        all: ParsedList<u8>,
    }
    let check = |json: &str, best: Option<u8>, all: &[u8]| {
        let read = read::<Scores>(json, ReadLimits::NONE, None).unwrap().value;
        assert_eq!((*read.best, read.all.as_slice()), (best, all), "{json}");
    };
    check(r#"{"best":"7","all":["1","\u0032"]}"#, Some(7), &[1, 2]);
    check(r#"{"best":7,"all":["1",2,null,"x","256",["3"],{},""]}"#, None, &[1]);
    check(r#"{"best":"seven","all":"1"}"#, None, &[]);
    check(r#"{"best":{"a":"7"},"all":["\ud800","3"]}"#, None, &[3]);
}
