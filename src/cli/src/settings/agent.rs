use std::path::PathBuf;

use rootfs_plugin::{Agent, Architecture};

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

/// The tool's own agent is a program for this machine, and no other is in it.
pub(super) fn require_for_architecture(agent: &Agent, init: bool, architecture: Architecture) -> Result<(), SettingError> {
    let own = *agent == Agent::Own || (init && *agent == Agent::Default);
    if own && Architecture::native() != Some(architecture) {
        return Err(SettingError::Invalid {
            setting: if init { "--agent-init" } else { "--agent own" }.to_owned(),
            reason: format!("rootfs-gen's own agent is for {} here, and the guest is {architecture}", std::env::consts::ARCH),
            hint: Some("name an agent for it with --agent FILE".to_owned()),
        });
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_agent_is_for_this_machine_alone() {
        let native = Architecture::native().unwrap();
        let other = if native == Architecture::S390x { Architecture::X86_64 } else { Architecture::S390x };
        for (agent, init, refused) in
            [(Agent::Own, false, true), (Agent::Default, true, true), (Agent::Default, false, false), (Agent::None, false, false)]
        {
            assert!(require_for_architecture(&agent, init, native).is_ok());
            assert_eq!(require_for_architecture(&agent, init, other).is_err(), refused, "{agent:?} {init}");
        }
    }
}
