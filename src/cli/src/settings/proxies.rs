use rootfs_package::fetch::{Proxies, Route};

use crate::environment::Environment;
use crate::setting_error::SettingError;

/// The environment's proxies before the host's. `no_proxy` is before both, and a proxy that the host has for one host name stays.
pub(super) fn settle(environment: &Environment, host: &Proxies) -> Result<Proxies, SettingError> {
    let all = variable(environment, "all_proxy")?;
    let route = |own: Option<String>, host: &Option<Route>| own.or_else(|| all.clone()).map(Route::Proxy).or_else(|| host.clone());
    let no_proxy = either(environment, "no_proxy")?.unwrap_or_default();
    let no_proxy = no_proxy.split([',', ' ']).filter(|host| !host.is_empty()).map(str::to_owned);
    Ok(Proxies {
        http: route(variable(environment, "http_proxy")?, &host.http),
        https: route(variable(environment, "https_proxy")?, &host.https),
        no_proxy: no_proxy.chain(host.no_proxy.iter().cloned()).collect(),
        hosts: host.hosts.clone(),
    })
}

/// A proxy's URL; without a scheme it is http, as for curl.
fn variable(environment: &Environment, name: &str) -> Result<Option<String>, SettingError> {
    // `HTTP_PROXY` does not count, as CGI sets it from a header of a request.
    let value = if name == "http_proxy" { environment.text(name)? } else { either(environment, name)? };
    Ok(value.map(|value| if value.contains("://") { value } else { format!("http://{value}") }))
}

fn either(environment: &Environment, name: &str) -> Result<Option<String>, SettingError> {
    match environment.text(name)? {
        None => environment.text(&name.to_uppercase()),
        value => Ok(value),
    }
}
