//! `Dockerfile.in`: what a shell directory's scripts need, as instructions for an image, with osbuilder's placeholders.

use std::path::Path;

use fs_err as fs;
use rootfs_plugin::ShellInstaller;

use super::proxy_variables;
use crate::fetch::Proxies;

/// Placeholders for what only builds an agent, which no script of a distribution needs.
const NOTHING: [&str; 5] = ["@INSTALL_RUST@", "@INSTALL_GO@", "@INSTALL_MUSL@", "@INSTALL_CMAKE@", "@GO_VERSION@"];

/// The instructions of a directory, if it has any: those for its architecture alone come first, as osbuilder had it.
///
/// # Errors
/// When the file can't be read.
pub(crate) fn dockerfile(shell: &ShellInstaller, release: &str, proxies: &Proxies) -> std::io::Result<Option<String>> {
    let architecture = shell.variables.get("ARCH").map_or("", String::as_str);
    let candidates = [format!("Dockerfile-{architecture}.in"), "Dockerfile.in".to_owned()];
    let Some(path) = candidates.iter().map(|name| shell.directory.join(name)).find(|path| path.is_file()) else { return Ok(None) };
    let version = shell.variables.get("OS_VERSION").map_or(release, String::as_str);
    read(&path).map(|text| Some(fill_in(&text, version, architecture, proxies)))
}

/// Arguments that osbuilder gives to the build of the image.
pub(crate) fn arguments(shell: &ShellInstaller, proxies: &Proxies) -> Vec<(String, String)> {
    let registry = shell.variables.get("IMAGE_REGISTRY").map(|registry| ("IMAGE_REGISTRY".to_owned(), registry.clone()));
    proxy_variables(proxies).into_iter().chain(registry).collect()
}

fn read(path: &Path) -> std::io::Result<String> {
    fs::read_to_string(path)
}

fn fill_in(text: &str, version: &str, architecture: &str, proxies: &Proxies) -> String {
    let filled = [("@OS_VERSION@", version), ("@ARCH@", architecture), ("@SET_UP@", "ENV DEBIAN_FRONTEND=noninteractive")]
        .into_iter()
        .chain(NOTHING.map(|placeholder| (placeholder, "")))
        .fold(text.to_owned(), |text, (placeholder, value)| text.replace(placeholder, value));
    filled.replace("@SET_PROXY@", &set_proxy(proxies))
}

/// dnf and yum take no proxy from the environment in every place that matters.
fn set_proxy(proxies: &Proxies) -> String {
    let http = proxy_variables(proxies).into_iter().find(|(name, _)| name == "http_proxy");
    http.map(|(_, url)| {
        format!(
            "RUN for conf in /etc/dnf/dnf.conf /etc/yum.conf; do \
             if [ -f \"$conf\" ] && ! grep -q '^proxy *=' \"$conf\"; then echo 'proxy={url}' >> \"$conf\"; fi; done"
        )
    })
    .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_in() {
        let text =
            "ARG IMAGE_REGISTRY=registry.example\nFROM ${IMAGE_REGISTRY}/os:@OS_VERSION@\n@SET_PROXY@\n@INSTALL_RUST@\nRUN build-@ARCH@\n";
        let plain = fill_in(text, "40", "x86_64", &Proxies::default());
        assert_eq!(plain, "ARG IMAGE_REGISTRY=registry.example\nFROM ${IMAGE_REGISTRY}/os:40\n\n\nRUN build-x86_64\n");
        let proxies = Proxies { http: Some(crate::fetch::Route::Proxy("http://proxy:3128".to_owned())), ..Proxies::default() };
        assert!(fill_in(text, "40", "x86_64", &proxies).contains("proxy=http://proxy:3128"));
    }
}
