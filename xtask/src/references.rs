//! Checks references to the project's pages: `docs/….md`, with or without `#section`, in any
//! tracked file, and the links between pages.

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Files with these endings are searched for references.
const SEARCHED: [&str; 9] = ["rs", "md", "py", "sh", "yaml", "yml", "toml", "json", "txt"];

/// Checks every reference below `root`.
///
/// # Errors
///
/// A list of the references that lead nowhere, one a line with its file and line number.
pub(crate) fn check(root: &Path) -> Result<(), String> {
    let mut pages = Pages { root, anchors: HashMap::new() };
    let mut broken = Vec::new();
    for file in tracked_files(root)? {
        // Golden files and seeds are data; the texts in them are no references.
        let Ok(text) = fs::read_to_string(root.join(&file)) else { continue };
        for (number, line) in text.lines().enumerate() {
            let links = if is_page(&file) { links(line) } else { Vec::new() };
            let linked = links.iter().filter_map(|link| resolved(&file, link));
            let named = references(line).into_iter().map(split);
            for (page, anchor) in named.chain(linked) {
                if !pages.have(&page, anchor.as_deref()) {
                    let anchor = anchor.map(|anchor| format!("#{anchor}")).unwrap_or_default();
                    broken.push(format!("{}:{}: {page}{anchor}", file.display(), number + 1));
                }
            }
        }
    }
    if broken.is_empty() {
        Ok(())
    } else {
        Err(format!("No such page or section:\n{}", broken.join("\n")))
    }
}

fn tracked_files(root: &Path) -> Result<Vec<PathBuf>, String> {
    let listed = Command::new("git").arg("ls-files").current_dir(root).output();
    let listed = listed.map_err(|error| format!("git ls-files: {error}"))?;
    let names = String::from_utf8_lossy(&listed.stdout);
    let files = names.lines().map(PathBuf::from).filter(|file| is_searched(file));
    Ok(files.collect())
}

fn is_searched(file: &Path) -> bool {
    let name = file.to_string_lossy();
    let is_data = ["/golden/", "/seeds/", "CHANGELOG", "xtask/src/references.rs"]
        .iter()
        .any(|part| name.contains(part));
    let ending = file.extension().and_then(|ending| ending.to_str());
    // Scripts without an ending stand in .ci.
    !is_data && ending.map_or(name.starts_with(".ci/"), |ending| SEARCHED.contains(&ending))
}

fn is_page(file: &Path) -> bool {
    file.extension().is_some_and(|ending| ending == "md")
}

/// The texts of the form `docs/name.md` or `docs/name.md#section` in a line.
fn references(line: &str) -> Vec<&str> {
    let starts = line.match_indices("docs/").map(|(start, _)| start);
    let is_start = |start: &usize| {
        let before = line[..*start].chars().next_back();
        before.is_none_or(|letter| !(letter.is_alphanumeric() || "/._-".contains(letter)))
    };
    let found = starts.filter(is_start).filter_map(|start| {
        let rest = &line[start..];
        let is_end = |letter: char| !(letter.is_alphanumeric() || "/._-#".contains(letter));
        let text = &rest[..rest.find(is_end).unwrap_or(rest.len())];
        let text = text.trim_end_matches(['.', '-', '#']);
        text.contains(".md").then_some(text)
    });
    found.collect()
}

/// The targets of a line's Markdown links to other pages or sections.
fn links(line: &str) -> Vec<&str> {
    let opened = line.match_indices("](").map(|(start, _)| &line[start + 2..]);
    let targets = opened.filter_map(|rest| Some(&rest[..rest.find(')')?]));
    targets.filter(|target| !target.contains("://") && !target.starts_with("mailto:")).collect()
}

/// A link's page, as a path from the root, and its section.
fn resolved(file: &Path, link: &str) -> Option<(String, Option<String>)> {
    let (page, anchor) = split(link);
    let mut path = if page.is_empty() { file.to_path_buf() } else { file.parent()?.to_path_buf() };
    for part in page.split('/').filter(|part| !matches!(*part, "" | ".")) {
        if part == ".." {
            path.pop();
        } else {
            path.push(part);
        }
    }
    Some((path.to_string_lossy().into_owned(), anchor))
}

fn split(reference: &str) -> (String, Option<String>) {
    match reference.split_once('#') {
        Some((page, anchor)) => (page.to_owned(), Some(anchor.to_owned())),
        None => (reference.to_owned(), None),
    }
}

/// The pages that were read, and their sections.
struct Pages<'a> {
    root: &'a Path,
    anchors: HashMap<String, Option<BTreeSet<String>>>,
}

impl Pages<'_> {
    fn have(&mut self, page: &str, anchor: Option<&str>) -> bool {
        let path = self.root.join(page);
        if !page.ends_with(".md") {
            return path.exists();
        }
        let anchors = self.anchors.entry(page.to_owned());
        let read = || fs::read_to_string(&path).ok().map(|text| sections(&text));
        match (anchors.or_insert_with(read), anchor) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(anchors), Some(anchor)) => anchors.contains(anchor),
        }
    }
}

/// The names under which a page's sections can be linked: headings as GitHub spells them, and
/// `<a id="…">`.
fn sections(page: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut is_code = false;
    for line in page.lines() {
        is_code ^= line.trim_start().starts_with("```");
        if let Some(heading) = line.strip_prefix('#').filter(|_| !is_code) {
            names.insert(slug(heading.trim_start_matches('#').trim()));
        }
        let ids = line.match_indices("<a id=\"").map(|(start, mark)| &line[start + mark.len()..]);
        names.extend(ids.filter_map(|rest| Some(rest[..rest.find('"')?].to_owned())));
    }
    names
}

/// A heading as GitHub spells it in an address.
fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    kept.flat_map(char::to_lowercase)
        .map(|letter| if letter == ' ' { '-' } else { letter })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_in_code_and_prose() {
        let line = "// docs/relays/misp.md#matching, and [x](docs/a.md); not mydocs/b.md or docs/";
        assert_eq!(references(line), ["docs/relays/misp.md#matching", "docs/a.md"]);
        assert_eq!(references("see docs/a.md."), ["docs/a.md"]);
    }

    #[test]
    fn links_are_resolved_from_their_page() {
        let check = |link: &str, page: &str, anchor: Option<&str>| {
            let expected = (page.to_owned(), anchor.map(str::to_owned));
            assert_eq!(resolved(Path::new("docs/relays/misp.md"), link), Some(expected));
        };
        check("../settings.md#misp", "docs/settings.md", Some("misp"));
        check("#calls", "docs/relays/misp.md", Some("calls"));
        check("qualys-ioc.md", "docs/relays/qualys-ioc.md", None);
    }

    #[test]
    fn sections_have_the_names_that_github_gives() {
        let page =
            "# The `MISP` relay\n## Calls, in order\n```sh\n# no heading\n```\n<a id=\"x1\"></a>";
        let expected = ["calls-in-order", "the-misp-relay", "x1"].map(str::to_owned);
        assert_eq!(sections(page), BTreeSet::from(expected));
    }
}
