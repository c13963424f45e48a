//! A table without lines that fits its width: columns give way in a fixed order, no word is broken,
//! and a column without any text is left out.

use std::fmt::{self, Display, Formatter};

use console::{Alignment, measure_text_width, pad_str, truncate_str};

use crate::terminal::{Tone, printable, width};

/// Between two columns.
const GAP: usize = 2;

/// How a column gives way where the table is too wide.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Narrow {
    /// It stays as it is.
    Keep,
    /// Its texts lose their ends, down to this width.
    Cut(usize),
    /// Its texts lose their middles, down to this width; people compare the ends of hashes.
    Middle(usize),
    /// Its texts take several lines, of this width at least.
    Wrap(usize),
    /// Its texts stand below the rows, each whole and on a line of its own.
    Below,
    /// It is left out, if nothing else helps.
    Spare,
}

/// A text in a table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

/// A table.
pub(crate) struct Grid {
    columns: Vec<(&'static str, Narrow)>,
    rows: Vec<Vec<Cell>>,
    indent: usize,
}

/// A column as it is printed.
#[derive(Clone, Copy)]
struct Shown {
    at: usize,
    width: usize,
    narrow: Narrow,
}

impl Cell {
    pub(crate) fn toned(text: impl AsRef<str>, tone: Tone) -> Self {
        Self { text: printable(text.as_ref()), tone }
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::toned(text, Tone::Plain)
    }
}

impl Grid {
    /// Returns an empty table with these columns. Without any title it has no header.
    pub(crate) fn new(columns: impl IntoIterator<Item = (&'static str, Narrow)>) -> Self {
        Self { columns: columns.into_iter().collect(), rows: Vec::new(), indent: 0 }
    }

    /// Returns an empty table that stands below a heading.
    pub(crate) fn indented(columns: impl IntoIterator<Item = (&'static str, Narrow)>) -> Self {
        Self { indent: GAP, ..Self::new(columns) }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Returns the lines, which are no wider than this where the columns can give way that far.
    pub(crate) fn lines(&self, width: usize) -> Vec<String> {
        let columns = self.fitting(width.saturating_sub(self.indent));
        let titles = self.columns.iter().map(|(title, _)| Cell::toned(title, Tone::Heading));
        let header = self.columns.iter().any(|(title, _)| !title.is_empty());
        let header = header.then(|| self.row_lines(&titles.collect::<Vec<_>>(), &columns, false));
        let rows = self.rows.iter().flat_map(|row| self.row_lines(row, &columns, true));
        header.into_iter().flatten().chain(rows).collect()
    }

    /// Returns the columns that fit: texts move below the rows first, then columns become narrower from
    /// the right, then spare ones are left out from the right.
    fn fitting(&self, width: usize) -> Vec<Shown> {
        let natural = (0..self.columns.len()).filter_map(|at| self.natural(at));
        let mut columns: Vec<_> = natural.collect();
        if excess(&columns, width) > 0 {
            columns.retain(|column| column.narrow != Narrow::Below);
        }
        loop {
            let narrowed = narrowed(&columns, width);
            let spare = columns.iter().rposition(|column| column.narrow == Narrow::Spare);
            match spare {
                Some(spare) if excess(&narrowed, width) > 0 => columns.remove(spare),
                _ => return narrowed,
            };
        }
    }

    /// Returns a column in its full width; none where it has no text.
    fn natural(&self, at: usize) -> Option<Shown> {
        let (title, narrow) = self.columns.get(at)?;
        let texts = self.rows.iter().filter_map(|row| row.get(at));
        let widest = texts.map(|cell| measure_text_width(&cell.text)).max().unwrap_or_default();
        let width = widest.max(measure_text_width(title));
        (widest > 0).then_some(Shown { at, width, narrow: *narrow })
    }

    fn row_lines(&self, row: &[Cell], columns: &[Shown], has_texts_below: bool) -> Vec<String> {
        let empty = Cell::default();
        let cell = |column: &Shown| row.get(column.at).unwrap_or(&empty);
        let parts: Vec<_> = columns.iter().map(|column| column.parts(&cell(column).text)).collect();
        let height = parts.iter().map(Vec::len).max().unwrap_or_default();
        let line = |at: usize| {
            let parts = columns.iter().zip(&parts).map(|(column, parts)| {
                let text = parts.get(at).map_or("", String::as_str);
                pad_str(&cell(column).tone.paint(text), column.width, Alignment::Left, None)
                    .into_owned()
            });
            let line = parts.collect::<Vec<_>>().join(&" ".repeat(GAP));
            format!("{:indent$}{}", "", line.trim_end(), indent = self.indent)
        };
        let mut lines: Vec<_> = (0..height).map(line).collect();
        let is_below = |at: &usize| {
            matches!(self.columns.get(*at), Some((_, Narrow::Below)))
                && columns.iter().all(|column| column.at != *at)
        };
        for at in (0..row.len()).filter(is_below).filter(|_| has_texts_below) {
            let (Some(cell), Some((title, _))) = (row.get(at), self.columns.get(at)) else {
                continue;
            };
            if !cell.text.is_empty() {
                let text = cell.tone.paint(&format!("{title}: {}", cell.text));
                lines.push(format!("{:indent$}{text}", "", indent = self.indent + GAP));
            }
        }
        lines
    }
}

impl Display for Grid {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines(width()).join("\n"))
    }
}

impl Shown {
    /// Returns a text's lines.
    fn parts(&self, text: &str) -> Vec<String> {
        match self.narrow {
            Narrow::Wrap(_) => {
                let options = textwrap::Options::new(self.width).break_words(false);
                let lines = textwrap::wrap(text, options);
                lines.into_iter().map(std::borrow::Cow::into_owned).collect()
            }
            Narrow::Middle(_) => vec![without_middle(text, self.width)],
            _ => vec![truncate_str(text, self.width, "…").into_owned()],
        }
    }

