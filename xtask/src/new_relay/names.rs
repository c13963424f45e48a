//! The names of a new relay, all from the name of its folder.

use sandbox::Product;

use crate::Outcome;

/// The names of one relay.
pub(super) struct Names {
    /// The folder, package and binary: `acme-edr`.
    pub(super) slug: String,
    /// The module of the crate and of the simulator: `acme_edr`.
    pub(super) module: String,
    /// The type, and the name in template.yaml: `AcmeEdr`.
    pub(super) type_name: String,
    /// The product's name until somebody writes a better one: `Acme Edr`.
    pub(super) title: String,
}

impl Names {
    /// # Errors
    ///
    /// A name with other characters, and one that is taken.
    pub(super) fn new(slug: &str) -> Outcome<Self> {
        let is_word = |word: &str| {
            let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            word.starts_with(|letter: char| letter.is_ascii_lowercase())
                && word.bytes().all(is_allowed)
        };
        if !slug.split('-').all(is_word) {
            return Err(format!("{slug} is not a name such as acme-edr").into());
        }
        if Product::from_slug(slug).is_some() {
            return Err(format!("there is a relay {slug} already").into());
        }
        let words: Vec<_> = slug.split('-').map(capitalized).collect();
        Ok(Self {
            slug: slug.to_owned(),
            module: slug.replace('-', "_"),
            type_name: words.concat(),
            title: words.join(" "),
        })
    }

    /// Returns the template with the names in place of `{{slug}}`, `{{module}}`, `{{Type}}` and
    /// `{{Name}}`.
    pub(super) fn filled_in(&self, template: &str) -> String {
        template
            .replace("{{slug}}", &self.slug)
            .replace("{{module}}", &self.module)
            .replace("{{Type}}", &self.type_name)
            .replace("{{Name}}", &self.title)
    }
}

fn capitalized(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_names_follow_from_the_folder() {
        let names = Names::new("acme-edr2").unwrap();
        let filled_in = names.filled_in("{{slug}} {{module}} {{Type}} {{Name}}");
        assert_eq!(filled_in, "acme-edr2 acme_edr2 AcmeEdr2 Acme Edr2");
    }

    #[test]
    fn a_name_is_new_and_consists_of_words() {
        for slug in ["", "-", "a-", "Acme", "acme_edr", "2fast", "../x", "misp"] {
            assert!(Names::new(slug).is_err(), "{slug}");
        }
    }
}
