//! A gpkg's `Manifest` (GLEP 74, of which GLEP 78 takes lines of one kind): `DATA NAME SIZE HASH VALUE …`.

use super::BinaryFault;
use super::container::MOST_PARTS;

/// What the Manifest says of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) name: &'a str,
    pub(super) size: u64,
    /// Lower-case hexadecimal digits; at least one of the two is there.
    pub(super) sha512: Option<&'a str>,
    pub(super) blake2b: Option<&'a str>,
}

/// Every part, each once. Lines of other kinds say nothing of the parts.
pub(super) fn parse(text: &str) -> Result<Vec<Line<'_>>, BinaryFault> {
    let mut parsed: Vec<Line<'_>> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let refuse = |reason: &str| BinaryFault::Manifest { line: number + 1, reason: reason.to_owned() };
        let mut words = line.split_ascii_whitespace();
        if words.next() != Some("DATA") {
            continue;
        }
        let (name, size) = (words.next(), words.next().and_then(|size| size.parse().ok()));
        let (Some(name), Some(size)) = (name, size) else { return Err(refuse("it has no name or no size")) };
        let mut part = Line { name, size, sha512: None, blake2b: None };
        while let Some(hash) = words.next() {
            let value = words.next().ok_or_else(|| refuse("a hash has no value"))?;
            match hash {
                "SHA512" => part.sha512 = Some(value),
                "BLAKE2B" => part.blake2b = Some(value),
                // Whatever else is there counts beside these, never in their place.
                _ => {}
            }
        }
        if part.sha512.is_none() && part.blake2b.is_none() {
            return Err(refuse("it has neither SHA512 nor BLAKE2B"));
        }
        if parsed.len() == MOST_PARTS {
            return Err(refuse("there are more parts than a package has"));
        }
        if parsed.iter().any(|known| known.name == name) {
            return Err(refuse("a part is there twice"));
        }
        parsed.push(part);
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_few() {
        let lines = |count: usize| (0..count).map(|number| format!("DATA {number} 0 SHA512 aa\n")).collect::<String>();
        assert_eq!(parse(&lines(MOST_PARTS)).unwrap().len(), MOST_PARTS);
        assert!(matches!(parse(&lines(MOST_PARTS + 1)), Err(BinaryFault::Manifest { line: 33, .. })));
    }

    #[test]
    fn parts_have_strong_hashes() {
        let parsed = parse("TIMESTAMP x\nDATA gpkg-1 0 SHA512 aa MD5 bb\nDATA b 7 BLAKE2B cc\n").unwrap();
        assert_eq!(parsed.iter().map(|line| (line.name, line.size)).collect::<Vec<_>>(), [("gpkg-1", 0), ("b", 7)]);
        assert_eq!((parsed[0].sha512, parsed[0].blake2b, parsed[1].blake2b), (Some("aa"), None, Some("cc")));
        for bad in [
            "DATA",
            "DATA a",
            "DATA a x",
            "DATA a -1",
            "DATA a 1",
            "DATA a 1 MD5 b",
            "DATA a 1 SHA512",
            "DATA a 1 SHA512 b\nDATA a 1 SHA512 b",
        ] {
            assert!(matches!(parse(bad), Err(BinaryFault::Manifest { .. })), "{bad}");
        }
    }
}
