use std::path::{Path, PathBuf};

use crate::{AptRepository, ExtraRepository, Key, PlanError};

/// Turns `deb [signed-by=KEY] URL SUITE COMPONENT…` into a repository. The key is a file on this machine, from the line or from the
/// request; without one nothing could be verified, so that is an error.
pub(super) fn plan_repository(extra: &ExtraRepository, name: String) -> Result<AptRepository, PlanError> {
    let line = extra.line.trim();
    let wrong = |reason: &str| PlanError::Other {
        message: format!("repository `{line}`: {reason}"),
        hint: Some("write it as \"deb [signed-by=KEY.asc] URL SUITE COMPONENT…\"".to_owned()),
    };
    let rest = line.strip_prefix("deb").filter(|rest| rest.starts_with([' ', '\t', '[']));
    let rest = rest.ok_or_else(|| wrong("it does not begin with `deb`"))?.trim_start();
    let (options, rest) = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']').ok_or_else(|| wrong("`[` is never closed"))?,
        None => ("", rest),
    };
    let mut key = extra.key.clone();
    for option in options.split_whitespace() {
        match option.split_once('=') {
            Some(("signed-by", path)) => key = Some(PathBuf::from(path)),
            // The request's architecture is the only one there is.
            Some(("arch", _)) => {}
            _ => return Err(wrong(&format!("the option `{option}` is not supported"))),
        }
    }
    let mut words = rest.split_whitespace();
    let url = words.next().ok_or_else(|| wrong("there is no URL"))?.trim_end_matches('/');
    if !["http://", "https://", "file:/"].iter().any(|scheme| url.starts_with(scheme)) {
        return Err(wrong(&format!("`{url}` is not an http, https or file URL")));
    }
    let suite = words.next().ok_or_else(|| wrong("there is no suite"))?;
    let components: Vec<String> = words.map(str::to_owned).collect();
    if components.is_empty() != suite.ends_with('/') {
        return Err(wrong("a suite needs components, and a flat repository (a suite that ends in `/`) has none"));
    }
    let key = key.ok_or_else(|| PlanError::Other {
        message: format!("repository `{line}` has no key, so nothing from it could be verified"),
        hint: Some("name the key file: --repo \"deb [signed-by=KEY.asc] URL …\", or --repo-key KEY.asc".to_owned()),
    })?;
    Ok(AptRepository {
        signed_by: Some(guest_key(&name, &key)),
        name,
        mirrors: Vec::new(),
        public: url.to_owned(),
        suites: vec![suite.to_owned()],
        components,
        keys: vec![Key::File(key)],
    })
}

/// Where the guest keeps the key: apt tells an armoured one from a binary one by its suffix.
fn guest_key(name: &str, key: &Path) -> String {
    let suffix = key.extension().filter(|suffix| *suffix == "asc").map_or("gpg", |_| "asc");
    format!("/etc/apt/keyrings/{name}.{suffix}")
}
