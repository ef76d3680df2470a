//! Names with `*`, `?` and `[…]` in them.

/// Whether a text has a sign that stands for others.
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// Whether a text is what a pattern means, as fnmatch(3) says without flags. Linear for each star.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut place) = (0, 0);
    // Where the last star is, and how much it stands for.
    let mut star: Option<(usize, usize)> = None;
    while place < text.len() {
        if pattern.get(at) == Some(&'*') {
            star = Some((at, place));
            at += 1;
        } else if let Some(next) = pattern.get(at..).zip(text.get(place)).and_then(|(rest, sign)| one(rest, *sign)) {
            at += next;
            place += 1;
        } else if let Some((star_at, stood_for)) = &mut star {
            *stood_for += 1;
            (at, place) = (*star_at + 1, *stood_for);
        } else {
            return false;
        }
    }
    pattern.get(at..).is_some_and(|rest| rest.iter().all(|sign| *sign == '*'))
}

/// How many signs of the pattern stand for a sign; none if they don't.
fn one(pattern: &[char], sign: char) -> Option<usize> {
    match pattern {
        ['?', ..] => Some(1),
        ['[', rest @ ..] => {
            let (is_negated, rest) = match rest {
                ['!' | '^', rest @ ..] => (true, rest),
                _ => (false, rest),
            };
            // A bracket that comes first is meant itself.
            let Some(end) = rest.iter().skip(1).position(|end| *end == ']').map(|end| end + 1) else { return (sign == '[').then_some(1) };
            let class = rest.get(..end)?;
            let is_in = |class: &[char]| {
                let mut class = class;
                loop {
                    class = match class {
                        [] => return false,
                        [from, '-', to, ..] if (*from..=*to).contains(&sign) => return true,
                        [_, '-', _, rest @ ..] => rest,
                        [same, ..] if *same == sign => return true,
                        [_, rest @ ..] => rest,
                    };
                }
            };
            (is_in(class) != is_negated).then_some(1 + usize::from(is_negated) + end + 1)
        }
        [same, ..] if *same == sign => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_stand_for_others() {
        for (pattern, text, expected) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("*", "", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
            ("?", "é", true),
            ("?", "", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[]a]", "]", true),
            ("[a", "[a", true),
            ("lib*.so.[0-9]*", "libz.so.1", true),
            ("**a", "bba", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} for {text}");
        }
        assert!(!matches(&"*a".repeat(50), &"a".repeat(40)));
    }
}
