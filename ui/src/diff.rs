//! What differs between two texts, line by line: the shortest way from one to the other.

/// How a line stands in both texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// In both.
    Both,
    /// In the old one alone.
    Old,
    /// In the new one alone.
    New,
}

/// More lines than this are not compared: the table of the comparison grows with their product.
const LINES_MAX: usize = 1_000;

/// Lines of both texts in their order; `None` if they are too long to compare.
#[must_use]
pub fn lines<'a>(old: &'a str, new: &'a str) -> Option<Vec<(Side, &'a str)>> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    if old.len() > LINES_MAX || new.len() > LINES_MAX {
        return None;
    }
    // Length of the longest common part behind each pair of places.
    let width = new.len() + 1;
    let mut common = vec![0_u16; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i * width + j] = if old[i] == new[j] {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j, mut found) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            found.push((Side::Both, old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && common[(i + 1) * width + j] >= common[i * width + j + 1]) {
            found.push((Side::Old, old[i]));
            i += 1;
        } else {
            found.push((Side::New, new[j]));
            j += 1;
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::{Side, lines};

    #[test]
    fn both_texts_can_be_read_back() {
        let (old, new) = ("a\nb\nc\nd", "a\nc\nx\nd\ne");
        let found = lines(old, new).unwrap();
        let side = |out: Side| found.iter().filter(|(s, _)| *s != out).map(|(_, l)| *l).collect::<Vec<_>>().join("\n");
        assert_eq!((side(Side::New), side(Side::Old)), (old.to_owned(), new.to_owned()));
        assert_eq!(found.iter().filter(|(side, _)| *side == Side::Both).count(), 3);
        assert_eq!(lines(&"a\n".repeat(2_000), "a"), None);
    }
}
