use std::collections::BTreeMap;

use toml::Table;

use super::shape::{DistroFile, FileRelease, FileTweak};
use super::{DistroFileError, apk, apt, portage, relative, rpm, validate};
use crate::{
    Agent, Architecture, Distro, DistroOption, Include, Info, Installer, Key, PackageRequest, Plan, PlanError, PlannedPackage, Request,
    Tweak,
};

/// A distribution made of its `distro.toml` and the keys that file names. Its packages are of apt's, apk's, rpm's or portage's kind.
#[derive(Debug)]
pub struct FileDistro {
    file: DistroFile,
    keys: BTreeMap<String, String>,
    info: Info,
}

impl FileDistro {
    /// A distribution by its file's text; `keys` are public keys as text (armoured blocks; for apk, PEM) by the names that the file uses.
    ///
    /// # Errors
    /// When the text is not of the right shape, or names what it doesn't define.
    pub fn parse(text: &str, keys: &[(&str, &str)]) -> Result<Self, DistroFileError> {
        Self::of(toml::from_str(text)?, keys)
    }

    /// A relative of the distribution whose file's text is `base`: the relative's names that one, and says only what is other than there.
    ///
    /// Its variants, tweaks and options are the base's but for those that have the same name, path or unit; all else that is said takes the place of what the
    /// base says.
    ///
    /// # Errors
    /// As [`FileDistro::parse`], for either text; and when `base` is not the base that the relative names.
    pub fn parse_relative(text: &str, base: &str, keys: &[(&str, &str)]) -> Result<Self, DistroFileError> {
        let whole: Table = relative::over(toml::from_str(text)?, toml::from_str(base)?)?;
        Self::of(whole.try_into()?, keys)
    }

    fn of(file: DistroFile, keys: &[(&str, &str)]) -> Result<Self, DistroFileError> {
        let keys = keys.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        validate::validate(&file, &keys)?;
        let info = info(&file);
        Ok(Self { file, keys, info })
    }

    /// The variant's packages, or those that replace them; then the added ones, each once.
    fn include(&self, request: &Request, release: &FileRelease, variant: &str) -> Vec<Include> {
        let mut include = Vec::new();
        // Every maintainer script may use these without saying so.
        if self.file.apt.is_some() {
            include.push(Include::Essential);
        }
        match &request.packages {
            Some(packages) => packages.iter().map(planned).for_each(|package| add(&mut include, package)),
            None => {
                for variant in self.file.lineage(variant) {
                    include.extend(variant.priorities.iter().cloned().map(Include::Priority));
                    for name in &variant.packages {
                        add(&mut include, Include::Package(PlannedPackage::Name(release.package(name).to_owned())));
                    }
                }
            }
        }
        request.extra_packages.iter().map(planned).for_each(|package| add(&mut include, package));
        include
    }

    /// Where packages are portage's, a variant is a set, and may be asked for as such.
    fn with_set(&self, request: &Request) -> Request {
        let set = request.options.get(portage::SET).filter(|_| self.file.portage.is_some());
        let variant = set.map(|set| set.trim_start_matches('@').to_owned()).or_else(|| request.variant.clone());
        Request { variant, ..request.clone() }
    }

    fn tweaks(&self, release: &FileRelease, variant: &str, include: &[Include]) -> Vec<Tweak> {
        let applies = |tweak: &&FileTweak| tweak.applies(variant, |package| is_asked(include, release.package(package)));
        self.file.tweaks.iter().filter(applies).map(|tweak| tweak.tweak.clone()).collect()
    }

    /// Whether a root without an init is a mistake.
    fn expects_init(&self, release: &FileRelease, variant: &str, include: &[Include], request: &Request) -> bool {
        let brings_init = self.file.lineage(variant).last().is_some_and(|variant| variant.brings_init);
        if self.file.apt.is_some() {
            return brings_init || request.agent != Agent::None;
        }
        // A variant whose packages were replaced brings an init only when that is named.
        is_asked(include, release.package(&self.file.init))
            || (brings_init && request.packages.is_none())
            || request.agent_init
            || !matches!(request.agent, Agent::None | Agent::Default)
    }

    /// Only PCs have a BIOS.
    fn bios_loader(&self, architecture: Architecture) -> Vec<String> {
        let is_pc = matches!(architecture, Architecture::X86_64 | Architecture::I686);
        if is_pc { self.file.bios_loader.clone() } else { Vec::new() }
    }

    /// The carried keys of these names; or the user's, who has one for a mirror that signs anew.
    fn keys(&self, names: &[String], request: &Request) -> Vec<Key> {
        match &request.keyring {
            Some(path) => vec![Key::File(path.clone())],
            None => names.iter().filter_map(|name| self.keys.get(name)).cloned().map(Key::Armoured).collect(),
        }
    }