    fn least(&self) -> usize {
        match self.narrow {
            Narrow::Cut(least) | Narrow::Middle(least) | Narrow::Wrap(least) => least,
            Narrow::Keep | Narrow::Below | Narrow::Spare => self.width,
        }
    }
}

/// Returns by how much the columns are wider than this.
fn excess(columns: &[Shown], width: usize) -> usize {
    let texts: usize = columns.iter().map(|column| column.width).sum();
    (texts + GAP * columns.len().saturating_sub(1)).saturating_sub(width)
}

/// Returns the columns, narrower where they have to be and can be.
fn narrowed(columns: &[Shown], width: usize) -> Vec<Shown> {
    let mut columns = columns.to_vec();
    let mut excess = excess(&columns, width);
    for column in columns.iter_mut().rev() {
        let by = excess.min(column.width.saturating_sub(column.least()));
        column.width -= by;
        excess -= by;
    }
    columns
}

/// Returns the two ends of a text that is wider than this.
pub(super) fn without_middle(text: &str, width: usize) -> String {
    let letters: Vec<char> = text.chars().collect();
    let kept = width.saturating_sub(1);
    if letters.len() <= width {
        return text.to_owned();
    }
    let (first, last) = (kept - kept / 3, kept / 3);
    let ends = letters[..first].iter().chain(['…'].iter()).chain(&letters[letters.len() - last..]);
    ends.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(narrow: [Narrow; 3]) -> Grid {
        let mut grid = Grid::new(["First", "Second", "Third"].into_iter().zip(narrow));
        grid.row(["one".into(), "two and two".into(), "three times three".into()]);
        grid.row(["1".into(), "2".into(), "".into()]);
        grid
    }

    #[track_caller]
    fn check(narrow: [Narrow; 3], width: usize, expected: &[&str]) {
        assert_eq!(grid(narrow).lines(width), expected);
    }

    #[test]
    fn columns_give_way_from_the_right_and_no_further_than_they_can() {
        use Narrow::{Cut, Keep, Wrap};
        let whole =
            ["First  Second       Third", "one    two and two  three times three", "1      2"];
        check([Keep, Cut(4), Cut(8)], 37, &whole);
        check(
            [Keep, Cut(4), Cut(8)],
            30,
            &["First  Second       Third", "one    two and two  three tim…", "1      2"],
        );
        check(
            [Keep, Cut(4), Cut(8)],
            22,
            &["First  Seco…  Third", "one    two …  three t…", "1      2"],
        );
        check(
            [Keep, Keep, Wrap(5)],
            27,
            &[
                "First  Second       Third",
                "one    two and two  three",
                "                    times",
                "                    three",
                "1      2",
            ],
        );
    }

    #[test]
    fn texts_move_below_and_spare_columns_are_left_out() {
        use Narrow::{Below, Cut, Keep, Spare};
        check(
            [Keep, Spare, Below],
            40,
            &["First  Second       Third", "one    two and two  three times three", "1      2"],
        );
        check(
            [Keep, Spare, Below],
            20,
            &["First  Second", "one    two and two", "  Third: three times three", "1      2"],
        );
        check([Keep, Spare, Cut(9)], 20, &["First  Third", "one    three times …", "1"]);
    }

    #[test]
    fn a_column_without_texts_is_left_out() {
        let mut grid = Grid::indented([("A", Narrow::Keep), ("B", Narrow::Keep)]);
        grid.row(["a".into(), "".into()]);
        assert_eq!(grid.lines(80), ["  A", "  a"]);
    }

    #[test]
    fn wide_letters_count_twice_and_control_characters_are_replaced() {
        let mut grid = Grid::new([("", Narrow::Cut(6)), ("", Narrow::Keep)]);
        grid.row(["請求書請求書".into(), "x\u{1b}[2J".into()]);
        assert_eq!(grid.lines(13), ["請求…   x\u{fffd}[2J"]);
    }

    #[test]
    fn the_ends_of_a_hash_stay() {
        assert_eq!(without_middle("0123456789abcdef", 16), "0123456789abcdef");
        assert_eq!(without_middle("0123456789abcdef", 10), "012345…def");
    }
}
