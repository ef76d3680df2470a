use rootfs_plugin::{
    Architecture, BuildContext, BuildError, Distro, Include, Info, PackageRequest, Pick, Plan, PlanError, PlannedPackage, Request,
    Selection, Variant,
};

use crate::distro_file::DistroFile;
use crate::source::Wanted;
use crate::{applets, certificates, skeleton};

/// A guest of BusyBox and glibc, of another distribution's packages.
#[derive(Debug)]
pub(crate) struct BusyBox {
    file: DistroFile,
    base: &'static dyn Distro,
    info: Info,
}

impl BusyBox {
    /// Over the distribution that `distro.toml` names as its base.
    pub(crate) fn new(base: &'static dyn Distro) -> Result<Self, String> {
        let file = DistroFile::parse(include_str!("../distro.toml")).map_err(|error| error.to_string())?;
        if file.base != base.info().name {
            return Err(format!("`{}` is no base for {}", file.base, file.name));
        }
        let variant = |variant: &crate::distro_file::FileVariant| Variant { name: variant.name.clone(), summary: variant.summary.clone() };
        let info = Info {
            name: file.name.clone(),
            summary: file.summary.clone(),
            tier: file.tier,
            releases: base.info().releases.clone(),
            architectures: file.architectures.clone(),
            init: file.init.clone(),
            variants: file.variants.iter().map(variant).collect(),
            default_variant: file.default_variant.clone(),
            options: file.options.clone(),
        };
        Ok(Self { file, base, info })
    }

    /// Where the base's packages come from.
    fn base_plan(&self, architecture: Architecture, request: &Request) -> Result<Plan, PlanError> {
        let request = Request {
            distribution: self.file.base.clone(),
            variant: None,
            packages: None,
            extra_packages: Vec::new(),
            recommends: false,
            architecture,
            ..request.clone()
        };
        self.base.plan(&request).map_err(|error| match error {
            PlanError::UnknownRelease { release, known, .. } => {
                PlanError::UnknownRelease { distribution: self.file.name.clone(), release, known }
            }
            other => other,
        })
    }

    fn picks(&self, variant: &str, compiled: bool, request: &Request) -> Vec<Pick> {
        let mut picks = self.file.picks(variant);
        picks.retain(|pick| !compiled || pick.package != self.file.source.replaces);
        if !request.ssh_keys.is_empty() {
            picks.extend(self.file.ssh.iter().cloned());
        }
        picks.extend(request.extra_packages.iter().map(|package| Pick { package: picked_name(package), files: Vec::new() }));
        picks
    }

    /// Every package that files are picked from; what they depend on is resolved, and nothing else.
    fn include(&self, picks: &[Pick], compiled: bool, request: &Request) -> Vec<Include> {
        let mut include: Vec<Include> = Vec::new();
        let named = picks.iter().take(picks.len() - request.extra_packages.len()).map(|pick| PlannedPackage::Name(pick.package.clone()));
        let extra = request.extra_packages.iter().map(PackageRequest::planned);
        let libraries = self.file.source.libraries.iter().filter(|_| compiled).cloned().map(PlannedPackage::Name);
        for package in named.chain(libraries).chain(extra).map(Include::Package) {
            if !include.contains(&package) {
                include.push(package);
            }
        }
        include
    }
}

/// The package's name without the version or suite that was asked for; a file's own.
fn picked_name(package: &PackageRequest) -> String {
    match package {
        PackageRequest::Name(name) => name.split(['=', '/', ':']).next().unwrap_or(name).to_owned(),
        PackageRequest::File(path) => path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
    }
}

impl Distro for BusyBox {
    fn info(&self) -> &Info {
        &self.info
    }

    fn plan(&self, request: &Request) -> Result<Plan, PlanError> {
        let variant = &self.info.require_variant(request)?.name;
        let compiled = Wanted::of(request, &self.file.source, Architecture::native())?;
        let architecture = compiled.as_ref().map_or(request.architecture, |wanted| wanted.architecture);
        self.info.require_architecture(architecture)?;
        if request.packages.is_some() {
            return Err(PlanError::other("BusyBox's own files can't be replaced by packages", "add packages with --extra-pkg"));
        }
        if request.recommends {
            return Err(PlanError::other(
                "nothing is recommended here: of dependencies only libraries are taken",
                "add packages with --extra-pkg",
            ));
        }
        let base = self.base_plan(architecture, request)?;
        let picks = self.picks(variant, compiled.is_some(), request);
        Ok(Plan {
            distribution: self.file.name.clone(),
            variant: variant.clone(),
            include: self.include(&picks, compiled.is_some(), request),
            source: compiled.map(|wanted| wanted.build(&self.file.source)),
            selection: Some(Selection { picks, except: self.file.except.clone() }),
            tweaks: skeleton::tweaks(&base.release, request),
            without: Vec::new(),
            init_expected: true,
            ..base
        })
    }

    fn build_rootfs(&self, plan: &Plan, context: &mut dyn BuildContext) -> Result<(), BuildError> {
        context.install(plan)?;
        applets::link(context)?;
        certificates::bundle(context)
    }
}
