//! Docker's contexts: engines with names, in the directory of its configuration.

use std::path::{Path, PathBuf};

use fs_err as fs;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{DockerError, Endpoint};

/// The context that `docker context use` has chosen.
pub(crate) fn configured_context(config: &Path) -> Option<String> {
    read_config(config)?.get("currentContext")?.as_str().map(str::to_owned).filter(|name| !name.is_empty())
}

/// `config.json`; a file that can't be read says nothing, as for Docker itself.
pub(crate) fn read_config(config: &Path) -> Option<Value> {
    serde_json::from_slice(&fs::read(config.join("config.json")).ok()?).ok()
}

/// Where a context leads.
pub(crate) fn read_context(config: &Path, name: &str) -> Result<Endpoint, DockerError> {
    let id: String = Sha256::digest(name).iter().map(|byte| format!("{byte:02x}")).collect();
    let missing = || DockerError::Context { name: name.to_owned(), directory: config.join("contexts") };
    let text = fs::read(config.join("contexts/meta").join(&id).join("meta.json")).ok().ok_or_else(missing)?;
    let meta: Value = serde_json::from_slice(&text).ok().ok_or_else(missing)?;
    let host = meta.pointer("/Endpoints/docker/Host").and_then(Value::as_str).ok_or_else(missing)?;
    let tls: PathBuf = config.join("contexts/tls").join(id).join("docker");
    Endpoint::parse(host, tls.is_dir().then_some(tls))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_is_found_by_its_name() {
        let directory = tempfile::tempdir().unwrap();
        let id = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
        let meta = directory.path().join("contexts/meta").join(id);
        fs::create_dir_all(&meta).unwrap();
        fs::write(meta.join("meta.json"), r#"{"Name":"foo","Endpoints":{"docker":{"Host":"tcp://build:9"}}}"#).unwrap();
        fs::write(directory.path().join("config.json"), r#"{"currentContext":"foo"}"#).unwrap();
        assert_eq!(configured_context(directory.path()).as_deref(), Some("foo"));
        assert_eq!(read_context(directory.path(), "foo").unwrap(), Endpoint::Tcp("build:9".into()));
        let tls = directory.path().join("contexts/tls").join(id).join("docker");
        fs::create_dir_all(&tls).unwrap();
        assert_eq!(read_context(directory.path(), "foo").unwrap(), Endpoint::Tls("build:9".into(), tls));
        assert!(matches!(read_context(directory.path(), "bar"), Err(DockerError::Context { .. })));
    }
}
