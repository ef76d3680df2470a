//! The plan for packages that portage itself compiles.

use std::path::PathBuf;

use super::shape::{PortageFile, PortageFileHost};
use crate::{DistroOption, Key, OptionKind, PlanError, PortageCompile, Request, Stage3};

const COMPILE: &str = "compile";
const STAGE3: &str = "stage3";
const EBUILDS: &str = "ebuilds";
const CONFIG_ROOT: &str = "config-root";
const DISTFILES: &str = "distfiles";

/// What there is to say about compiling.
pub(super) fn options() -> Vec<DistroOption> {
    let option = |name: &str, help: &str, kind| DistroOption { name: name.to_owned(), help: help.to_owned(), kind };
    let text = |value: &str| OptionKind::Text { value: value.to_owned() };
    vec![
        option(COMPILE, "Have portage compile the packages, in a stage3", OptionKind::Switch),
        option(
            STAGE3,
            "The stage3 that compiles: an archive with its signature beside it, or a directory of one's own",
            text("FILE|URL|DIR"),
        ),
        option(
            EBUILDS,
            "Ebuild repositories for it, the main one first: directories, archives, URLs of archives",
            OptionKind::List { value: "DIR|FILE|URL,…".to_owned() },
        ),
        option(CONFIG_ROOT, "A directory whose etc/portage is portage's configuration (PORTAGE_CONFIGROOT)", text("DIR")),
        option(DISTFILES, "A directory of source archives, which are looked for there first", text("DIR")),
    ]
}

/// How to compile, when that is asked for. `key` is the file of keys that the user named, and `profile` the profile.
pub(super) fn plan(
    file: &PortageFile,
    host: &PortageFileHost,
    request: &Request,
    key: Option<PathBuf>,
    profile: Option<&String>,
) -> Result<Option<PortageCompile>, PlanError> {
    if !request.is_set(COMPILE) {
        let said = [STAGE3, EBUILDS, CONFIG_ROOT, DISTFILES].into_iter().find(|name| request.options.contains_key(*name));
        return match said {
            Some(name) => {
                Err(PlanError::other(format!("--{name} is for packages that are compiled"), "add --compile, which has emerge compile them"))
            }
            None => Ok(None),
        };
    }
    let path = |name: &str| request.options.get(name).map(PathBuf::from);
    let keys: Vec<Key> = key.into_iter().map(Key::File).collect();
    let own = request.options.get(STAGE3);
    let stage3 = match (own, &host.stage3) {
        // Whoever names one knows who has signed it.
        (Some(location), _) => Stage3 { location: location.clone(), is_list: false, keys, fingerprints: Vec::new() },
        (None, Some(list)) => {
            let fingerprints = if request.keyring.is_some() { Vec::new() } else { file.fingerprints.clone() };
            Stage3 { location: list.clone(), is_list: true, keys, fingerprints }
        }
        (None, None) => {
            let message = format!("{} has no stage3 for {}", request.distribution, request.architecture);
            return Err(PlanError::other(message, "name one as --stage3 FILE"));
        }
    };
    let ebuilds = match request.words(EBUILDS) {
        Some(named) => named,
        // That of the distribution's own stage3, which brings none; another's may have its own.
        None if own.is_none() => file.ebuilds.clone().into_iter().collect(),
        None => Vec::new(),
    };
    Ok(Some(PortageCompile { stage3, ebuilds, config_root: path(CONFIG_ROOT), profile: profile.cloned(), distfiles: path(DISTFILES) }))
}
