//! A line diff with a little context.

/// Unchanged lines that are shown around a change.
const CONTEXT: usize = 3;

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Both,
    Old,
    New,
}

/// The changed lines, `-` before the old and `+` before the new ones; `…` where lines are left out.
pub(super) fn lines(old: &str, new: &str) -> String {
    let old: Vec<&str> = old.lines().collect();
    let new: Vec<&str> = new.lines().collect();
    let all = aligned(&old, &new);
    let near_change = |at: usize| {
        let around = at.saturating_sub(CONTEXT)..(at + CONTEXT + 1).min(all.len());
        all[around].iter().any(|(side, _)| *side != Side::Both)
    };
    let mut text = String::new();
    for (at, (side, line)) in all.iter().enumerate() {
        match side {
            Side::Old => text += &format!("- {line}\n"),
            Side::New => text += &format!("+ {line}\n"),
            Side::Both if near_change(at) => text += &format!("  {line}\n"),
            Side::Both if !text.ends_with("…\n") => text += "…\n",
            Side::Both => {}
        }
    }
    text
}

/// Every line with the side it stands on, along a longest common subsequence.
fn aligned<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<(Side, &'t str)> {
    let common = common_lengths(old, new);
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::with_capacity(old.len() + new.len());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push((Side::Both, old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || i < old.len() && common[i + 1][j] >= common[i][j + 1] {
            lines.push((Side::Old, old[i]));
            i += 1;
        } else {
            lines.push((Side::New, new[j]));
            j += 1;
        }
    }
    lines
}

/// At `[i][j]`: how many lines `old[i..]` and `new[j..]` have in common, in order.
fn common_lengths(old: &[&str], new: &[&str]) -> Vec<Vec<u32>> {
    let mut common = vec![vec![0; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] = match old[i] == new[j] {
                true => common[i + 1][j + 1] + 1,
                false => common[i + 1][j].max(common[i][j + 1]),
            };
        }
    }
    common
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn changes_stand_between_their_neighbours() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        let new = "1\n2\n3\n4\nfive\n6\n7\n8\n9\n";
        assert_eq!(lines(old, new), "…\n  2\n  3\n  4\n- 5\n+ five\n  6\n  7\n  8\n…\n");
    }

    #[test]
    fn moved_and_added_lines() {
        assert_eq!(lines("a\nb\nc\n", "b\nc\nd\n"), "- a\n  b\n  c\n+ d\n");
        assert_eq!(lines("", "a\n"), "+ a\n");
        assert_eq!(lines("a\n", ""), "- a\n");
        assert_eq!(lines("a\n", "a\n"), "…\n");
    }
}
