use std::collections::BTreeMap;

use rootfs_plugin::{DistroOption, OptionKind};

use crate::setting_error::SettingError;
use crate::sourced::Sourced;

/// What was said of a distribution's own options, when each is of its kind.
pub(super) fn settle(options: &[DistroOption], said: &BTreeMap<String, Sourced<String>>) -> Result<BTreeMap<String, String>, SettingError> {
    let kind = |name: &str| options.iter().find(|option| option.name == name).map(|option| &option.kind);
    let mut settled = BTreeMap::new();
    for (name, value) in said {
        match kind(name) {
            Some(OptionKind::Choice { choices }) if !choices.contains(&value.value) => {
                return Err(SettingError::invalid(value, format!("expected one of {}", choices.join(", "))));
            }
            Some(OptionKind::Number { .. }) if value.value.parse::<u64>().is_err() => {
                return Err(SettingError::invalid(value, "expected a number"));
            }
            Some(OptionKind::Switch) if value.value != "true" => return Err(SettingError::invalid(value, "expected true or false")),
            _ => {}
        }
        settled.insert(name.clone(), value.value.clone());
    }
    Ok(settled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sourced::Source;

    #[test]
    fn a_value_is_of_its_kind() {
        let option = |name: &str, kind| DistroOption { name: name.to_owned(), help: String::new(), kind };
        let choice = OptionKind::Choice { choices: vec!["near".to_owned(), "far".to_owned()] };
        let options = [option("place", choice), option("jobs", OptionKind::Number { value: "COUNT".to_owned() })];
        let settled = |name: &'static str, value: &str| {
            let said = [(name.to_owned(), Sourced::new(value.to_owned(), Source::Option(name)))];
            settle(&options, &said.into()).map(|settled| settled[name].clone()).map_err(|error| error.to_string())
        };
        assert_eq!(settled("place", "far"), Ok("far".to_owned()));
        assert_eq!(settled("place", "else"), Err("--place else: expected one of near, far".to_owned()));
        assert_eq!(settled("jobs", "12"), Ok("12".to_owned()));
        assert_eq!(settled("jobs", "-1"), Err("--jobs -1: expected a number".to_owned()));
    }
}
