use rootfs_plugin::{
    Agent, Distro, DistroOption, Include, Info, Installer, PackageRequest, Plan, PlanError, PlannedPackage, Release, Request, RpmInstaller,
    Tweak, Variant,
};

use crate::distro_file::{DistroFile, DistroFileError, FileRelease};
use crate::relative::RelativeFile;
use crate::repositories::{plan_repositories, refused};

/// The option that keeps packages out.
const EXCLUDE: &str = "exclude";

/// The option that follows weak dependencies.
const WEAK: &str = "weak-deps";

/// A distribution of RPM packages, made of its `distro.toml`.
#[derive(Debug)]
pub struct RpmDistro {
    file: DistroFile,
    keys: &'static [(&'static str, &'static str)],
    info: Info,
}

impl RpmDistro {
    /// A distribution by its file's text; `keys` are armoured certificates, by the names that the file uses.
    ///
    /// # Errors
    /// When the text is not of the right shape, or names what it doesn't define.
    pub fn parse(text: &str, keys: &'static [(&'static str, &'static str)]) -> Result<Self, DistroFileError> {
        Self::of(toml::from_str(text)?, keys)
    }

    /// A relative of the distribution `base`, by the text of its file, which says only what it has other than that.
    ///
    /// # Errors
    /// As [`RpmDistro::parse`].
    pub fn parse_relative(text: &str, base: &str, keys: &'static [(&'static str, &'static str)]) -> Result<Self, DistroFileError> {
        let relative: RelativeFile = toml::from_str(text)?;
        Self::of(relative.over(toml::from_str(base)?)?, keys)
    }

    fn of(file: DistroFile, keys: &'static [(&'static str, &'static str)]) -> Result<Self, DistroFileError> {
        file.validate(keys)?;
        let info = info(&file);
        Ok(Self { file, keys, info })
    }

    fn release(&self, request: &Request) -> Result<&FileRelease, PlanError> {
        let found = self.info.release(request.release.as_deref());
        found.and_then(|found| self.file.releases.iter().find(|release| release.name == found.name)).ok_or_else(|| {
            PlanError::UnknownRelease {
                distribution: self.file.name.clone(),
                release: request.release.clone().unwrap_or_default(),
                known: self.info.releases.iter().map(|release| release.name.clone()).collect(),
            }
        })
    }

    fn variant<'a>(&'a self, request: &'a Request) -> Result<&'a str, PlanError> {
        let name = request.variant.as_deref().unwrap_or(&self.file.default_variant);
        let known = self.info.variants.iter().map(|variant| variant.name.clone());
        if self.file.lineage(name).is_empty() {
            return Err(PlanError::UnknownVariant {
                distribution: self.file.name.clone(),
                variant: name.to_owned(),
                known: known.collect(),
            });
        }
        Ok(name)
    }

    fn include(&self, variant: &str, request: &Request) -> Vec<Include> {
        let planned = |package: &PackageRequest| match package {
            PackageRequest::Name(name) => PlannedPackage::Name(name.clone()),
            PackageRequest::File(path) => PlannedPackage::File(path.clone()),
        };
        let own: Vec<PlannedPackage> = match &request.packages {
            Some(packages) => packages.iter().map(planned).collect(),
            None => {
                let packages = self.file.lineage(variant).into_iter().flat_map(|variant| &variant.packages);
                packages.cloned().map(PlannedPackage::Name).collect()
            }
        };
        let mut include = Vec::new();
        for package in own.into_iter().chain(request.extra_packages.iter().map(planned)).map(Include::Package) {
            if !include.contains(&package) {
                include.push(package);
            }
        }
        include
    }

    fn tweaks(&self, variant: &str, include: &[Include]) -> Vec<Tweak> {
        let asked = |package: &str| include.contains(&Include::Package(PlannedPackage::Name(package.to_owned())));
        let applies = self.file.tweaks.iter().filter(|tweak| {
            (tweak.variants.is_empty() || tweak.variants.iter().any(|name| name == variant)) && tweak.package.as_deref().is_none_or(asked)
        });
        applies.map(|tweak| tweak.tweak.clone()).collect()
    }
}

impl Distro for RpmDistro {
    fn info(&self) -> &Info {
        &self.info
    }

    fn plan(&self, request: &Request) -> Result<Plan, PlanError> {
        let (release, variant) = (self.release(request)?, self.variant(request)?);
        if !self.file.architectures.contains(&request.architecture) {
            return Err(PlanError::Architecture { distribution: self.file.name.clone(), architecture: request.architecture });
        }
        let words = |text: &String| text.split([',', ' ']).filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        let exclude = request.options.get(EXCLUDE).map(words).unwrap_or_default();
        let include = self.include(variant, request);
        if include.is_empty() {
            return Err(refused("there is nothing to install", "name some packages as --package bash,coreutils"));
        }
        // A variant whose packages were replaced brings an init only when that is named.
        let has_systemd = include.contains(&Include::Package(PlannedPackage::Name("systemd".to_owned())));
        let brings_init = self.file.variants.iter().any(|known| known.name == variant && known.brings_init);
        let weak = request.recommends || request.options.get(WEAK).is_some_and(|value| value == "true");
        Ok(Plan {
            distribution: self.file.name.clone(),
            release: release.name.clone(),
            architecture: request.architecture,
            variant: variant.to_owned(),
            installer: Installer::Rpm(RpmInstaller {
                repositories: plan_repositories(&self.file, release, self.keys, request)?,
                weak,
                exclude,
                database: release.database.clone().unwrap_or_else(|| self.file.database.clone()),
                tools: self.file.tools.clone(),
            }),
            tweaks: self.tweaks(variant, &include),
            selection: None,
            source: None,
            without: request.without.iter().copied().collect(),
            kernel: None,
            uefi_stub: None,
            bios_loader: Vec::new(),
            init_expected: has_systemd
                || (brings_init && request.packages.is_none())
                || request.agent_init
                || !matches!(request.agent, Agent::None | Agent::Default),
            include,
        })
    }
}

fn info(file: &DistroFile) -> Info {
    let release = |release: &FileRelease| Release {
        name: release.name.clone(),
        version: None,
        aliases: release.aliases.clone(),
        end_of_life: release.end_of_life.clone(),
    };
    let option = |name: &str, help: &str, value: Option<&str>| DistroOption {
        name: name.to_owned(),
        help: help.to_owned(),
        value: value.map(str::to_owned),
    };
    Info {
        name: file.name.clone(),
        summary: file.summary.clone(),
        releases: file.releases.iter().map(release).collect(),
        architectures: file.architectures.clone(),
        init: file.init.clone(),
        variants: file.variants.iter().map(|variant| Variant { name: variant.name.clone(), summary: variant.summary.clone() }).collect(),
        default_variant: file.default_variant.clone(),
        options: vec![
            option(EXCLUDE, "Packages that are never chosen, with `*` and `?` for what may be anything", Some("NAME,…")),
            option(WEAK, "Follow weak dependencies too, as dnf does unless told otherwise", None),
        ],
    }
}
