//! Patterns with `*`, `?` and `[…]`, as fnmatch(3) has them.

/// What a backslash means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backslash {
    /// The sign behind it, itself; fnmatch's default.
    Escapes,
    /// Itself (`FNM_NOESCAPE`).
    Literal,
}

/// Whether a pattern means all of a text. Both are bytes or characters, whichever `?` is to stand for. Takes time in proportion to the pattern times the text at most:
/// of the stars only the last is remembered, which is enough, since what it stands for can only grow.
pub(crate) fn matches<T: Copy + Ord + From<u8>>(pattern: &[T], text: &[T], backslash: Backslash) -> bool {
    let (mut rest, mut left) = (pattern, text);
    let mut star: Option<(&[T], &[T])> = None;
    loop {
        match rest.split_first() {
            Some((first, after)) if *first == T::from(b'*') => {
                star = Some((after, left));
                rest = after;
                continue;
            }
            Some(_) => {
                if let Some((after, shorter)) = matches_one(rest, left, backslash) {
                    (rest, left) = (after, shorter);
                    continue;
                }
            }
            None if left.is_empty() => return true,
            None => {}
        }
        let Some((after, [_, shorter @ ..])) = star else { return false };
        star = Some((after, shorter));
        (rest, left) = (after, shorter);
    }
}

/// What is left of both when the pattern's first item means the text's first sign.
fn matches_one<'a, 'b, T: Copy + Ord + From<u8>>(pattern: &'a [T], text: &'b [T], backslash: Backslash) -> Option<(&'a [T], &'b [T])> {
    let (sign, left) = text.split_first()?;
    let (first, rest) = pattern.split_first()?;
    let is = |byte: u8| *first == T::from(byte);
    if is(b'?') {
        return Some((rest, left));
    }
    // A bracket that nothing closes is itself.
    if is(b'[')
        && let Some((is_in, rest)) = set(rest, *sign)
    {
        return is_in.then_some((rest, left));
    }
    if is(b'\\') && backslash == Backslash::Escapes {
        return rest.split_first().and_then(|(escaped, rest)| (escaped == sign).then_some((rest, left)));
    }
    (first == sign).then_some((rest, left))
}

/// Whether the set, whose `[` is gone, has the sign, and what follows its `]`.
fn set<T: Copy + Ord + From<u8>>(pattern: &[T], sign: T) -> Option<(bool, &[T])> {
    let [close, dash] = [b']', b'-'].map(T::from);
    let (negated, mut rest) = match pattern {
        [first, rest @ ..] if [b'!', b'^'].map(T::from).contains(first) => (true, rest),
        _ => (false, pattern),
    };
    let (mut found, mut first) = (false, true);
    loop {
        match rest {
            [end, after @ ..] if *end == close && !first => return Some((found != negated, after)),
            [low, between, high, after @ ..] if *between == dash && *high != close => {
                found |= (*low..=*high).contains(&sign);
                rest = after;
            }
            [one, after @ ..] => {
                found |= *one == sign;
                rest = after;
            }
            [] => return None,
        }
        first = false;
    }
}
