//! What one invocation did and holds, counted while it happens, and what must not show in its answer.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU32, Ordering},
};

use url::form_urlencoded::byte_serialize;

use crate::{
    http::{Room, escaped},
    relay::Secret,
};

/// Stands where a secret stood.
const MARK: &str = "[…]";
/// Whatever has so many letters in common with a secret is a part of it.
const BEGINNING: usize = 8;

/// Counts of one invocation, the room for its products' answers, and the secrets that it met.
#[derive(Debug, Default)]
pub struct Tally {
    calls: AtomicU32,
    retries: AtomicU32,
    throttled: AtomicU32,
    failures: AtomicU32,
    room: Room,
    secrets: Mutex<Vec<Secret>>,
}

impl Tally {
    pub(crate) fn count_call(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_retry(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    /// `status` is none when no whole answer came.
    pub(crate) fn count_outcome(&self, status: Option<u16>) {
        match status {
            Some(429) => self.throttled.fetch_add(1, Ordering::Relaxed),
            None | Some(500..) => self.failures.fetch_add(1, Ordering::Relaxed),
            Some(_) => 0,
        };
    }

    pub(crate) fn room(&self) -> &Room {
        &self.room
    }

    /// Requests sent to the product, repetitions included.
    pub fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Requests that were repetitions.
    pub fn retries(&self) -> u32 {
        self.retries.load(Ordering::Relaxed)
    }

    /// Answers with 429.
    pub fn throttled(&self) -> u32 {
        self.throttled.load(Ordering::Relaxed)
    }

    /// Requests without a whole answer, or with one of 500 and above.
    pub fn failures(&self) -> u32 {
        self.failures.load(Ordering::Relaxed)
    }

    pub(crate) fn keep_secret(&self, secret: Secret) {
        let mut secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        // The same access token comes with every call that it is used for.
        if !secrets.iter().any(|known| known.expose() == secret.expose()) {
            secrets.push(secret);
        }
    }

    /// The text with every secret this invocation met blotted out in each of its spellings, also
    /// where a cut left only its beginning.
    pub(crate) fn redacted(&self, text: &str) -> String {
        let secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        let mut spelled: Vec<_> = secrets.iter().flat_map(|one| spellings(one.expose())).collect();
        // A secret that holds another one goes first, or its rest would stay.
        spelled.sort_by_key(|one| std::cmp::Reverse(one.len()));
        let whole = spelled.iter().fold(text.to_owned(), |text, one| text.replace(one, MARK));
        spelled.iter().fold(whole, |text, one| without_beginnings(&text, one))
    }
}

/// As it is, and as URLs, forms and JSON carry it.
fn spellings(secret: &str) -> [String; 4] {
    let in_json = serde_json::Value::from(secret).to_string();
    let in_form = byte_serialize(secret.as_bytes()).collect();
    [secret.to_owned(), escaped(secret), in_form, in_json[1..in_json.len() - 1].to_owned()]
}

/// The text with a mark for whatever begins as the secret does.
fn without_beginnings(text: &str, secret: &str) -> String {
    let Some((end, _)) = secret.char_indices().nth(BEGINNING) else { return text.to_owned() };
    let (head, tail) = secret.split_at(end);
    let mut parts = text.split(head);
    let before = parts.next().unwrap_or_default().to_owned();
    parts.fold(before, |text, after| {
        let same = after.chars().zip(tail.chars()).take_while(|(a, b)| a == b);
        let same: usize = same.map(|(letter, _)| letter.len_utf8()).sum();
        text + MARK + &after[same..]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(secret: &str, text: &str, expected: &str) {
        let tally = Tally::default();
        tally.keep_secret(Secret::new(secret).unwrap());
        assert_eq!(tally.redacted(text), expected);
    }

    #[test]
    fn n17_secrets_are_blotted_out_in_every_spelling() {
        check("p@ss&word", "bad p@ss&word, bad p%40ss%26word", "bad […], bad […]");
        check("two ~words", "two%20~words two+%7Ewords", "[…] […]");
        check("p@ss&word% 1", "p%40ss%26word%25+1 p%40ss%26word%25%201", "[…] […]");
        check(r#"a"b\c""#, r#"{"pass":"a\"b\\c\""}"#, r#"{"pass":"[…]"}"#);
        check("short", "shortened, short, shor", "[…]ened, […], shor");
    }

    #[test]
    fn n17_a_secret_that_was_cut_is_blotted_out_too() {
        check("0123456789abcdef", "01234567 0123456789a 0123456", "[…] […] 0123456");
        check("пароль-пароль", "пароль-п, пароль-паро!", "[…], […]!");
    }
}
