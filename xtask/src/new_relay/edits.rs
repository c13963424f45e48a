//! The files that list all relays, with one more.

use std::{fs, path::Path};

use super::Names;
use crate::Outcome;

/// A text that is inserted behind the last line that contains `mark`.
struct Insertion {
    mark: &'static str,
    text: String,
}

/// Returns each file that changes, and its new content.
///
/// # Errors
///
/// A line that is not there.
pub(super) fn edited(root: &Path, names: &Names) -> Outcome<Vec<(&'static str, String)>> {
    let mut files = Vec::new();
    for (path, insertions) in insertions(names) {
        let content = fs::read_to_string(root.join(path))?;
        let content = insertions.iter().try_fold(content, |content, insertion| {
            let inserted = inserted(&content, insertion);
            inserted.ok_or_else(|| format!("{path}: no line contains {:?}", insertion.mark))
        })?;
        files.push((path, content));
    }
    let template = "template.yaml";
    files.push((template, template_yaml(&fs::read_to_string(root.join(template))?, names)?));
    Ok(files)
}

fn insertions(names: &Names) -> Vec<(&'static str, Vec<Insertion>)> {
    let one = |mark, template: &str| Insertion { mark, text: names.filled_in(template) };
    vec![
        (
            "crates/catalog/Cargo.toml",
            vec![one(
                "path = \"../../relays/",
                "{{slug}} = { path = \"../../relays/{{slug}}\" }\n",
            )],
        ),
        (
            "crates/catalog/src/lib.rs",
            vec![one("CatalogEntry::of::<", "    CatalogEntry::of::<{{module}}::{{Type}}>(),\n")],
        ),
        (
            "testing/sandbox/src/lib.rs",
            vec![
                one("pub mod ", "pub mod {{module}};\n"),
                one("\";", "    /// {{Name}}.\n    {{Type}} = {{module}}, \"{{slug}}\";\n"),
            ],
        ),
        ("README.md", vec![one("| `relays/", "| {{Name}} | its records | `relays/{{slug}}` |\n")]),
    ]
}

fn inserted(content: &str, Insertion { mark, text }: &Insertion) -> Option<String> {
    let lines: Vec<&str> = content.split_inclusive('\n').collect();
    let place = lines.iter().rposition(|line| line.contains(mark))? + 1;
    Some(lines[..place].concat() + text + &lines[place..].concat())
}

/// Each part of the template ends before the next one begins.
fn template_yaml(content: &str, names: &Names) -> Outcome<String> {
    let parts = [
        ("      - Label: {default: The functions}\n", "          - Deploy{{Type}}\n"),
        ("\nParameters:\n", include_str!("templates/template/groups.yaml.tmpl")),
        ("\n  # The functions\n", include_str!("templates/template/switch.yaml.tmpl")),
        ("\nRules:\n", include_str!("templates/template/parameters.yaml.tmpl")),
        (
            "        AssertDescription: Choose at least one relay",
            "          - !Equals [!Ref Deploy{{Type}}, 'true']\n",
        ),
        ("  ConcurrencyIsReserved: ", "  Has{{Type}}: !Equals [!Ref Deploy{{Type}}, 'true']\n"),
        (
            "\nGlobals:\n",
            "  {{Type}}IsGradual: !And [!Condition Has{{Type}}, !Condition IsGradual]\n",
        ),
        ("\nOutputs:\n", include_str!("templates/template/resources.yaml.tmpl")),
    ];
    let mut content = content.to_owned();
    for (before, template) in parts {
        let place =
            content.find(before).ok_or_else(|| format!("template.yaml has no {before:?}"))?;
        content.insert_str(place, &names.filled_in(template));
    }
    let outputs = include_str!("templates/template/outputs.yaml.tmpl");
    Ok(content + &names.filled_in(outputs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_inserted_behind_the_last_such_line() {
        let insertion = Insertion { mark: "b", text: "new\n".to_owned() };
        assert_eq!(inserted("a\nb1\nb2\nc\n", &insertion).unwrap(), "a\nb1\nb2\nnew\nc\n");
        assert_eq!(inserted("a\n", &insertion), None);
    }

    #[test]
    fn every_list_is_found() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let names = Names::new("acme-edr").unwrap();
        let edited = edited(&root, &names).unwrap();
        assert_eq!(edited.len(), 5);
        for (path, content) in edited {
            let is_named =
                ["acme-edr", "AcmeEdr", "acme_edr"].iter().any(|it| content.contains(it));
            assert!(is_named, "{path}");
        }
    }
}
