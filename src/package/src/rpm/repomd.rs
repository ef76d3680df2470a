//! `repodata/repomd.xml`: which files a repository's metadata are in, and what their checksums are.

use super::MetadataFault;
use super::checksum::{RpmChecksum, RpmChecksumError};
use super::primary::check_location;
use super::xml::{Step, Xml};

/// What a repository consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repomd {
    /// What the repository calls this state of it, often the time; empty if it says nothing.
    pub revision: String,
    /// In the file's order, each kind once.
    pub files: Vec<RepomdFile>,
}

/// A file of metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepomdFile {
    /// `primary`, `filelists`, `group`, `modules`, …
    pub kind: String,
    /// Below the repository: `repodata/…-primary.xml.zst`.
    pub location: String,
    /// The address that the location belongs to, if not the repository's.
    pub base: Option<String>,
    /// Of the file as it is fetched.
    pub checksum: RpmChecksum,
    /// Of what it unpacks to.
    pub open_checksum: Option<RpmChecksum>,
    /// In bytes, as fetched.
    pub size: Option<u64>,
    /// In bytes, unpacked.
    pub open_size: Option<u64>,
    /// Seconds since 1970.
    pub timestamp: Option<u64>,
}

impl Repomd {
    /// The file of a kind. Of groups the one that is packed, if there are two.
    #[must_use]
    pub fn file(&self, kind: &str) -> Option<&RepomdFile> {
        let packed = match kind {
            "group" => self.files.iter().find(|file| matches!(file.kind.as_str(), "group_gz" | "group_xz" | "group_zst")),
            _ => None,
        };
        packed.or_else(|| self.files.iter().find(|file| file.kind == kind))
    }

    /// Whether the repository has modules; packages that only they make visible are chosen from like all others.
    #[must_use]
    pub fn has_modules(&self) -> bool {
        self.file("modules").is_some()
    }

    /// The newest of its files' times, in seconds since 1970.
    #[must_use]
    pub fn timestamp(&self) -> Option<u64> {
        self.files.iter().filter_map(|file| file.timestamp).max()
    }
}

/// Reads `repomd.xml`.
///
/// # Errors
/// When it is malformed, has no `primary`, a kind twice, or a location outside of the repository. Files of kinds that aren't used here are left out
/// if their checksums are weak; for the others that is an error.
pub fn parse_repomd(bytes: &[u8]) -> Result<Repomd, MetadataFault> {
    let mut xml = Xml::new(bytes, "repomd")?;
    let mut repomd = Repomd { revision: String::new(), files: Vec::new() };
    loop {
        match xml.step()? {
            Step::Open if xml.name() == "revision" => repomd.revision = xml.leaf()?.to_owned(),
            Step::Open if xml.name() == "data" => {
                let kind = xml.attribute("type")?.unwrap_or_default();
                xml.set_within(&kind);
                if repomd.files.iter().any(|file| file.kind == kind) {
                    return Err(xml.refuse("this kind of file is there twice"));
                }
                repomd.files.extend(read_data(&mut xml, kind)?);
                xml.set_within("");
            }
            Step::Open => xml.skip()?,
            Step::Close => {}
            Step::End if repomd.file("primary").is_none() => return Err(xml.refuse("there is no file of kind `primary`")),
            Step::End => return Ok(repomd),
        }
    }
}

