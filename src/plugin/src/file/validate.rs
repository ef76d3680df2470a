use std::collections::BTreeMap;

use super::DistroFileError;
use super::shape::{DistroFile, FileRelease, RpmFile};
use crate::info::is_name;

/// Checks that every name that is used is defined, and that all is there that a plan needs.
pub(super) fn validate(file: &DistroFile, keys: &BTreeMap<String, String>) -> Result<(), DistroFileError> {
    let named = |name: &str, what| if is_name(name) { Ok(()) } else { Err(DistroFileError::Name { name: name.to_owned(), what }) };
    named(&file.name, "a distribution")?;
    file.options.iter().try_for_each(|option| named(&option.name, "an option"))?;
    unique("release", file.releases.iter().map(|release| &release.name))?;
    unique("variant", file.variants.iter().map(|variant| &variant.name))?;
    unique("option", file.options.iter().map(|option| &option.name))?;
    present("release", !file.releases.is_empty())?;
    present("architecture", !file.architectures.is_empty())?;
    formats(file)?;
    for release in &file.releases {
        require_keys(release, file, keys)?;
    }
    for (position, variant) in file.variants.iter().enumerate() {
        if let Some(base) = &variant.base {
            let known = file.variants.iter().take(position).any(|known| known.name == *base);
            defined(&format!("variant {}", variant.name), "variant", base, known)?;
        }
    }
    let variant = |name: &String| file.variants.iter().any(|known| known.name == *name);
    for name in file.tweaks.iter().flat_map(|tweak| &tweak.variants) {
        defined("a tweak", "variant", name, variant(name))?;
    }
    defined("default_variant", "variant", &file.default_variant, variant(&file.default_variant))
}

/// One format, with something in it, which every release has.
fn formats(file: &DistroFile) -> Result<(), DistroFileError> {
    let formats = [file.apt.is_some(), file.apk.is_some(), file.rpm.is_some(), file.portage.is_some()];
    if formats.iter().filter(|format| **format).count() > 1 {
        return Err(DistroFileError::Twice { what: "the format of packages (apt, apk, rpm, portage)".to_owned() });
    }
    present("format of packages (apt, apk, rpm, portage)", formats.contains(&true))?;
    present("archive", file.apt.as_ref().is_none_or(|apt| !apt.archives.is_empty()))?;
    for repository in file.rpm.iter().flat_map(|rpm| &rpm.repositories) {
        present(&format!("place of repository {}", repository.name), repository.metalink.is_some() || repository.public.is_some())?;
    }
    file.rpm.as_ref().map_or(Ok(()), |rpm| repositories(file, rpm))?;
    for architecture in file.architectures.iter().filter(|_| file.portage.is_some()) {
        let host = file.portage.as_ref().and_then(|portage| portage.hosts.get(architecture));
        present(&format!("binary host for {architecture}"), host.is_some_and(|host| !host.public.is_empty()))?;
    }
    for release in &file.releases {
        let needed = [
            ("apt", file.apt.is_some(), release.apt.is_some()),
            ("apk", file.apk.is_some(), release.apk.is_some()),
            ("rpm", file.rpm.is_some(), release.rpm.is_some()),
            ("portage", file.portage.is_some(), release.portage.is_some()),
        ];
        for (name, needed, there) in needed {
            present(&format!("`{name}` of release {}", release.name), !needed || there)?;
        }
    }
    Ok(())
}

/// Each release has repositories on each of its architectures, with names that tell them apart.
fn repositories(file: &DistroFile, rpm: &RpmFile) -> Result<(), DistroFileError> {
    for repository in &rpm.repositories {
        for name in &repository.releases {
            let known = file.releases.iter().any(|release| release.name == *name);
            defined(&format!("repository {}", repository.name), "release", name, known)?;
        }
    }
    for release in &file.releases {
        for architecture in file.architectures.iter().filter(|architecture| !release.not_for.contains(architecture)) {
            let there = || rpm.repositories.iter().filter(|repository| repository.is_for(&release.name, *architecture));
            let what = format!("repository of release {} for {}", release.name, architecture.name());
            present(&what, there().any(|repository| !repository.optional))?;
            unique("repository", there().map(|repository| &repository.name))?;
        }
    }
    Ok(())
}

fn require_keys(release: &FileRelease, file: &DistroFile, keys: &BTreeMap<String, String>) -> Result<(), DistroFileError> {
    let place = format!("release {}", release.name);
    let key = |name: &String| defined(&place, "key", name, keys.contains_key(name));
    for (name, archive) in release.apt.iter().flat_map(|apt| &apt.archives) {
        let known = file.apt.iter().flat_map(|apt| &apt.archives).any(|known| known.name == *name);
        defined(&place, "archive", name, known)?;
        archive.keys.iter().try_for_each(key)?;
    }
    release.rpm.iter().flat_map(|rpm| &rpm.keys).try_for_each(key)?;
    let apk = |name: &String| defined("apk", "key", name, keys.contains_key(name));
    file.apk.iter().flat_map(|apk| apk.keys.values().flatten()).try_for_each(apk)
}

fn unique<'a>(kind: &str, mut names: impl Iterator<Item = &'a String>) -> Result<(), DistroFileError> {
    let mut seen = std::collections::BTreeSet::new();
    let twice = names.find(|name| !seen.insert(name.as_str()));
    twice.map_or(Ok(()), |name| Err(DistroFileError::Twice { what: format!("{kind} {name}") }))
}

fn present(what: &str, there: bool) -> Result<(), DistroFileError> {
    if there { Ok(()) } else { Err(DistroFileError::Missing { what: what.to_owned() }) }
}

fn defined(place: &str, kind: &'static str, name: &str, known: bool) -> Result<(), DistroFileError> {
    if known { Ok(()) } else { Err(DistroFileError::Undefined { place: place.to_owned(), kind, name: name.to_owned() }) }
}
