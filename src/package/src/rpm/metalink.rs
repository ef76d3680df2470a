//! Where a repository's mirrors are: a metalink, which also says what `repomd.xml` must be, or a plain list.
//!
//! The format is Metalink 3.0 with MirrorManager's `mm0:alternates`, the states before this one that a mirror may still have.

use std::cmp::Reverse;

use super::MetadataFault;
use super::checksum::RpmChecksum;
use super::repomd::read_checksum;
use super::xml::{Step, Xml};

/// What a metalink says of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metalink {
    /// The addresses of the repository, without `repodata/repomd.xml`, the most preferred first.
    pub mirrors: Vec<String>,
    /// What `repomd.xml` may be: its present state first, then the ones before it.
    pub states: Vec<RepomdState>,
}

/// A `repomd.xml` by size and checksum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepomdState {
    /// The strongest of the checksums that are given.
    pub checksum: RpmChecksum,
    /// In bytes.
    pub size: Option<u64>,
    /// Seconds since 1970.
    pub timestamp: Option<u64>,
}

impl Metalink {
    /// Which of the states these bytes are; 0 is the present one, none if they are not the repository's at all.
    #[must_use]
    pub fn state_of(&self, repomd: &[u8]) -> Option<usize> {
        let length = u64::try_from(repomd.len()).ok();
        self.states.iter().position(|state| (state.size.is_none() || state.size == length) && state.checksum.matches(repomd))
    }
}

/// What follows a repository's address.
const REPOMD: &str = "repodata/repomd.xml";

/// Reads a metalink.
///
/// # Errors
/// When it is malformed, names no mirror that can be fetched from (only `http` and `https` can), or gives `repomd.xml` no strong checksum.
pub fn parse_metalink(bytes: &[u8]) -> Result<Metalink, MetadataFault> {
    let mut xml = Xml::new(bytes, "metalink")?;
    let mut reading = Reading::default();
    loop {
        match xml.step()? {
            Step::Open if xml.name() == "files" => {}
            Step::Open if xml.name() == "file" => {
                if xml.attribute("name")?.as_deref() == Some("repomd.xml") {
                    reading.file(&mut xml)?;
                } else {
                    xml.skip()?;
                }
            }
            Step::Open => xml.skip()?,
            Step::Close => {}
            Step::End => break,
        }
    }
    if reading.states.is_empty() {
        return Err(xml.refuse("it gives no SHA-256 or SHA-512 of `repomd.xml`"));
    }
    if reading.mirrors.is_empty() {
        return Err(xml.refuse("it has no mirror with an address of `http` or `https`"));
    }
    reading.mirrors.sort_by_key(|(preference, _)| Reverse(*preference));
    Ok(Metalink { mirrors: reading.mirrors.into_iter().map(|(_, mirror)| mirror).collect(), states: reading.states })
}

#[derive(Debug, Default)]
struct Reading {
    mirrors: Vec<(u64, String)>,
    states: Vec<RepomdState>,
}

impl Reading {
    fn file(&mut self, xml: &mut Xml<&[u8]>) -> Result<(), MetadataFault> {
        if !self.states.is_empty() {
            return Err(xml.refuse("`repomd.xml` is there twice"));
        }
        self.states = self.state(xml, true)?;
        Ok(())
    }

    /// The state that the element that began last describes, and with the present one the mirrors and the earlier states.
    fn state(&mut self, xml: &mut Xml<&[u8]>, is_present: bool) -> Result<Vec<RepomdState>, MetadataFault> {
        let (mut size, mut timestamp, mut checksums, mut earlier) = (None, None, Vec::new(), Vec::new());
        while xml.child()? {
            match xml.name() {
                "size" => size = Some(xml.leaf_number()?),
                "mm0:timestamp" => timestamp = Some(xml.leaf_number()?),
                "verification" => {
                    while xml.child()? {
                        if xml.name() == "hash" { checksums.extend(read_checksum(xml)?.ok()) } else { xml.skip()? }
                    }
                }
                "mm0:alternates" if is_present => {
                    while xml.child()? {
                        if xml.name() == "mm0:alternate" { earlier.extend(self.state(xml, false)?) } else { xml.skip()? }
                    }
                }
                "resources" if is_present => self.resources(xml)?,
                _ => xml.skip()?,
            }
        }
        let strongest = checksums.into_iter().max_by_key(|checksum| checksum.hex().len());
        let present = strongest.map(|checksum| RepomdState { checksum, size, timestamp });
        // Without the present state's checksum the earlier ones prove nothing of it.
        Ok(present.into_iter().flat_map(|present| std::iter::once(present).chain(std::mem::take(&mut earlier))).collect())
    }

