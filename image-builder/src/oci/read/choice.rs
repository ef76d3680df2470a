use std::collections::BTreeSet;
use std::fmt;

use super::entries::ContainerEntry;
use super::{ContainerError, ContainerForm, ContainerImage, Containers};
use crate::oci::documents::Platform;

/// What is meant where a layout has several images and nothing is said.
const LATEST: &str = "latest";
/// Names that are told in an error.
const TOLD: usize = 20;
/// Images whose own documents must be read to learn what they are for.
const SILENT_MOST: usize = 200;

/// Which of several images is meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContainerChoice {
    /// What it must lie in; an archive of any form, and a tar that has none, if not said.
    pub form: Option<ContainerForm>,
    /// Its tag, or its name; the only one or `latest` if not said.
    pub reference: Option<String>,
    /// What it must be for.
    pub platform: Option<ContainerPlatform>,
    /// What it is for where there are several and nothing must be.
    pub usual: Option<ContainerPlatform>,
}

/// What an image is for, as Go calls it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContainerPlatform {
    /// `linux`.
    pub os: String,
    /// `amd64`, `arm64`.
    pub architecture: String,
    /// Of the architecture: `v7`, `v8`.
    pub variant: Option<String>,
}

impl ContainerPlatform {
    /// Linux on such a machine.
    #[must_use]
    pub fn linux(architecture: &str, variant: Option<&str>) -> Self {
        Self { os: "linux".to_owned(), architecture: architecture.to_owned(), variant: variant.map(str::to_owned) }
    }

    pub(super) fn of(platform: &Platform) -> Self {
        Self { os: platform.os.clone(), architecture: platform.architecture.clone(), variant: platform.variant.clone() }
    }

    fn is_for(&self, wanted: &Self) -> bool {
        self.os == wanted.os && self.architecture == wanted.architecture
    }
}

impl fmt::Display for ContainerPlatform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.as_deref().filter(|variant| !variant.is_empty()).map_or(Ok(()), |variant| write!(f, "/{variant}"))
    }
}

/// See [`Containers::choose`].
pub(super) fn choose(containers: &Containers, choice: &ContainerChoice) -> Result<ContainerImage, ContainerError> {
    let all: Vec<&ContainerEntry> = containers.entries.iter().filter(|entry| entry.is_image).collect();
    if all.is_empty() {
        return Err(ContainerError::Nothing);
    }
    let named = match &choice.reference {
        Some(reference) => named(all, reference)?,
        None => unnamed(all)?,
    };
    if let [one] = distinct(&named)[..] {
        let image = containers.open(one)?;
        return match &choice.platform {
            Some(wanted) if !image.platform.is_for(wanted) => {
                Err(ContainerError::NoPlatform { wanted: wanted.to_string(), known: image.platform.to_string() })
            }
            _ => Ok(image),
        };
    }
    let wanted = choice.platform.as_ref().or(choice.usual.as_ref());
    by_platform(containers, &named, wanted)
}

/// Those with a tag or name.
pub(super) fn named<'a>(
    all: impl IntoIterator<Item = &'a ContainerEntry>,
    reference: &str,
) -> Result<Vec<&'a ContainerEntry>, ContainerError> {
    let (wanted, mut names) = (full(reference), BTreeSet::new());
    let mut named = Vec::new();
    for entry in all {
        if entry.names.iter().any(|name| name == reference || full(name) == wanted) {
            named.push(entry);
        }
        names.extend(entry.names.iter().map(String::as_str));
    }
    if !named.is_empty() {
        return Ok(named);
    }
    let known = if names.is_empty() { "one without a name".to_owned() } else { told(names) };
    Err(ContainerError::NoReference { reference: reference.to_owned(), known })
}

/// Those that are meant where no name is said.
fn unnamed(all: Vec<&ContainerEntry>) -> Result<Vec<&ContainerEntry>, ContainerError> {
    let names: BTreeSet<&[String]> = all.iter().map(|entry| entry.names.as_slice()).collect();
    if distinct(&all).len() == 1 || names.len() == 1 {
        return Ok(all);
    }
    let latest: Vec<_> = all.into_iter().filter(|entry| entry.names.iter().any(|name| name == LATEST)).collect();
    if latest.is_empty() { Err(ContainerError::Several { known: told(names.into_iter().flatten()) }) } else { Ok(latest) }
}

/// A name with its tag and without what Docker leaves out of it.
fn full(name: &str) -> String {
    let short = ["docker.io/library/", "docker.io/", "localhost/"].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    match short.rsplit_once(':') {
        Some((_, tag)) if !tag.contains('/') => short.to_owned(),
        _ => format!("{short}:{LATEST}"),
    }
}

/// The same image under several names is one.
fn distinct<'a>(entries: &[&'a ContainerEntry]) -> Vec<&'a ContainerEntry> {
    let mut known = BTreeSet::new();
    entries.iter().copied().filter(|entry| known.insert(entry.digest.as_str())).collect()
}

/// The one for the wanted machine: of its variant, or else of none or the only one.
fn by_platform(
    containers: &Containers,
    named: &[&ContainerEntry],
    wanted: Option<&ContainerPlatform>,
) -> Result<ContainerImage, ContainerError> {
    let mut platforms = Vec::new();
    let entries = distinct(named);
    if entries.iter().filter(|entry| entry.platform.is_none()).count() > SILENT_MOST {
        return Err(ContainerError::TooMuch { what: "images that don't say what they are for", limit: SILENT_MOST as u64 });
    }
    for entry in entries {
        let platform = match &entry.platform {
            Some(platform) => platform.clone(),
            None => containers.open(entry)?.platform,
        };
        platforms.push((entry, platform));
    }
    let known = || told(platforms.iter().map(|(_, platform)| platform.to_string()).collect::<BTreeSet<_>>());
    let Some(wanted) = wanted else { return Err(ContainerError::Several { known: known() }) };
    let fitting: Vec<_> = platforms.iter().filter(|(_, platform)| platform.is_for(wanted)).collect();
    let of_variant = |variant: Option<&str>| {
        let mut found = fitting.iter().filter(|(_, platform)| platform.variant.as_deref().filter(|variant| !variant.is_empty()) == variant);
        found.next().filter(|_| found.next().is_none())
    };
    match (&fitting[..], of_variant(wanted.variant.as_deref()).or_else(|| of_variant(None))) {
        ([], _) => Err(ContainerError::NoPlatform { wanted: wanted.to_string(), known: known() }),
        ([(one, _)], _) | (_, Some((one, _))) => containers.open(one),
        _ => Err(ContainerError::Several { known: known() }),
    }
}

fn told<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    let mut names = names.into_iter();
    let mut text = names.by_ref().take(TOLD).map(|name| format!("`{}`", name.as_ref().escape_debug())).collect::<Vec<_>>().join(", ");
    let more = names.count();
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}
