use rootfs_plugin::{
    Agent, ApkInstaller, ApkKey, ApkRepository, Distro, DistroOption, Include, Info, Installer, Key, PackageRequest, Plan, PlanError,
    PlannedPackage, Release, Request, Tweak, Variant,
};

use crate::distro_file::{DistroFile, DistroFileError, FileRelease, FileVariant};
use crate::{KEY_PREFIX, KEYS};

/// The option that names repositories of the release.
const REPOSITORY: &str = "repository";

/// The package that brings OpenRC.
const OPENRC: &str = "openrc";

/// Alpine Linux, made of its `distro.toml`.
#[derive(Debug)]
pub(crate) struct Alpine {
    file: DistroFile,
    info: Info,
}

impl Alpine {
    pub(crate) fn new() -> Result<Self, DistroFileError> {
        let file = DistroFile::parse(include_str!("../distro.toml"), &KEYS)?;
        let release = |release: &FileRelease| Release {
            name: release.name.clone(),
            version: None,
            aliases: release.aliases.clone(),
            end_of_life: release.end_of_life.clone(),
        };
        let variant = |variant: &FileVariant| Variant { name: variant.name.clone(), summary: variant.summary.clone() };
        let info = Info {
            name: file.name.clone(),
            summary: file.summary.clone(),
            releases: file.releases.iter().map(release).collect(),
            architectures: file.architectures.clone(),
            init: file.init.clone(),
            variants: file.variants.iter().map(variant).collect(),
            default_variant: file.default_variant.clone(),
            options: vec![DistroOption {
                name: REPOSITORY.to_owned(),
                help: format!("Repositories of the release, in order; {} if not said", file.repositories.join(",")),
                value: Some("NAME,…".to_owned()),
            }],
        };
        Ok(Self { file, info })
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

    fn variant(&self, request: &Request) -> Result<&FileVariant, PlanError> {
        let name = request.variant.as_deref().unwrap_or(&self.file.default_variant);
        self.file.variants.iter().find(|variant| variant.name == name).ok_or_else(|| PlanError::UnknownVariant {
            distribution: self.file.name.clone(),
            variant: name.to_owned(),
            known: self.info.variants.iter().map(|variant| variant.name.clone()).collect(),
        })
    }

    /// The release's repositories, then the user's own.
    fn repositories(&self, release: &FileRelease, request: &Request) -> Result<Vec<ApkRepository>, PlanError> {
        let said = request.options.get(REPOSITORY);
        let names: Vec<&str> = match said {
            Some(said) => said.split([',', ' ']).filter(|name| !name.is_empty()).collect(),
            None => self.file.repositories.iter().map(String::as_str).collect(),
        };
        let mirrors: &[String] = &request.mirrors;
        let mut repositories = Vec::new();
        for name in names {
            if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
                return Err(refused(&format!("`{name}` is no name of a repository"), "name some as main,community"));
            }
            let below = |base: &String| format!("{base}/{}/{name}", release.branch);
            repositories.push(ApkRepository {
                name: name.to_owned(),
                mirrors: mirrors.iter().map(below).collect(),
                public: below(&self.file.public),
                tag: None,
            });
        }
        for (position, extra) in request.repositories.iter().enumerate() {
            repositories.push(repository(&extra.line, position + 1)?);
        }
        if repositories.is_empty() {
            return Err(refused("there is no repository", "name some as --repository main,community"));
        }
        Ok(repositories)
    }

    /// Keys that may sign: those of the architecture, or the user's in their place, and those of the user's repositories.
    fn keys(&self, request: &Request) -> Vec<ApkKey> {
        let own = self.file.keys.get(&request.architecture).into_iter().flatten();
        let carried = own.filter_map(|number| {
            let (_, text) = KEYS.iter().find(|(known, _)| known == number)?;
            Some(ApkKey { name: format!("{KEY_PREFIX}{number}.rsa.pub"), key: Key::Armoured((*text).to_owned()) })
        });
        let file = |path: &std::path::PathBuf| ApkKey {
            name: path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            key: Key::File(path.clone()),
        };
        let mut keys: Vec<ApkKey> = match &request.keyring {
            Some(path) => vec![file(path)],
            None => carried.collect(),
        };
        for key in request.repositories.iter().filter_map(|repository| repository.key.as_ref()).map(file) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }

