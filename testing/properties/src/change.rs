//! A product's true responses with parts replaced, moved and removed.

use std::{cell::RefCell, mem};

use arbitrary::{Result, Unstructured};
use serde_json::{Value, json};
use testkit::mutation::{places, remove};

/// The most changes of one response.
const MAX_CHANGES: usize = 8;

thread_local!(
    /// The rest of the bytes that steer the changes. The simulator runs in the same thread as its
    /// relay.
    static STEERING: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) }
);

/// Lets these bytes steer the next calls of [`changed`].
pub(crate) fn steer(bytes: &[u8]) {
    STEERING.set(bytes.to_vec());
}

/// The response with some changes, as long as there are bytes to steer them.
pub(crate) fn changed(mut answer: Value) -> Value {
    let steering = STEERING.with_borrow_mut(mem::take);
    let mut u = Unstructured::new(&steering);
    // The changes end with the steering bytes.
    let _ = change(&mut answer, &mut u);
    STEERING.set(u.take_rest().to_vec());
    answer
}

fn change(answer: &mut Value, u: &mut Unstructured<'_>) -> Result<()> {
    for _ in 0..u.int_in_range(0..=MAX_CHANGES)? {
        let all = places(answer, "");
        if all.is_empty() || u.is_empty() {
            break;
        }
        let place = &all[u.choose_index(all.len())?];
        let new = match u.int_in_range(0..=5)? {
            0 => None,
            1 => answer.pointer(&all[u.choose_index(all.len())?]).cloned(),
            2 => Some(repeated(answer.pointer(place), u)?),
            3 => Some(json!(u.arbitrary::<String>()?)),
            4 => Some(json!(u.arbitrary::<i64>()?)),
            _ => Some(replacement(u)?),
        };
        match (new, answer.pointer_mut(place)) {
            (Some(new), Some(old)) => *old = new,
            _ => remove(answer, place),
        }
    }
    Ok(())
}

fn repeated(value: Option<&Value>, u: &mut Unstructured<'_>) -> Result<Value> {
    let times = *u.choose(&[0_usize, 1, 2, 3, 20, 200])?;
    Ok(vec![value.cloned().unwrap_or_default(); times].into())
}

/// A value for a place where another one is expected.
fn replacement(u: &mut Unstructured<'_>) -> Result<Value> {
    let texts = [
        "",
        " ",
        "0",
        "-1",
        "1e9",
        "null",
        "://",
        "http://[::1]/x",
        "javascript:alert(1)",
        "2026-03-01T12:19:31.000+0000",
        "9999-12-31T23:59:59Z",
        "2016-12-31T23:59:60Z",
        "a|b|c",
        "\u{0}\u{202e}\n",
        "203.0.113.80",
        "2001:db8::1%eth0",
        "high",
        "tlp:red",
        "https://x.example/ \u{7f}",
    ];
    Ok(match u.int_in_range(0..=7)? {
        0 => json!(null),
        1 => json!([]),
        2 => json!({}),
        3 => json!(u.choose(&[-1.0, 0.0, 1e300, 0.5, 8.0, 429.0, 4e9])?),
        4 => json!(u64::MAX),
        5 => json!(u.arbitrary::<bool>()?),
        6 => (0..100).fold(json!(1), |inner, _| json!([inner])),
        _ => json!(u.choose(&texts)?),
    })
}
