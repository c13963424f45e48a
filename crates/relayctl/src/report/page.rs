//! The page as one document: data, style and scripts inside, and a policy that lets nothing else in.
//!
//! Data of products stand in an element that no browser runs; the page's own script reads them and
//! shows them as text.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Serialize;

const TEMPLATE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
/// Cytoscape.js 3.35.0, unchanged; its licence stands at its beginning and beside it.
const LIBRARY: &str = include_str!("cytoscape/cytoscape.min.js");
/// Together one script; the last one starts the page.
const SCRIPT: &str = concat!(
    include_str!("page/text.js"),
    include_str!("page/model.js"),
    include_str!("page/network.js"),
    include_str!("page/icons.js"),
    include_str!("page/graph.js"),
    include_str!("page/timeline.js"),
    include_str!("page/table.js"),
    include_str!("page/panel.js"),
    include_str!("page/filter.js"),
    include_str!("page/explore.js"),
    include_str!("page/page.js"),
);

/// A document.
pub(crate) struct Page {
    pub(crate) html: String,
}

impl Page {
    /// Returns a page for a file; it connects to nothing.
    pub(crate) fn file(report: &impl Serialize) -> Self {
        Self::of(report, &policy("'none'"))
    }

    /// Returns a page that may ask the server that it came from.
    pub(crate) fn served(data: &impl Serialize) -> Self {
        Self::of(data, &policy("'self'"))
    }

    fn of(data: &impl Serialize, policy: &str) -> Self {
        let data = embedded(data);
        let parts = [
            ("{policy}", policy),
            ("{style}", STYLE),
            ("{report}", &data),
            ("{library}", LIBRARY),
            ("{script}", SCRIPT),
        ];
        let (mut html, mut rest) = (String::new(), TEMPLATE);
        for (mark, content) in parts {
            // The template has every mark once, in this order.
            let (before, after) = rest.split_once(mark).unwrap_or((rest, ""));
            html.extend([before, content]);
            rest = after;
        }
        html += rest;
        Self { html }
    }
}

/// Returns the policy as a header, which says besides that no other page may frame this one.
pub(crate) fn policy_header() -> String {
    format!("{}; frame-ancestors 'none'", policy("'self'"))
}

/// Returns a Content-Security-Policy: the page's own scripts and style, by their digests, pictures out
/// of the page itself, and no text that becomes markup.
fn policy(connections: &str) -> String {
    let (style, library, script) = (source(STYLE), source(LIBRARY), source(SCRIPT));
    format!(
        "default-src 'none'; script-src {library} {script}; style-src {style}; img-src data:; \
         connect-src {connections}; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'"
    )
}

/// Returns the source expression for an inline element with this content (CSP 3 §2.3.1).
fn source(content: &str) -> String {
    let digest = digest(&SHA256, content.as_bytes());
    format!("'sha256-{}'", BASE64_STANDARD.encode(digest))
}

/// Returns JSON that no element's content ends in: `<` occurs in its texts only, where it may be
/// escaped.
fn embedded(data: &impl Serialize) -> String {
    serde_json::to_string(data).unwrap_or_default().replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Returns the content of every element with this opening tag.
    fn contents<'a>(html: &'a str, open: &str, close: &str) -> Vec<&'a str> {
        let parts = html.split(open).skip(1);
        parts.map(|part| part.split_once(close).expect("an end").0).collect()
    }

    #[test]
    fn data_never_end_their_element_and_are_read_back_as_they_were() {
        let hostile = json!({
            "title": "</script><script>alert(1)</script><!--<script>",
            "{library}": ["{script}", "]]>", "\u{2028}\u{202e}", "<img src=x onerror=alert(1)>"],
        });
        let html = Page::file(&hostile).html;
        assert_eq!(html.matches("</script>").count(), 3);
        let data = contents(&html, r#"<script type="application/json" id="report">"#, "</script>");
        assert!(!data[0].contains('<'), "{}", data[0]);
        assert_eq!(serde_json::from_str::<Value>(data[0]).unwrap(), hostile);
    }

    #[test]
    fn the_policy_names_exactly_the_scripts_and_the_style_of_the_page() {
        for html in [Page::file(&json!({})).html, Page::served(&json!({})).html] {
            let policy = contents(&html, r#"Policy" content=""#, "\">")[0];
            let scripts = contents(&html, "<script>", "</script>");
            let styles =
                contents(&html, r#"<style id="__________cytoscape_stylesheet">"#, "</style>");
            assert_eq!((scripts.len(), styles.len()), (2, 1));
            let named = |directive: &str, sources: Vec<String>| {
                policy.contains(&format!("; {directive} {};", sources.join(" ")))
            };
            assert!(named("script-src", scripts.into_iter().map(source).collect()), "{policy}");
            assert!(named("style-src", styles.into_iter().map(source).collect()), "{policy}");
            assert!(policy.starts_with("default-src 'none';"), "{policy}");
            assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
        }
        assert!(policy("'none'").contains("connect-src 'none';"));
    }

    /// Returns what HTML, CSS and scripts could load something with.
    fn loads(text: &str) -> Vec<&str> {
        let ways =
            ["src=", "@import", "url(", "import(", "importScripts", "<link", "<iframe", "<base"];
        ways.into_iter().filter(|way| text.contains(way)).collect()
    }

    #[test]
    fn the_page_loads_nothing_and_runs_no_text() {
        assert_eq!(loads(TEMPLATE), Vec::<&str>::new());
        assert_eq!(loads(STYLE), Vec::<&str>::new());
        assert_eq!(loads(SCRIPT), Vec::<&str>::new());
        for markup in
            ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "DOMParser"]
        {
            assert!(!SCRIPT.contains(markup), "{markup}");
        }
        for (name, part) in [("style", STYLE), ("library", LIBRARY), ("script", SCRIPT)] {
            let ends = ["</script", "</style", "<!--", "\r"];
            assert!(ends.iter().all(|end| !part.contains(end)), "{name}");
        }
        let attributes =
            TEMPLATE.split('<').filter(|tag| tag.contains(" on") && tag.contains("=\""));
        for tag in attributes {
            assert!(!tag.contains(" onclick") && !tag.contains(" onload"), "{tag}");
        }
    }

    #[test]
    fn the_library_is_carried_with_its_licence() {
        let licence = include_str!("cytoscape/LICENSE");
        let grant = licence.lines().nth(2).unwrap();
        assert!(LIBRARY.contains(grant), "{grant}");
        assert!(LIBRARY.contains("version=\"3.35.0\""));
    }
}