    fn resources(&mut self, xml: &mut Xml<&[u8]>) -> Result<(), MetadataFault> {
        while xml.child()? {
            if xml.name() != "url" {
                xml.skip()?;
                continue;
            }
            let preference = xml.attribute("preference")?.and_then(|number| number.parse().ok()).unwrap_or(0);
            let mirror = xml.leaf()?.strip_suffix(REPOMD).filter(|mirror| is_fetchable(mirror)).map(str::to_owned);
            self.mirrors.extend(mirror.map(|mirror| (preference, mirror)));
        }
        Ok(())
    }
}

/// Reads a plain list of mirrors: an address to a line, `#` before what is none. Those that can't be fetched from are left out.
#[must_use]
pub fn parse_mirrorlist(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| is_fetchable(line)).map(str::to_owned).collect()
}

fn is_fetchable(address: &str) -> bool {
    let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(|sign: char| sign.is_whitespace() || sign.is_control()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(kind: &str, digit: &str, length: usize) -> String {
        format!("<hash type=\"{kind}\">{}</hash>", digit.repeat(length))
    }

    fn read(file: &str) -> Result<Metalink, MetadataFault> {
        parse_metalink(format!("<metalink><files><file name=\"repomd.xml\">{file}</file></files></metalink>").as_bytes())
    }

    #[test]
    fn mirrors_and_states_are_read() {
        let sums = [hash("md5", "a", 32), hash("sha256", "b", 64), hash("sha512", "c", 128)].concat();
        let link = read(&format!(
            "<mm0:timestamp>5</mm0:timestamp><size>7</size><verification>{sums}</verification><mm0:alternates><mm0:alternate><size>8</size>\
             <verification>{}</verification></mm0:alternate></mm0:alternates><resources>\
             <url protocol=\"rsync\" preference=\"100\">rsync://a/repodata/repomd.xml</url>\
             <url preference=\"90\">http://b/f/repodata/repomd.xml</url><url preference=\"99\">https://c/repodata/repomd.xml</url></resources>",
            hash("sha256", "d", 64)
        ))
        .unwrap();
        assert_eq!(link.mirrors, ["https://c/", "http://b/f/"]);
        let states: Vec<_> = link.states.iter().map(|state| (state.checksum.kind(), state.size, state.timestamp)).collect();
        assert_eq!(states, [("sha512", Some(7), Some(5)), ("sha256", Some(8), None)]);
        assert_eq!(link.state_of(b"1234567"), None);
    }

    #[test]
    fn one_that_proves_nothing_is_refused() {
        let url = "<resources><url>http://b/repodata/repomd.xml</url></resources>";
        let strong = format!("<verification>{}</verification>", hash("sha256", "b", 64));
        assert!(read(&[url, &strong].concat()).is_ok());
        let weak = format!("{url}<verification>{}</verification>", hash("sha1", "b", 40));
        for bad in ["", url, &strong, &weak, &format!("{strong}<size>x</size>{url}")] {
            assert!(matches!(read(bad), Err(MetadataFault::Malformed { .. })), "{bad}");
        }
    }

    #[test]
    fn plain_lists_are_read() {
        assert_eq!(parse_mirrorlist("# x\nhttp://a/ \n\nftp://b/\nhttps://c/d\nhttp://\n"), ["http://a/", "https://c/d"]);
    }
}
