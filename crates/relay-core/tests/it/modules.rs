//! The order of the core's modules.

use std::{collections::BTreeSet, fs, path::Path};

/// Each module may import those before it. `src/lib.rs` explains the order.
const ORDER: [&str; 24] = [
    "clock",
    "text",
    "error",
    "url",
    "ctim",
    "lenient",
    "cache",
    "concurrency",
    "secret",
    "settings",
    "quota",
    "xray",
    "invocation",
    "telemetry",
    "outbound",
    "auth",
    "relay",
    "oauth",
    "input",
    "answer",
    "route",
    "service",
    "serve",
    "lib",
];

/// Returns the modules that a source text imports by `crate::name` or `crate::{name, …}`.
fn imports(text: &str) -> BTreeSet<String> {
    let name = |text: &str| -> String {
        text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
    };
    let mut found = BTreeSet::new();
    for rest in text.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            None => found.extend([name(rest)]),
            Some(list) => {
                let mut depth = 0;
                let mut item = String::new();
                for letter in list.chars() {
                    match letter {
                        '}' if depth == 0 => break,
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        ',' if depth == 0 => found.extend([name(item.trim())]),
                        _ => {}
                    }
                    if letter == ',' && depth == 0 { item.clear() } else { item.push(letter) }
                }
                found.extend([name(item.trim())]);
            }
        }
    }
    found
}

/// Reads a module: its file, and the files of its folder.
fn source(path: &Path) -> String {
    let mut text = fs::read_to_string(path.with_extension("rs")).unwrap_or_default();
    for entry in fs::read_dir(path).into_iter().flatten() {
        text += &source(&entry.unwrap().path().with_extension(""));
    }
    text
}

#[test]
fn no_module_imports_a_later_one() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files: BTreeSet<String> = BTreeSet::new();
    for entry in fs::read_dir(&src).unwrap() {
        files.extend([entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()]);
    }
    assert_eq!(files, ORDER.map(str::to_owned).into(), "every module has its place in the order");
    for (place, module) in ORDER.iter().enumerate().filter(|(_, module)| **module != "lib") {
        for import in imports(&source(&src.join(module))) {
            let known = ORDER.iter().position(|known| *known == import);
            assert!(known.is_none_or(|known| known <= place), "{module} imports {import}");
        }
    }
}
