//! Removes secrets from texts that leave the relay.

use std::sync::{Mutex, MutexGuard, PoisonError};

use url::form_urlencoded::byte_serialize;

use crate::{secret::Secret, url::escaped};

/// Stands in the place of a secret.
const MARK: &str = "[…]";
/// A text that begins with so many characters of a secret is taken for a part of it.
const PREFIX_CHARS: usize = 8;

/// The secrets that one call used.
#[derive(Debug, Default)]
pub(crate) struct Redactor(Mutex<Vec<Secret>>);

impl Redactor {
    /// Adds a secret to those that are removed.
    pub(crate) fn add(&self, secret: Secret) {
        let mut secrets = self.secrets();
        // The same access token comes with every request that it is used for.
        if !secrets.iter().any(|known| known.expose() == secret.expose()) {
            secrets.push(secret);
        }
    }

    /// Redacts every known secret, in all encodings, including truncated prefixes.
    pub(crate) fn redacted(&self, text: &str) -> String {
        let secrets = self.secrets();
        let mut encoded: Vec<_> = secrets.iter().flat_map(|one| encodings(one.expose())).collect();
        // A secret that holds another one goes first, or its rest would stay.
        encoded.sort_by_key(|one| std::cmp::Reverse(one.len()));
        let whole = encoded.iter().fold(text.to_owned(), |text, one| text.replace(one, MARK));
        encoded.iter().fold(whole, |text, one| without_prefixes(&text, one))
    }

    fn secrets(&self) -> MutexGuard<'_, Vec<Secret>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the secret as it is, and as URLs, forms and JSON encode it.
fn encodings(secret: &str) -> [String; 4] {
    let in_json = serde_json::Value::from(secret).to_string();
    let in_form = byte_serialize(secret.as_bytes()).collect();
    [secret.to_owned(), escaped(secret), in_form, in_json[1..in_json.len() - 1].to_owned()]
}

/// Replaces everything that begins as the secret does.
fn without_prefixes(text: &str, secret: &str) -> String {
    let Some((end, _)) = secret.char_indices().nth(PREFIX_CHARS) else { return text.to_owned() };
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
        let redactor = Redactor::default();
        redactor.add(Secret::new(secret).unwrap());
        assert_eq!(redactor.redacted(text), expected);
    }

    #[test]
    fn n17_secrets_are_redacted_in_every_encoding() {
        check("p@ss&word", "bad p@ss&word, bad p%40ss%26word", "bad […], bad […]");
        check("two ~words", "two%20~words two+%7Ewords", "[…] […]");
        check("p@ss&word% 1", "p%40ss%26word%25+1 p%40ss%26word%25%201", "[…] […]");
        check(r#"a"b\c""#, r#"{"pass":"a\"b\\c\""}"#, r#"{"pass":"[…]"}"#);
        check("short", "shortened, short, shor", "[…]ened, […], shor");
    }

    #[test]
    fn n17_a_truncated_secret_is_redacted_too() {
        check("0123456789abcdef", "01234567 0123456789a 0123456", "[…] […] 0123456");
        check("пароль-пароль", "пароль-п, пароль-паро!", "[…], […]!");
    }
}
