//! What a registry wants to know of the user, from Docker's own configuration. Helper programs that keep passwords are not run.

use std::collections::HashMap;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bollard::auth::DockerCredentials;
use serde_json::Value;

use crate::context::read_config;

/// What Docker calls its own registry.
const DEFAULT: &str = "https://index.docker.io/v1/";

/// By registry.
pub(crate) fn all(config: Option<&Path>) -> HashMap<String, DockerCredentials> {
    let config = config.and_then(read_config).unwrap_or_default();
    let entries = config.get("auths").and_then(Value::as_object).into_iter().flatten();
    entries.map(|(registry, entry)| (registry.clone(), of_entry(registry, entry))).collect()
}

/// Those for an image's registry.
pub(crate) fn of_image(config: Option<&Path>, image: &str) -> Option<DockerCredentials> {
    let registry = registry(image);
    all(config)
        .into_iter()
        .find(|(name, _)| name == registry || name.trim_start_matches("https://").split('/').next() == Some(registry))
        .map(|(_, found)| found)
}

fn of_entry(registry: &str, entry: &Value) -> DockerCredentials {
    let text = |name: &str| entry.get(name).and_then(Value::as_str).map(str::to_owned);
    // Clients write both in one word, and engines don't take it apart.
    let (username, password) = match text("auth").and_then(|auth| user_and_password(&auth)) {
        Some((user, password)) => (Some(user), Some(password)),
        None => (text("username"), text("password")),
    };
    DockerCredentials {
        username,
        password,
        auth: None,
        identitytoken: text("identitytoken"),
        registrytoken: text("registrytoken"),
        serveraddress: Some(registry.to_owned()),
        email: None,
    }
}

/// `USER:PASSWORD` in Base64.
fn user_and_password(auth: &str) -> Option<(String, String)> {
    let text = String::from_utf8(BASE64_STANDARD.decode(auth).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.trim_end_matches('\0').to_owned()))
}

/// The first part of a name is a registry when it looks like a host.
fn registry(image: &str) -> &str {
    match image.split_once('/') {
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => first,
        _ => DEFAULT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_known_by_its_name() {
        assert_eq!(registry("debian:12"), DEFAULT);
        assert_eq!(registry("me/image"), DEFAULT);
        assert_eq!(registry("quay.io/centos/centos:stream9"), "quay.io");
        assert_eq!(registry("localhost:5000/x"), "localhost:5000");
        let directory = tempfile::tempdir().unwrap();
        fs_err::write(directory.path().join("config.json"), r#"{"auths":{"quay.io":{"auth":"YTpi"}}}"#).unwrap();
        let found = of_image(Some(directory.path()), "quay.io/a").unwrap();
        assert_eq!((found.username.as_deref(), found.password.as_deref()), (Some("a"), Some("b")));
        assert!(of_image(Some(directory.path()), "debian").is_none());
    }
}
