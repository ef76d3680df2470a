use std::collections::BTreeMap;

use rootfs_plugin::Architecture;

use super::words::{Value, assignments};

/// What a `config.sh` says in plain words. What only running it could tell is not there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShellConfig {
    /// `OS_NAME`.
    pub os_name: Option<String>,
    /// `OS_VERSION`, or its default.
    pub os_version: Option<String>,
    /// The words of `PACKAGES`, without what is added under conditions.
    pub packages: Vec<String>,
    /// `INIT_PROCESS`: `systemd` or `kata-agent`.
    pub init: Option<String>,
    /// `ARCH_EXCLUDE_LIST`, as far as these are architectures that there are.
    pub excluded: Vec<Architecture>,
    /// Whether `BUILD_CAN_FAIL` says something.
    pub can_fail: bool,
}

impl ShellConfig {
    /// Reads the script's text; runs nothing.
    #[must_use]
    pub fn parse(script: &str) -> Self {
        let mut variables: BTreeMap<String, Value> = BTreeMap::new();
        for assignment in assignments(script) {
            let before = variables.remove(&assignment.name);
            let value = if assignment.appends { appended(before, assignment.value) } else { assignment.value };
            variables.insert(assignment.name, value);
        }
        let text = |name: &str| match variables.get(name)? {
            Value::Word(text) => Some(text.clone()),
            Value::Default(of, text) if of == name => Some(text.clone()),
            _ => None,
        };
        let some = |name: &str| text(name).filter(|text| !text.is_empty());
        let words = |name: &str| match variables.get(name) {
            Some(Value::List(words)) => words.clone(),
            _ => text(name).unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
        };
        Self {
            os_name: some("OS_NAME"),
            os_version: some("OS_VERSION"),
            packages: words("PACKAGES"),
            init: some("INIT_PROCESS"),
            excluded: words("ARCH_EXCLUDE_LIST").iter().filter_map(|name| name.parse().ok()).collect(),
            can_fail: some("BUILD_CAN_FAIL").is_some(),
        }
    }
}

/// What `+=` makes.
fn appended(before: Option<Value>, more: Value) -> Value {
    match (before, more) {
        (None, more) => more,
        (Some(Value::Word(before)), Value::Word(more)) => Value::Word(before + &more),
        (Some(Value::List(before)), Value::List(more)) => Value::List([before, more].concat()),
        // What was there still is.
        (Some(before), _) => before,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_of_kata_is_understood() {
        let script = "# Copyright\nOS_NAME=\"myos\"\nOS_VERSION=${OS_VERSION:-9.1}\nPACKAGES=\"chrony\n  iptables\"\n\
            [ \"$AGENT_INIT\" = no ] && PACKAGES+=\" systemd\"\nPACKAGES+=\" dbus\"\n[ \"$SECCOMP\" = yes ] && PACKAGES+=\" seccomp\"\n\
            INIT_PROCESS=systemd\n# none of these\nARCH_EXCLUDE_LIST=( ppc64le s390x sparc )\nBUILD_CAN_FAIL=1\nBASE_URL=http://x/$(uname -m)\n";
        let config = ShellConfig::parse(script);
        let expected = ShellConfig {
            os_name: Some("myos".to_owned()),
            os_version: Some("9.1".to_owned()),
            packages: ["chrony", "iptables", "dbus"].map(str::to_owned).to_vec(),
            init: Some("systemd".to_owned()),
            excluded: vec![Architecture::Ppc64le, Architecture::S390x],
            can_fail: true,
        };
        assert_eq!(config, expected);
    }

    #[test]
    fn what_is_computed_is_not_known() {
        let script = "OS_NAME=$(basename $PWD)\nOS_VERSION=${VERSION:-9}\nPACKAGES=(a b)\nARCH_EXCLUDE_LIST=()\nBUILD_CAN_FAIL=\n";
        let config = ShellConfig::parse(script);
        let expected = ShellConfig { packages: ["a", "b"].map(str::to_owned).to_vec(), ..ShellConfig::default() };
        assert_eq!(config, expected);
        assert_eq!(ShellConfig::parse(""), ShellConfig::default());
    }
}
