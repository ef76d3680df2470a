use std::path::PathBuf;

use rootfs_plugin::Agent;

use crate::setting_error::SettingError;
use crate::sourced::Sourced;

/// `none`, `own`, or a program that must be there.
pub(super) fn parse(said: Option<&Sourced<String>>) -> Result<Agent, SettingError> {
    let Some(said) = said else { return Ok(Agent::Default) };
    match said.value.as_str() {
        "none" => return Ok(Agent::None),
        "own" => return Ok(Agent::Own),
        _ => {}
    }
    let path = said.with(PathBuf::from(&said.value)).path();
    let metadata = fs_err::metadata(&path).map_err(|source| SettingError::Read { setting: said.to_string(), source })?;
    if !metadata.is_file() {
        return Err(SettingError::invalid(said, "it is not a regular file"));
    }
    Ok(Agent::File(path))
}

/// An agent can be init only if there is one.
pub(super) fn require_for_init(agent: &Agent, init: bool) -> Result<(), SettingError> {
    if init && *agent == Agent::None {
        return Err(SettingError::Invalid {
            setting: "--agent-init".to_owned(),
            reason: "there is no agent that could be /sbin/init".to_owned(),
            hint: Some("leave `--agent none` out".to_owned()),
        });
    }
    Ok(())
}
