//! Names that may have been meant.

use super::super::universe::Universe;

/// How many are worth reading.
const MOST: usize = 4;

/// Real packages whose names are close to an unknown one, the closest first.
pub(super) fn near_names(universe: &Universe, name: &str) -> Vec<String> {
    let limit = 1 + name.chars().count() / 4;
    let real = universe.names().filter(|id| !universe.versions(*id).is_empty()).map(|id| universe.name(id));
    let mut near: Vec<_> = real.filter_map(|known| Some((closeness(name, known, limit)?, known))).collect();
    near.sort_unstable();
    near.into_iter().take(MOST).map(|(_, known)| known.to_owned()).collect()
}

/// The edit distance, when it is at most `limit`; a name that differs in dashes, digits at the end or case alone is closer.
fn closeness(wanted: &str, known: &str, limit: usize) -> Option<usize> {
    let plain = |name: &str| name.to_ascii_lowercase().replace(['-', '_', '.'], "");
    if plain(wanted) == plain(known) {
        return Some(0);
    }
    if wanted.len().abs_diff(known.len()) > limit {
        return None;
    }
    let distance = edit_distance(wanted, known);
    (distance <= limit).then_some(distance)
}

/// Insertions, deletions, replacements and swaps of neighbours.
fn edit_distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut rows = vec![vec![0; right.len() + 1]; left.len() + 1];
    for i in 0..=left.len() {
        for j in 0..=right.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = rows[i - 1][j - 1] + usize::from(left[i - 1] != right[j - 1]);
                let moved = rows[i - 1][j].min(rows[i][j - 1]) + 1;
                let swapped = i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
                let best = replaced.min(moved);
                if swapped { best.min(rows[i - 2][j - 2] + 1) } else { best }
            };
        }
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_single_changes() {
        for (left, right, distance) in
            [("", "", 0), ("vim", "vim", 0), ("vmi", "vim", 1), ("vi", "vim", 1), ("nginxx", "nginx", 1), ("abc", "xyz", 3)]
        {
            assert_eq!(edit_distance(left, right), distance, "{left} {right}");
        }
        assert_eq!(closeness("open_sshserver", "openssh-server", 1), Some(0));
        assert_eq!(closeness("vim", "emacs", 1), None);
    }
}
