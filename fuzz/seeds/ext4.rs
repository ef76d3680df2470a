//! Where the search for filesystems that break the reader begins: two that mke2fs made, of directories in one block and hashed, links, attributes in
//! and outside of inodes, and a file of too many pieces for its inode. They have no checksums, which a search could not get past. The tests of the
//! image crate read them too.

/// Lines of an offset and the bytes there, both hexadecimal; what is not told is zero, and the first line is the length.
const IMAGES: [(&str, &str); 2] = [("extents", include_str!("ext4/extents")), ("block-map", include_str!("ext4/block-map"))];

/// Filesystems by name.
pub(crate) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    IMAGES.into_iter().filter_map(|(name, text)| Some((name, image(text)?))).collect()
}

fn image(text: &str) -> Option<Vec<u8>> {
    let number = |digits: &str| usize::from_str_radix(digits, 16).ok();
    let mut lines = text.lines();
    let mut image = vec![0; number(lines.next()?)?];
    for line in lines {
        let (offset, digits) = line.split_once(' ')?;
        for (at, pair) in (number(offset)?..).zip(digits.as_bytes().chunks(2)) {
            *image.get_mut(at)? = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
    }
    Some(image)
}