    fn installer(&self, release: &FileRelease, request: &Request) -> Result<Installer, PlanError> {
        let name = &self.file.name;
        match (&self.file, release) {
            (DistroFile { apt: Some(file), .. }, FileRelease { apt: Some(own), .. }) => {
                let releases: Vec<_> = self.file.releases.iter().filter_map(|release| release.apt.as_ref()).collect();
                apt::plan(name, file, &releases, own, &|names| self.keys(names, request), request).map(Installer::Apt)
            }
            (DistroFile { apk: Some(file), .. }, FileRelease { apk: Some(own), .. }) => {
                apk::plan(name, file, own, &self.keys, request).map(Installer::Apk)
            }
            (DistroFile { rpm: Some(file), .. }, FileRelease { rpm: Some(own), .. }) => {
                rpm::plan(file, &release.name, own, &self.keys(&own.keys, request), request).map(Installer::Rpm)
            }
            (DistroFile { portage: Some(file), .. }, FileRelease { portage: Some(own), .. }) => {
                portage::plan(file, &release.name, own, request).map(Installer::Portage)
            }
            _ => Err(PlanError::other(format!("{name} has no packages for {}", release.name), "name another release")),
        }
    }
}

impl Distro for FileDistro {
    fn info(&self) -> &Info {
        &self.info
    }

    fn plan(&self, request: &Request) -> Result<Plan, PlanError> {
        let request = &self.with_set(request);
        let (name, variant) = (&self.info.require_release(request)?.name, &self.info.require_variant(request)?.name);
        self.info.require_architecture(request.architecture)?;
        let release = self.file.releases.iter().find(|release| release.name == *name);
        let release = release
            .filter(|release| !release.not_for.contains(&request.architecture))
            .ok_or_else(|| PlanError::Architecture { distribution: self.file.name.clone(), architecture: request.architecture })?;
        let include = self.include(request, release, variant);
        if include.is_empty() {
            return Err(PlanError::other("there is nothing to install", "name some packages as --package NAME,NAME"));
        }
        Ok(Plan {
            distribution: self.file.name.clone(),
            release: release.name.clone(),
            architecture: request.architecture,
            variant: variant.clone(),
            installer: self.installer(release, request)?,
            tweaks: self.tweaks(release, variant, &include),
            init_expected: self.expects_init(release, variant, &include, request),
            include,
            selection: None,
            source: None,
            without: request.without.iter().copied().collect(),
            kernel: self.file.kernels.get(&request.architecture).cloned(),
            uefi_stub: self.file.uefi_stub.clone(),
            bios_loader: self.bios_loader(request.architecture),
        })
    }
}

fn info(file: &DistroFile) -> Info {
    let of_format: Vec<DistroOption> = match file {
        DistroFile { apk: Some(apk), .. } => apk::options(apk),
        DistroFile { rpm: Some(_), .. } => rpm::options(),
        DistroFile { portage: Some(_), .. } => portage::options(&file.variants),
        _ => Vec::new(),
    };
    Info {
        name: file.name.clone(),
        summary: file.summary.clone(),
        tier: file.tier,
        releases: file.releases.iter().map(Into::into).collect(),
        architectures: file.architectures.clone(),
        init: file.init.clone(),
        variants: file.variants.iter().map(Into::into).collect(),
        default_variant: file.default_variant.clone(),
        options: file.options.iter().cloned().chain(of_format).collect(),
    }
}

fn planned(package: &PackageRequest) -> Include {
    Include::Package(package.planned())
}

/// Adds what is not there yet.
fn add(include: &mut Vec<Include>, package: Include) {
    if !include.contains(&package) {
        include.push(package);
    }
}

fn is_asked(include: &[Include], package: &str) -> bool {
    let is_it = |name: &str| if package.contains('/') { is_atom_of(name, package) } else { bare(name) == package };
    include.iter().any(|include| matches!(include, Include::Package(PlannedPackage::Name(name)) if is_it(name)))
}

/// Whether an atom, which has a category, means versions of a package: `>=sys-apps/busybox-1.36:0[static]`.
fn is_atom_of(atom: &str, package: &str) -> bool {
    let operators = ['=', '<', '>', '~'];
    let name = atom.trim_start_matches(operators).split([':', '[', ' ']).next().unwrap_or_default();
    let is_version = |rest: &str| rest.strip_prefix('-').is_some_and(|version| version.starts_with(|first: char| first.is_ascii_digit()));
    match name.strip_prefix(package) {
        Some("") => true,
        Some(rest) => atom.starts_with(operators) && is_version(rest),
        None => false,
    }
}

/// The package's name without the version or suite that was asked for.
fn bare(name: &str) -> &str {
    name.split(['=', '/', ':', '<', '>', '~', ' ']).next().unwrap_or(name)
}