fn read_data(xml: &mut Xml<&[u8]>, kind: String) -> Result<Option<RepomdFile>, MetadataFault> {
    let (mut location, mut base) = (None, None);
    let (mut checksum, mut open_checksum) = (None, None);
    let (mut size, mut open_size, mut timestamp) = (None, None, None);
    while xml.child()? {
        let element = xml.name().to_owned();
        let is_new = match element.as_str() {
            "location" => {
                base = xml.attribute("xml:base")?;
                let is_new = location.replace(xml.attribute("href")?.unwrap_or_default()).is_none();
                xml.skip()?;
                is_new
            }
            "checksum" => checksum.replace(read_checksum(xml)?).is_none(),
            "open-checksum" => open_checksum.replace(read_checksum(xml)?).is_none(),
            "size" => size.replace(xml.leaf_number()?).is_none(),
            "open-size" => open_size.replace(xml.leaf_number()?).is_none(),
            "timestamp" => timestamp.replace(read_time(xml)?).is_none(),
            _ => {
                xml.skip()?;
                true
            }
        };
        if !is_new {
            return Err(xml.refuse(&format!("`{element}` is there twice")));
        }
    }
    let is_used = matches!(kind.as_str(), "primary" | "filelists" | "group" | "modules") || kind.starts_with("group_");
    let checksum = match checksum.ok_or_else(|| xml.refuse("it has no checksum"))? {
        Err(RpmChecksumError::Weak { .. }) if !is_used => return Ok(None),
        sum => sum.map_err(|error| xml.refuse(&error.to_string()))?,
    };
    let location = location.ok_or_else(|| xml.refuse("it has no location"))?;
    check_location(&location).map_err(|reason| xml.refuse(reason))?;
    let open_checksum = open_checksum.and_then(Result::ok);
    Ok(Some(RepomdFile { kind, location, base, checksum, open_checksum, size, open_size, timestamp }))
}

/// The checksum of the element that began last, if it is one.
pub(super) fn read_checksum(xml: &mut Xml<&[u8]>) -> Result<Result<RpmChecksum, RpmChecksumError>, MetadataFault> {
    let kind = xml.attribute("type")?.unwrap_or_default();
    Ok(RpmChecksum::parse(&kind, xml.leaf()?))
}

/// Old programs write fractions of seconds.
fn read_time(xml: &mut Xml<&[u8]>) -> Result<u64, MetadataFault> {
    let text = xml.leaf()?;
    let seconds = text.split('.').next().and_then(|seconds| seconds.parse().ok());
    seconds.ok_or_else(|| xml.refuse("its time is no number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(kind: &str, sum: &str, more: &str) -> String {
        let digits = if sum == "sha256" { "a".repeat(64) } else { "b".repeat(40) };
        format!("<data type=\"{kind}\"><checksum type=\"{sum}\">{digits}</checksum>{more}</data>")
    }

    fn read(inner: &str) -> Result<Repomd, MetadataFault> {
        parse_repomd(format!("<repomd xmlns=\"x\"><revision>17</revision>{inner}</repomd>").as_bytes())
    }

    #[test]
    fn files_are_read() {
        let more = "<location href=\"repodata/p.zst\"/><size>5</size><open-size>9</open-size><timestamp>17.25</timestamp>";
        let repomd =
            read(&[data("primary", "sha256", more), data("other", "sha", more), data("modules", "sha256", more)].concat()).unwrap();
        let primary = repomd.file("primary").unwrap();
        assert_eq!(
            (primary.location.as_str(), primary.size, primary.open_size, primary.timestamp),
            ("repodata/p.zst", Some(5), Some(9), Some(17))
        );
        assert_eq!((repomd.revision.as_str(), repomd.files.len(), repomd.has_modules()), ("17", 2, true));
    }

    #[test]
    fn what_can_not_be_trusted_is_refused() {
        let at = "<location href=\"repodata/p.zst\"/>";
        let twice = data("primary", "sha256", at).repeat(2);
        let cases = [
            String::new(),
            twice,
            data("primary", "sha", at),
            data("primary", "sha256", ""),
            data("primary", "sha256", &at.repeat(2)),
            data("primary", "sha256", "<location href=\"../p.zst\"/>"),
            data("primary", "sha256", "<location href=\"http://x/p.zst\"/>"),
            data("primary", "sha256", &format!("{at}<size>-1</size>")),
        ];
        for bad in cases {
            assert!(matches!(read(&bad), Err(MetadataFault::Malformed { .. })), "{bad}");
        }
    }
}
