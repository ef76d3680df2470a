use rootfs_plugin::{Agent, PackageRequest, Password, Request};

/// The request without what nobody else may read: passwords are there or not.
pub(super) fn redacted(request: &Request) -> Request {
    let hidden = |password: &Option<Password>| {
        password.as_ref().map(|password| match password {
            Password::Empty => Password::Empty,
            Password::Clear(_) | Password::Hashed(_) => Password::Hashed("…".to_owned()),
        })
    };
    let mut request = request.clone();
    request.root_password = hidden(&request.root_password);
    for user in &mut request.users {
        user.password = hidden(&user.password);
    }
    request
}

/// What was asked for besides the distribution's own choice, as pairs of a word and a text.
pub(super) fn rows(request: &Request) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    let mut row = |name, values: Vec<String>| {
        if !values.is_empty() {
            rows.push((name, values.join(", ")));
        }
    };
    let packages = |packages: &[PackageRequest]| {
        let shown = |package: &PackageRequest| match package {
            PackageRequest::Name(name) => name.clone(),
            PackageRequest::File(path) => path.display().to_string(),
        };
        packages.iter().map(shown).collect::<Vec<_>>()
    };
    let paths = |paths: Vec<&std::path::PathBuf>| paths.into_iter().map(|path| path.display().to_string()).collect::<Vec<_>>();
    row("packages", request.packages.as_deref().map(packages).unwrap_or_default());
    row("extra", packages(&request.extra_packages));
    let agent = match &request.agent {
        Agent::Default | Agent::Own if request.agent_init => vec!["rootfs-gen's own, as /sbin/init".to_owned()],
        Agent::Own => vec!["rootfs-gen's own".to_owned()],
        Agent::Default => Vec::new(),
        Agent::None => vec!["none".to_owned()],
        Agent::File(path) if request.agent_init => vec![format!("{}, as /sbin/init", path.display())],
        Agent::File(path) => vec![path.display().to_string()],
    };
    row("agent", agent);
    row("hostname", request.hostname.iter().cloned().collect());
    row("root", request.root_password.iter().map(|_| "has a password".to_owned()).collect());
    row("users", request.users.iter().map(|user| user.name.clone()).collect());
    row("ssh keys", request.ssh_keys.iter().map(|key| key.split_whitespace().last().unwrap_or_default().to_owned()).collect());
    row("overlays", paths(request.overlays.iter().map(|overlay| &overlay.path).collect()));
    row("hooks", paths(request.hooks.iter().map(|hook| &hook.path).collect()));
    rows
}
