use std::collections::BTreeMap;

use rootfs_plugin::{
    Agent, Architecture, Distro, DistroOption, Include, Info, Installer, OptionKind, PackageRequest, Plan, PlanError, PlannedPackage,
    Release, Request, ShellInstaller, Tier, Variant,
};

use super::ShellDirectory;

/// What a release is called that no `config.sh` names.
const UNNAMED: &str = "default";

/// The one variant.
const VARIANT: &str = "default";

/// What osbuilder calls the agent where nobody says otherwise.
const AGENT: &str = "kata-agent";

/// An option that becomes a variable of the scripts.
struct Variable {
    option: &'static str,
    name: &'static str,
    kind: Kind,
    help: &'static str,
}

/// What can be said with it.
enum Kind {
    Switch,
    Text(&'static str),
    /// The first is the default.
    Choice([&'static str; 2]),
}

const VARIABLES: [Variable; 8] = [
    variable("seccomp", "SECCOMP", Kind::Choice(["yes", "no"]), "Whether its scripts install libseccomp"),
    variable("selinux", "SELINUX", Kind::Choice(["no", "yes"]), "Whether its scripts install what SELinux needs"),
    variable("libc", "LIBC", Kind::Choice(["musl", "gnu"]), "What the agent is linked to"),
    variable("repo-components", "REPO_COMPONENTS", Kind::Text("NAMES"), "Components of an apt repository"),
    variable("dnf-conf", "DNF_CONF", Kind::Text("FILE"), "A configuration of dnf in place of one made of config.sh"),
    variable("pkg-manager", "PKG_MANAGER", Kind::Text("PROGRAM"), "The program that installs packages"),
    variable("distro-repo", "DISTRO_REPO", Kind::Switch, "Use the host's own repositories"),
    variable("debug", "DEBUG", Kind::Switch, "Show each command of the scripts"),
];

const fn variable(option: &'static str, name: &'static str, kind: Kind, help: &'static str) -> Variable {
    Variable { option, name, kind, help }
}

impl Variable {
    fn option(&self) -> DistroOption {
        let kind = match self.kind {
            Kind::Switch => OptionKind::Switch,
            Kind::Text(value) => OptionKind::Text { value: value.to_owned() },
            Kind::Choice(choices) => OptionKind::Choice { choices: choices.map(str::to_owned).to_vec() },
        };
        DistroOption { name: self.option.to_owned(), help: self.help.to_owned(), kind }
    }

    fn default(&self) -> Option<&'static str> {
        if let Kind::Choice([first, _]) = self.kind { Some(first) } else { None }
    }
}

/// A shell directory as a distribution.
///
/// Its scripts decide what a release is: any word that is asked for becomes `OS_VERSION`, whatever [`Info::releases`] has.
#[derive(Debug, Clone)]
pub struct ShellDistro {
    directory: ShellDirectory,
    info: Info,
}

impl ShellDistro {
    /// Of a directory that was read.
    #[must_use]
    pub fn new(directory: ShellDirectory) -> Self {
        let config = &directory.config;
        let os = config.os_name.as_deref().filter(|name| *name != directory.name).map(|name| format!("{name}, by ")).unwrap_or_default();
        let release = Release {
            name: config.os_version.clone().unwrap_or_else(|| UNNAMED.to_owned()),
            version: None,
            aliases: Vec::new(),
            end_of_life: None,
        };
        let info = Info {
            name: directory.name.clone(),
            summary: format!("{os}a shell directory of Kata's osbuilder"),
            tier: Tier::Community,
            releases: vec![release],
            architectures: Architecture::ALL.into_iter().filter(|architecture| !config.excluded.contains(architecture)).collect(),
            init: config.init.clone().unwrap_or_else(|| "systemd".to_owned()),
            variants: vec![Variant { name: VARIANT.to_owned(), summary: "what its scripts install".to_owned() }],
            default_variant: VARIANT.to_owned(),
            options: VARIABLES.iter().map(Variable::option).collect(),
        };
        Self { directory, info }
    }

    /// Where it was found, and what it says.
    #[must_use]
    pub fn directory(&self) -> &ShellDirectory {
        &self.directory
    }

    fn variables(&self, request: &Request, extra: &str) -> BTreeMap<String, String> {
        let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
        let own = match &request.agent {
            Agent::File(path) => path.file_name().map(|name| name.to_string_lossy().into_owned()),
            Agent::None | Agent::Default | Agent::Own => None,
        };
        let mut variables: BTreeMap<String, String> = [
            ("ARCH", request.architecture.name().to_owned()),
            ("AGENT_INIT", yes(request.agent_init)),
            ("AGENT_BIN", request.agent_name.clone().or(own).unwrap_or_else(|| AGENT.to_owned())),
            ("EXTRA_PKGS", extra.to_owned()),
            ("EXTRA_PKG", extra.to_owned()),
            ("OSBUILDER_VERSION", concat!("rootfs-gen ", env!("CARGO_PKG_VERSION")).to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        let mut set = |name: &str, value: &str| drop(variables.insert(name.to_owned(), value.to_owned()));
        if let Some(release) = request.release.as_deref().filter(|release| *release != UNNAMED) {
            set("OS_VERSION", release);
        }
        if let Some(mirror) = request.mirrors.first() {
            set("REPO_URL", mirror);
            set("REPO_URL_X86_64", mirror);
        }
        for variable in &VARIABLES {
            if let Some(value) = request.options.get(variable.option).map(String::as_str).or(variable.default()) {
                set(variable.name, value);
            }
        }
        variables
    }

    /// What its scripts know nothing of can't be asked of them.
    fn require_understood(&self, request: &Request) -> Result<(), PlanError> {
        let asked = [
            (!request.suites.is_empty(), "--suite"),
            (!request.repositories.is_empty(), "--repo"),
            (request.keyring.is_some(), "--keyring"),
            (request.packages.is_some(), "--package"),
            (request.recommends, "--recommends"),
            (request.ignore_valid_until, "--ignore-valid-until"),
            (!request.without.is_empty(), "--without"),
        ];
        let Some((_, option)) = asked.into_iter().find(|(asked, _)| *asked) else { return Ok(()) };
        Err(PlanError::Other {
            message: format!("{option} is nothing that the scripts of {} know", self.info.name),
            hint: Some(format!("see {}", self.directory.path.join("config.sh").display())),
        })
    }

    fn extra(&self, request: &Request) -> Result<Vec<String>, PlanError> {
        let name = |package: &PackageRequest| match package {
            PackageRequest::Name(name) => Ok(name.clone()),
            PackageRequest::File(path) => Err(PlanError::Other {
                message: format!("the scripts of {} can't install `{}`", self.info.name, path.display()),
                hint: Some("name a package that their package manager finds".to_owned()),
            }),
        };
        request.extra_packages.iter().map(name).collect()
    }
}

impl Distro for ShellDistro {
    fn info(&self) -> &Info {
        &self.info
    }

    fn plan(&self, request: &Request) -> Result<Plan, PlanError> {
        let Info { name, releases, .. } = &self.info;
        self.info.require_variant(request)?;
        self.info.require_architecture(request.architecture)?;
        self.require_understood(request)?;
        let extra = self.extra(request)?;
        let variables = self.variables(request, &extra.join(" "));
        let packages = self.directory.config.packages.iter().cloned().chain(extra);
        let release = request.release.clone().or_else(|| releases.first().map(|release| release.name.clone()));
        Ok(Plan {
            distribution: name.clone(),
            release: release.unwrap_or_else(|| UNNAMED.to_owned()),
            architecture: request.architecture,
            variant: VARIANT.to_owned(),
            installer: Installer::Shell(ShellInstaller {
                directory: self.directory.path.clone(),
                variables,
                can_fail: self.directory.config.can_fail,
            }),
            include: packages.map(|package| Include::Package(PlannedPackage::Name(package))).collect(),
            selection: None,
            source: None,
            without: Vec::new(),
            tweaks: Vec::new(),
            kernel: None,
            uefi_stub: None,
            bios_loader: Vec::new(),
            init_expected: true,
        })
    }
}

#[cfg(test)]
mod tests;
