//! Texts as a shell reads them.

/// Returns a text that a POSIX shell takes for one argument.
pub(crate) fn quoted(text: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=@%+,".contains(letter);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_read_otherwise_is_quoted() {
        assert_eq!(quoted("https://a.example/x"), "https://a.example/x");
        assert_eq!(
            quoted("arn:aws:secretsmanager:eu-west-1:1:secret:a-b"),
            "arn:aws:secretsmanager:eu-west-1:1:secret:a-b"
        );
        assert_eq!(quoted("my token.txt"), "'my token.txt'");
        assert_eq!(quoted("$(id)"), "'$(id)'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