    fn include(&self, variant: &FileVariant, request: &Request) -> Vec<Include> {
        let planned = |package: &PackageRequest| match package {
            PackageRequest::Name(name) => PlannedPackage::Name(name.clone()),
            PackageRequest::File(path) => PlannedPackage::File(path.clone()),
        };
        let own: Vec<PlannedPackage> = match &request.packages {
            Some(packages) => packages.iter().map(planned).collect(),
            None => variant.packages.iter().cloned().map(PlannedPackage::Name).collect(),
        };
        let mut include: Vec<Include> = Vec::new();
        for package in own.into_iter().chain(request.extra_packages.iter().map(planned)).map(Include::Package) {
            if !include.contains(&package) {
                include.push(package);
            }
        }
        include
    }
}

/// A line as `/etc/apk/repositories` has it: a URL, with a tag before it or not.
fn repository(line: &str, number: usize) -> Result<ApkRepository, PlanError> {
    let (tag, url) = match line.trim().strip_prefix('@').and_then(|rest| rest.split_once(char::is_whitespace)) {
        Some((tag, url)) => (Some(tag.to_owned()), url.trim()),
        None => (None, line.trim()),
    };
    let known = ["http://", "https://", "file:"].iter().any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
    if !known || url.contains(char::is_whitespace) || tag.as_ref().is_some_and(String::is_empty) {
        return Err(refused(&format!("`{line}` is no repository"), "write an http, https or file URL, with `@TAG ` before it or not"));
    }
    let url = url.trim_end_matches('/').to_owned();
    Ok(ApkRepository { name: format!("extra{number}"), mirrors: Vec::new(), public: url, tag })
}

fn refused(message: &str, hint: &str) -> PlanError {
    PlanError::Other { message: message.to_owned(), hint: Some(hint.to_owned()) }
}

/// Where no OpenRC is: what BusyBox's init needs to bring the guest up by itself.
fn tweaks() -> Vec<Tweak> {
    let files = [
        ("/etc/inittab", 0o644, include_str!("../files/inittab")),
        ("/etc/rc", 0o755, include_str!("../files/rc")),
        ("/etc/rc.consoles", 0o755, include_str!("../files/rc.consoles")),
    ];
    files.map(|(path, mode, content)| Tweak::Write { path: path.to_owned(), content: content.to_owned(), mode }).to_vec()
}

impl Distro for Alpine {
    fn info(&self) -> &Info {
        &self.info
    }

    fn plan(&self, request: &Request) -> Result<Plan, PlanError> {
        let (release, variant) = (self.release(request)?, self.variant(request)?);
        if !self.file.architectures.contains(&request.architecture) {
            return Err(PlanError::Architecture { distribution: self.file.name.clone(), architecture: request.architecture });
        }
        if !request.without.is_empty() {
            return Err(refused("Alpine has documentation and translations in packages of their own", "leave `--without` out"));
        }
        if request.recommends {
            return Err(refused("Alpine's packages recommend nothing", "leave `--recommends` out"));
        }
        if let Some(archive) = request.archive_mirrors.keys().next() {
            return Err(refused(
                &format!("Alpine has one archive, and none that is called `{archive}`"),
                "name its mirror as --mirror URL",
            ));
        }
        let include = self.include(variant, request);
        let asked = |package: &str| include.contains(&Include::Package(PlannedPackage::Name(package.to_owned())));
        let has_openrc = asked(OPENRC) || (variant.openrc && request.packages.is_none());
        let has_init = has_openrc || asked("busybox");
        Ok(Plan {
            distribution: self.file.name.clone(),
            release: release.name.clone(),
            architecture: request.architecture,
            variant: variant.name.clone(),
            installer: Installer::Apk(ApkInstaller { repositories: self.repositories(release, request)?, keys: self.keys(request) }),
            include,
            selection: None,
            source: None,
            without: Vec::new(),
            tweaks: if !has_openrc && has_init { tweaks() } else { Vec::new() },
            kernel: None,
            uefi_stub: None,
            bios_loader: Vec::new(),
            init_expected: has_init || request.agent_init || !matches!(request.agent, Agent::None | Agent::Default),
        })
    }
}
