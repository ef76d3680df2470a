use std::collections::BTreeMap;
use std::path::PathBuf;

use rootfs_plugin::{Architecture, PlanError, Request, SourceBuild, SourceMenu};

use crate::distro_file::FileSource;

/// Options of the command line.
const FROM: &str = "from";
const CROSS: &str = "cross";
const FRAGMENT: &str = "fragment";
const MENU: &str = "menu";

/// What [`FROM`] may be.
const PACKAGES: &str = "packages";
const SOURCE: &str = "source";

/// Where the choices of a menu go when nobody says where.
const CHOSEN: &str = "busybox.config";

/// How a request wants BusyBox compiled.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// What the guest runs on.
    pub(crate) architecture: Architecture,
    /// The cross compiler's, without the dash at its end; none for this machine's own.
    cross: Option<String>,
    fragment: Option<PathBuf>,
    menu: bool,
}

impl Wanted {
    /// None when it comes from its package. `native` is what this machine runs.
    pub(crate) fn of(request: &Request, source: &FileSource, native: Option<Architecture>) -> Result<Option<Self>, PlanError> {
        let said = |name: &str| request.options.get(name).map(String::as_str);
        match said(FROM) {
            None | Some(PACKAGES) => match [CROSS, FRAGMENT, MENU].into_iter().find(|name| said(name).is_some()) {
                Some(name) => {
                    Err(PlanError::other(format!("`--{name}` is for a BusyBox that is compiled"), format!("add `--{FROM} {SOURCE}`")))
                }
                None => Ok(None),
            },
            Some(SOURCE) => {
                let (architecture, cross) = compiler(said(CROSS), request.architecture, source, native)?;
                let fragment = said(FRAGMENT).map(PathBuf::from);
                Ok(Some(Self { architecture, cross, fragment, menu: said(MENU).is_some() }))
            }
            Some(other) => Err(PlanError::other(
                format!("BusyBox can't come from `{other}`"),
                format!("say `--{FROM} {PACKAGES}` or `--{FROM} {SOURCE}`"),
            )),
        }
    }

    /// What the plan has compiled.
    pub(crate) fn build(self, source: &FileSource) -> SourceBuild {
        let mut tools = source.tools.clone();
        let mut arguments = vec!["build".to_owned()];
        if let Some(gnu) = &self.cross {
            let debian = source.cross.get(gnu).map_or("", String::as_str);
            tools.extend([format!("gcc-{}", gnu.replace('_', "-")), format!("libc6-dev-{debian}-cross")]);
            arguments.push(format!("{gnu}-"));
        }
        if self.menu {
            tools.extend(source.menu.iter().cloned());
        }
        tools.sort();
        let fragment = self.fragment.or_else(|| self.menu.then(|| PathBuf::from(CHOSEN)));
        SourceBuild {
            package: source.package.clone(),
            tools,
            script: include_str!("../files/compile").to_owned(),
            arguments,
            files: fragment.map(|path| (FRAGMENT.to_owned(), path)).into_iter().collect::<BTreeMap<_, _>>(),
            result: "busybox".to_owned(),
            program: source.program.clone(),
            menu: self.menu.then(|| SourceMenu { argument: MENU.to_owned(), file: FRAGMENT.to_owned() }),
        }
    }
}

/// The architecture, and the cross compiler that it takes, if it takes one.
fn compiler(
    prefix: Option<&str>,
    asked: Architecture,
    source: &FileSource,
    native: Option<Architecture>,
) -> Result<(Architecture, Option<String>), PlanError> {
    let architecture_of = |word: &str| Architecture::ALL.into_iter().find(|architecture| architecture.debian() == word);
    let Some(prefix) = prefix else {
        if Some(asked) == native {
            return Ok((asked, None));
        }
        let found = source.cross.iter().find(|(_, debian)| **debian == asked.debian());
        let (gnu, _) =
            found.ok_or_else(|| PlanError::other(format!("there is no cross compiler for {asked}"), "take it from its package"))?;
        return Ok((asked, Some(gnu.clone())));
    };
    let gnu = prefix.strip_suffix('-').unwrap_or(prefix);
    let meant = source.cross.get(gnu).and_then(|debian| architecture_of(debian)).ok_or_else(|| {
        let known: Vec<String> = source.cross.keys().map(|gnu| format!("{gnu}-")).collect();
        PlanError::other(format!("no cross compiler is called `{prefix}`"), format!("there is {}", known.join(", ")))
    })?;
    // Who says nothing means what the compiler is for.
    if meant != asked && Some(asked) != native {
        return Err(PlanError::other(
            format!("`--cross {prefix}` compiles for {meant}, and `--arch` says {asked}"),
            "leave one of them out".to_owned(),
        ));
    }
    Ok((meant, (Some(meant) != native).then(|| gnu.to_owned())))
}
