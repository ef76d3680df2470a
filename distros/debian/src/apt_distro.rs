use rootfs_plugin::{
    Agent, AptInstaller, Architecture, Distro, Include, Info, Installer, PackageRequest, Plan, PlanError, PlannedPackage, Release, Request,
    Tweak, Variant,
};

use crate::distro_file::{DistroFile, DistroFileError, FileRelease};
use crate::relative::RelativeFile;
use crate::repositories;

/// A distribution of dpkg and apt, made of its `distro.toml` and the keys that file names.
#[derive(Debug)]
pub struct AptDistro {
    file: DistroFile,
    keys: &'static [(&'static str, &'static str)],
    info: Info,
}

impl AptDistro {
    /// Reads a `distro.toml`; `keys` are armoured blocks by the names the file uses.
    ///
    /// # Errors
    /// When the text is not of the right shape, or uses a name that it doesn't define.
    pub fn parse(text: &str, keys: &'static [(&'static str, &'static str)]) -> Result<Self, DistroFileError> {
        Self::of(toml::from_str(text)?, keys)
    }

    /// Reads the `distro.toml` of a relative, which names its base and says only what is other there.
    ///
    /// # Errors
    /// As [`AptDistro::parse`], for either text; and when `base` is not the base that the relative names.
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
                known: self.info.releases.iter().map(described).collect(),
            }
        })
    }

    fn variant<'a>(&'a self, request: &'a Request) -> Result<&'a str, PlanError> {
        let name = request.variant.as_deref().unwrap_or(&self.file.default_variant);
        if self.file.variants.iter().any(|variant| variant.name == name) {
            return Ok(name);
        }
        Err(PlanError::UnknownVariant {
            distribution: self.file.name.clone(),
            variant: name.to_owned(),
            known: self.info.variants.iter().map(|variant| variant.name.clone()).collect(),
        })
    }

    /// The variant's packages, or those that replace them; then the added ones. Essential packages always come first: every
    /// maintainer script may use them without saying so.
    fn include(&self, request: &Request, release: &FileRelease, variant: &str) -> Vec<Include> {
        let mut include = vec![Include::Essential];
        match &request.packages {
            Some(packages) => include.extend(packages.iter().map(planned)),
            None => {
                for variant in self.file.lineage(variant) {
                    include.extend(variant.priorities.iter().cloned().map(Include::Priority));
                    for package in variant.packages.iter().map(|name| named(release.package(name))) {
                        add(&mut include, package);
                    }
                }
            }
        }
        for package in request.extra_packages.iter().map(planned) {
            add(&mut include, package);
        }
        include
    }

    /// Only PCs have a BIOS.
    fn bios_loader(&self, architecture: Architecture) -> Vec<String> {
        let is_pc = matches!(architecture, Architecture::X86_64 | Architecture::I686);
        if is_pc { self.file.bios_loader.clone() } else { Vec::new() }
    }

    fn tweaks(&self, release: &FileRelease, variant: &str, include: &[Include]) -> Vec<Tweak> {
        let asked = |package: &str| {
            let package = release.package(package);
            include.iter().any(|include| matches!(include, Include::Package(PlannedPackage::Name(name)) if bare(name) == package))
        };
        let applies = self.file.tweaks.iter().filter(|tweak| {
            (tweak.variants.is_empty() || tweak.variants.iter().any(|name| name == variant)) && tweak.package.as_deref().is_none_or(asked)
        });
        applies.map(|tweak| tweak.tweak.clone()).collect()
    }
}

impl Distro for AptDistro {
    fn info(&self) -> &Info {
        &self.info
    }

    fn plan(&self, request: &Request) -> Result<Plan, PlanError> {
        let release = self.release(request)?;
        let variant = self.variant(request)?;
        if !self.file.architectures.contains(&request.architecture) || release.not_for.contains(&request.architecture) {
            return Err(PlanError::Architecture { distribution: self.file.name.clone(), architecture: request.architecture });
        }
        let brings_init = self.file.variants.iter().any(|known| known.name == variant && known.brings_init);
        let include = self.include(request, release, variant);
        Ok(Plan {
            distribution: self.file.name.clone(),
            release: release.name.clone(),
            architecture: request.architecture,
            variant: variant.to_owned(),
            installer: Installer::Apt(AptInstaller {
                repositories: repositories::plan_repositories(&self.file, release, self.keys, request)?,
                recommends: request.recommends,
                ignore_valid_until: request.ignore_valid_until,
                merged_usr: release.merged_usr,
            }),
            tweaks: self.tweaks(release, variant, &include),
            include,
            selection: None,
            source: None,
            without: request.without.iter().copied().collect(),
            kernel: self.file.kernels.get(&request.architecture).cloned(),
            uefi_stub: self.file.uefi_stub.clone(),
            bios_loader: self.bios_loader(request.architecture),
            init_expected: brings_init || request.agent != Agent::None,
        })
    }
}

fn info(file: &DistroFile) -> Info {
    let release = |release: &FileRelease| Release {
        name: release.name.clone(),
        version: release.version.clone(),
        aliases: release.aliases.clone(),
        end_of_life: release.end_of_life.clone(),
    };
    Info {
        name: file.name.clone(),
        summary: file.summary.clone(),
        releases: file.releases.iter().map(release).collect(),
        architectures: file.architectures.clone(),
        init: file.init.clone(),
        variants: file.variants.iter().map(|variant| Variant { name: variant.name.clone(), summary: variant.summary.clone() }).collect(),
        default_variant: file.default_variant.clone(),
        options: Vec::new(),
    }
}

fn described(release: &Release) -> String {
    let others: Vec<&str> = release.version.iter().chain(&release.aliases).map(String::as_str).collect();
    if others.is_empty() { release.name.clone() } else { format!("{} ({})", release.name, others.join(", ")) }
}

fn planned(package: &PackageRequest) -> Include {
    Include::Package(match package {
        PackageRequest::Name(name) => PlannedPackage::Name(name.clone()),
        PackageRequest::File(path) => PlannedPackage::File(path.clone()),
    })
}

fn named(name: &str) -> Include {
    Include::Package(PlannedPackage::Name(name.to_owned()))
}

/// Adds what is not there yet.
fn add(include: &mut Vec<Include>, package: Include) {
    if !include.contains(&package) {
        include.push(package);
    }
}

/// The package's name without the version or suite that was asked for.
fn bare(name: &str) -> &str {
    name.split(['=', '/', ':']).next().unwrap_or(name)
}
