//! Markdown tables, and where they stand in a page: between `<!-- table: name -->` and
//! `<!-- end -->`.

use crate::Outcome;

const START: &str = "<!-- table: ";
const NAME_END: &str = " -->\n";
const END: &str = "<!-- end -->";

/// Alignment of all columns but the first, which is always left-aligned.
#[derive(Clone, Copy)]
pub(super) enum Align {
    Left,
    Right,
}

/// Returns a Markdown table.
pub(super) fn markdown(
    header: &[impl AsRef<str>],
    align: Align,
    rows: impl IntoIterator<Item = Vec<String>>,
) -> String {
    let rule = match align {
        Align::Left => "---",
        Align::Right => "---:",
    };
    let header: Vec<_> = header.iter().map(|cell| cell.as_ref().to_owned()).collect();
    let rules = (0..header.len()).map(|column| if column == 0 { "---" } else { rule }.to_owned());
    let rules = rules.collect();
    let lines = [header, rules].into_iter().chain(rows);
    lines.map(|cells| format!("| {} |\n", cells.join(" | "))).collect()
}

/// Returns the page with every table replaced by what `table` returns for its name.
///
/// # Errors
///
/// A mark without its end, or the error of `table`.
pub(super) fn fill(page: &str, table: impl Fn(&str) -> Outcome<String>) -> Outcome<String> {
    let mut filled = String::new();
    let mut rest = page;
    while let Some((before, after)) = rest.split_once(START) {
        let (name, after) = after.split_once(NAME_END).ok_or("a table's mark has no end")?;
        let (_, after) = after.split_once(END).ok_or_else(|| format!("table {name} has no end"))?;
        filled += &format!("{before}{START}{name}{NAME_END}\n{}\n{END}", table(name)?);
        rest = after;
    }
    Ok(filled + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_header_and_aligned_columns() {
        let rows = [vec!["x".to_owned(), "1".to_owned()]];
        let table = markdown(&["name", "count"], Align::Right, rows);
        assert_eq!(table, "| name | count |\n| --- | ---: |\n| x | 1 |\n");
    }

    #[test]
    fn only_the_text_between_the_marks_is_replaced() {
        let page = "a\n<!-- table: t 1 -->\nold\n<!-- end -->\nb";
        let filled = fill(page, |name| Ok(format!("[{name}]\n"))).unwrap();
        assert_eq!(filled, "a\n<!-- table: t 1 -->\n\n[t 1]\n\n<!-- end -->\nb");
        assert_eq!(fill(&filled, |_| Ok("[t 1]\n".to_owned())).unwrap(), filled);
        assert!(fill("<!-- table: t -->\n", |_| Ok(String::new())).is_err());
    }
}
