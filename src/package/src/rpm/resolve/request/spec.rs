use crate::rpm::universe::{PackageId, RpmUniverse};

use super::super::pattern::{is_pattern, matches};
use super::super::providers::Providers;

/// A word taken apart as `NAME[-[EPOCH:]VERSION[-RELEASE]][.ARCHITECTURE]`, each part possibly a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Form<'a> {
    name: &'a str,
    epoch: Option<&'a str>,
    version: Option<&'a str>,
    release: Option<&'a str>,
    architecture: Option<&'a str>,
}

/// The ways a word can be taken apart, the ones with most parts first, and whether each is a name and nothing else.
///
/// dnf's order (libdnf's HY_FORMS_MOST_SPEC): name, version, release and architecture; name and architecture; name; name, version and release; name and
/// version.
pub(super) fn forms(word: &str) -> Vec<(Form<'_>, bool)> {
    if word.contains(|sign: char| matches!(sign, '(' | '/' | '=' | '<' | '>') || sign.is_whitespace()) {
        return Vec::new();
    }
    let plain = Form { name: word, epoch: None, version: None, release: None, architecture: None };
    let split = word.rsplit_once('.').filter(|(name, architecture)| !name.is_empty() && !architecture.contains(['-', ':']));
    let full = split.and_then(|(rest, architecture)| Some(Form { architecture: Some(architecture), ..with_release(rest)? }));
    let native = split.map(|(name, architecture)| Form { name, architecture: Some(architecture), ..plain.clone() });
    let in_order = [full, native.filter(|form| !form.name.contains(':')), Some(plain), with_release(word), with_version(word)];
    let forms = in_order.into_iter().enumerate().filter_map(|(place, form)| Some((form?, place == 2)));
    forms.collect()
}

fn with_release(word: &str) -> Option<Form<'_>> {
    let (rest, release) = word.rsplit_once('-').filter(|(_, release)| !release.is_empty() && !release.contains(':'))?;
    Some(Form { release: Some(release), ..with_version(rest)? })
}

fn with_version(word: &str) -> Option<Form<'_>> {
    let (name, version) = word.rsplit_once('-').filter(|(name, version)| !name.is_empty() && !version.is_empty())?;
    let (epoch, version) = match version.split_once(':') {
        Some((epoch, version)) if epoch.bytes().all(|digit| digit.is_ascii_digit()) => (Some(epoch), version),
        Some(_) => return None,
        None => (None, version),
    };
    Some(Form { name, epoch, version: Some(version), release: None, architecture: None })
}

impl Form<'_> {
    /// The packages that are meant, in their order.
    pub(super) fn find(&self, providers: &Providers<'_>) -> Vec<PackageId> {
        let universe = providers.universe;
        if is_pattern(self.name) {
            return universe.ids().filter(|id| self.is(universe, *id)).collect();
        }
        let named = universe.strings.lookup(self.name).map_or(&[][..], |name| providers.named(name));
        named.iter().filter(|id| self.is(universe, **id)).copied().collect()
    }

    /// Whether a package is meant.
    fn is(&self, universe: &RpmUniverse, id: PackageId) -> bool {
        let package = universe.package(id);
        let fits = |wanted: Option<&str>, found: &str| {
            wanted.is_none_or(|wanted| if is_pattern(wanted) { matches(wanted, found) } else { wanted == found })
        };
        if !fits(Some(self.name), universe.text(package.name)) || !fits(self.architecture, universe.text(package.architecture)) {
            return false;
        }
        if self.version.is_none() {
            return true;
        }
        let evr = crate::rpm::Evr::parse(universe.text(package.evr));
        let is_epoch = self.epoch.is_none_or(|epoch| epoch.parse() == Ok(evr.epoch));
        is_epoch && fits(self.version, &evr.version) && fits(self.release, &evr.release)
    }
}

/// The packages whose whole `NAME-[EPOCH:]VERSION-RELEASE.ARCHITECTURE` is what a pattern means; epochs count only if the pattern has one.
pub(in crate::rpm::resolve) fn titled(universe: &RpmUniverse, pattern: &str) -> Vec<PackageId> {
    if !is_pattern(pattern) || pattern.contains('/') {
        return Vec::new();
    }
    let has_epoch = pattern.contains(':');
    let is_meant = |id: &PackageId| {
        let package = universe.package(*id);
        let evr = universe.text(package.evr);
        let evr = if has_epoch { evr } else { evr.split_once(':').map_or(evr, |(_, rest)| rest) };
        matches(pattern, &format!("{}-{evr}.{}", universe.text(package.name), universe.text(package.architecture)))
    };
    universe.ids().filter(is_meant).collect()
}

/// The packages that a word among the excluded ones means.
pub(in crate::rpm::resolve) fn find_excluded(providers: &Providers<'_>, word: &str) -> Vec<PackageId> {
    let found = forms(word).into_iter().map(|(form, _)| form.find(providers)).find(|found| !found.is_empty());
    found.unwrap_or_else(|| titled(providers.universe, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_taken_apart() {
        let shown = |word| {
            forms(word).into_iter().map(|(form, _)| format!("{form:?}").replace("Some", "").replace("None", "-")).collect::<Vec<_>>()
        };
        let found = shown("a-b-1:2.0-3.fc40.x86_64");
        assert_eq!(found[0], r#"Form { name: "a-b", epoch: ("1"), version: ("2.0"), release: ("3.fc40"), architecture: ("x86_64") }"#);
        assert_eq!(found.len(), 4);
        assert_eq!(shown("bash").len(), 1);
        assert!(shown("libc.so.6()(64bit)").is_empty() && shown("a >= 1").is_empty());
    }
}
