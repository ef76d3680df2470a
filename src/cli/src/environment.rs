//! The environment, read in one place.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use rootfs_plugin::{DistroOption, OptionKind};

use crate::setting_error::SettingError;
use crate::sourced::{Source, Sourced};
use crate::wishes::Wishes;

/// The environment, read once. A variable that is empty counts as not set.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
}

impl FromIterator<(OsString, OsString)> for Environment {
    fn from_iter<I: IntoIterator<Item = (OsString, OsString)>>(variables: I) -> Self {
        Self { variables: variables.into_iter().filter(|(_, value)| !value.is_empty()).collect() }
    }
}

impl Environment {
    /// This process's own.
    #[must_use]
    pub fn of_process() -> Self {
        std::env::vars_os().collect()
    }

    /// The value as a path.
    #[must_use]
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.variables.get(std::ffi::OsStr::new(name)).map(PathBuf::from)
    }

    /// The value as a text.
    ///
    /// # Errors
    /// When it is not UTF-8.
    pub fn text(&self, name: &str) -> Result<Option<String>, SettingError> {
        let text = self.variables.get(std::ffi::OsStr::new(name)).map(|value| value.clone().into_string());
        text.transpose().map_err(|value| SettingError::Invalid {
            setting: format!("{name}={}", value.display()),
            reason: "it is not UTF-8".to_owned(),
            hint: None,
        })
    }

    /// What it says about a build.
    ///
    /// # Errors
    /// When a value is not UTF-8, or a switch is neither `yes` nor `no`.
    pub fn wishes(&self) -> Result<Wishes, SettingError> {
        Ok(Wishes {
            rootfs: self.path("ROOTFS_DIR").map(|path| Sourced::new(path, Source::Variable("ROOTFS_DIR"))),
            store: self.path("ROOTFS_GEN_STORE").map(|path| Sourced::new(path, Source::Variable("ROOTFS_GEN_STORE"))),
            extra_packages: self.sourced("EXTRA_PKG")?.into_iter().chain(self.sourced("EXTRA_PKGS")?).collect(),
            mirrors: self.sourced("ROOTFS_GEN_MIRROR")?.into_iter().collect(),
            agent: self.sourced("AGENT_SOURCE_BIN")?,
            agent_name: self.sourced("AGENT_BIN")?,
            agent_init: self.sourced("AGENT_INIT")?.map(|value| yes_no(&value)).transpose()?,
            release: self.sourced("OS_VERSION")?,
            arch: self.sourced("ARCH")?,
            source_date_epoch: self.sourced("SOURCE_DATE_EPOCH")?,
            cache: self.sourced("ROOTFS_GEN_CACHE")?.map(|value| yes_no(&value)).transpose()?,
            docker: self.switched_on("USE_DOCKER")?.or(self.switched_on("USE_PODMAN")?),
            ..Wishes::default()
        })
    }

    /// Anything but a word for no, as osbuilder has it.
    fn switched_on(&self, name: &'static str) -> Result<Option<Sourced<String>>, SettingError> {
        Ok(self.sourced(name)?.filter(|value| !["no", "false", "0"].contains(&value.value.as_str())))
    }

    /// What it says about the options of a distribution's own.
    ///
    /// # Errors
    /// When a value is not UTF-8, or a switch is neither `yes` nor `no`.
    pub fn options(&self, options: &[DistroOption]) -> Result<BTreeMap<String, Sourced<String>>, SettingError> {
        let mut said = BTreeMap::new();
        for option in options {
            let name = format!("ROOTFS_GEN_{}", option.name.to_uppercase().replace('-', "_"));
            let Some(value) = self.text(&name)? else { continue };
            let value = Sourced::new(value, Source::OptionVariable(name));
            let value = match option.kind {
                OptionKind::Switch if yes_no(&value)? => value.with("true".to_owned()),
                OptionKind::Switch => continue,
                _ => value,
            };
            said.insert(option.name.clone(), value);
        }
        Ok(said)
    }

    fn sourced(&self, name: &'static str) -> Result<Option<Sourced<String>>, SettingError> {
        Ok(self.text(name)?.map(|value| Sourced::new(value, Source::Variable(name))))
    }
}

fn yes_no(value: &Sourced<String>) -> Result<bool, SettingError> {
    match value.value.as_str() {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(SettingError::invalid(value, "expected yes or no")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        variables.iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    #[test]
    fn an_empty_variable_is_not_set() {
        assert_eq!(environment(&[("AGENT_INIT", ""), ("EXTRA_PKGS", ""), ("USE_DOCKER", "")]).wishes().unwrap(), Wishes::default());
    }

    #[test]
    fn both_spellings_of_extra_packages_count() {
        let wishes = environment(&[("EXTRA_PKG", "vim"), ("EXTRA_PKGS", "curl git")]).wishes().unwrap();
        let values: Vec<&str> = wishes.extra_packages.iter().map(|package| package.value.as_str()).collect();
        assert_eq!(values, ["vim", "curl git"]);
    }

    #[test]
    fn a_switch_is_yes_or_no() {
        assert_eq!(environment(&[("AGENT_INIT", "no")]).wishes().unwrap().agent_init, Some(false));
        for wrong in ["maybe", "YES", "1", "true"] {
            let error = environment(&[("AGENT_INIT", wrong)]).wishes().unwrap_err();
            assert_eq!(error.to_string(), format!("AGENT_INIT={wrong}: expected yes or no"));
        }
    }
}
