use std::path::Path;

use super::{Container, Init};

/// What the user types to use a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Commands {
    /// Starts it, or runs a single command where nothing can be started.
    pub(crate) start: String,
    /// Gives a shell inside.
    pub(crate) enter: Option<String>,
    /// Ends it.
    pub(crate) stop: Option<String>,
}

impl Commands {
    /// Of a container that LXC finds below `place`; none means where it looks by itself.
    pub(crate) fn of(container: &Container, place: Option<&Path>) -> Self {
        let place = place.map(|place| format!(" -P {}", word(&place.to_string_lossy()))).unwrap_or_default();
        let command = |program: &str| format!("{program}{place} -n {}", container.name);
        if container.init == Init::None {
            return Self { start: format!("{} -- /bin/sh", command("lxc-execute")), enter: None, stop: None };
        }
        Self { start: command("lxc-start"), enter: Some(command("lxc-attach")), stop: Some(command("lxc-stop")) }
    }
}

/// As a shell takes it.
fn word(text: &str) -> String {
    let plain = |character: char| character.is_alphanumeric() || "-_=./:,@+".contains(character);
    if text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lxc::Network;

    #[test]
    fn commands_can_be_pasted() {
        let mut container = Container {
            name: "foo".to_owned(),
            root: "/srv/root".into(),
            is_image: false,
            init: Init::BusyBox,
            architecture: None,
            network: Network::Empty,
            writable: None,
            ids: None,
        };
        let commands = Commands::of(&container, None);
        assert_eq!((&*commands.start, commands.stop.as_deref()), ("lxc-start -n foo", Some("lxc-stop -n foo")));
        let commands = Commands::of(&container, Some(Path::new("/srv/it's here")));
        assert_eq!(commands.enter.as_deref(), Some(r"lxc-attach -P '/srv/it'\''s here' -n foo"));
        container.init = Init::None;
        let commands = Commands::of(&container, Some(Path::new("/srv")));
        assert_eq!((&*commands.start, commands.enter), ("lxc-execute -P /srv -n foo -- /bin/sh", None));
    }
}
