use std::collections::BTreeMap;
use std::io::{self, Read};

use ureq::config::Config;
use ureq::http::Response;
use ureq::http::header::{CONTENT_RANGE, IF_RANGE, LOCATION, PROXY_AUTHORIZATION, RANGE, RETRY_AFTER};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Body, Proxy};

use super::forward::forward_agent;
use super::location::{WebLocation, shown};
use super::names::Names;
use super::{FetchError, FetchFault, FetchOptions, Proxies};

/// How many redirects are followed.
const REDIRECTS: u32 = 10;

/// What is read of the body of an answer that nobody wants, so that its connection can be used again.
const UNWANTED: u64 = 16 << 10;

/// Connections by the proxy they go through. They are kept alive and shared by threads.
#[derive(Debug)]
pub(super) struct Agents {
    proxies: Proxies,
    names: Names,
    direct: Agent,
    through: BTreeMap<String, ProxyAgents>,
}

#[derive(Debug)]
struct ProxyAgents {
    tunnel: Agent,
    forward: Agent,
    /// The header that tells the proxy who asks.
    authorization: Option<String>,
}

/// What a request asks for besides the URL.
#[derive(Debug, Default)]
pub(super) struct Wanted<'a> {
    /// From this byte on.
    pub(super) from: u64,
    /// An ETag or a date: from that byte on if the file is still this one.
    pub(super) validator: Option<&'a str>,
}

impl Agents {
    /// # Errors
    /// When a proxy's URL is none.
    pub(super) fn new(options: &FetchOptions) -> Result<Self, FetchError> {
        let names = Names::default();
        let mut through = BTreeMap::new();
        for url in options.proxies.urls() {
            let agents = ProxyAgents::new(options, url, &names).ok_or_else(|| FetchError::Proxy { url: shown(url) })?;
            through.insert(url.to_owned(), agents);
        }
        Ok(Self { proxies: options.proxies.clone(), direct: agent(config(options, None), &names), names, through })
    }

    /// Asks for a URL and follows redirects; any other answer is given back, whatever its status.
    pub(super) fn get(&self, location: &WebLocation, wanted: &Wanted<'_>) -> Result<Response<Body>, FetchFault> {
        let mut location = location.clone();
        for _ in 0..=REDIRECTS {
            let response = self.ask(&location, wanted)?;
            if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Ok(response);
            }
            let target = header(&response, &LOCATION).unwrap_or_default().to_owned();
            let _rest = io::copy(&mut response.into_body().into_reader().take(UNWANTED), &mut io::sink());
            location = location.join(&target).ok_or_else(|| FetchFault::Redirect { to: shown(&target) })?;
        }
        Err(FetchFault::Redirects { limit: REDIRECTS })
    }

    /// Ends every connection, now, whoever waits for it. Nothing can be asked for afterwards.
    pub(super) fn shut_down(&self) {
        let through = self.through.values().flat_map(|agents| [&agents.tunnel, &agents.forward]);
        through.chain([&self.direct]).for_each(|agent| agent.clone().shutdown());
    }

    fn ask(&self, location: &WebLocation, wanted: &Wanted<'_>) -> Result<Response<Body>, FetchFault> {
        let proxy = self.proxies.toward(location).and_then(|url| self.through.get(url));
        let agent = match proxy {
            None => &self.direct,
            Some(agents) if location.secure => &agents.tunnel,
            Some(agents) => &agents.forward,
        };
        let mut request = agent.get(location.url());
        if let Some(authorization) = proxy.filter(|_| !location.secure).and_then(|agents| agents.authorization.as_ref()) {
            request = request.header(PROXY_AUTHORIZATION, authorization);
        }
        if wanted.from > 0 {
            request = request.header(RANGE, format!("bytes={}-", wanted.from));
            if let Some(validator) = wanted.validator {
                request = request.header(IF_RANGE, validator);
            }
        }
        request.call().map_err(|error| {
            self.names.forget();
            fault(error)
        })
    }
}

impl ProxyAgents {
    fn new(options: &FetchOptions, url: &str, names: &Names) -> Option<Self> {
        let proxy = Proxy::new(url).ok()?;
        let authorization = proxy.username().map(|user| {
            let credentials = format!("{user}:{}", proxy.password().unwrap_or_default());
            format!("Basic {}", base64(credentials.as_bytes()))
        });
        let tunnel = agent(config(options, Some(proxy.clone())), names);
        // A proxy that is itself reached by https gets tunnels only.
        let plain = proxy.uri().scheme_str() == Some("http");
        let forward = if plain { forward_agent(config(options, None), proxy.uri().clone(), names.clone()) } else { tunnel.clone() };
        Some(Self { tunnel, forward, authorization: authorization.filter(|_| plain) })
    }
}

fn agent(config: Config, names: &Names) -> Agent {
    Agent::with_parts(config, DefaultConnector::default(), names.clone())
}

/// Everything is said: what ureq would take from the environment (proxies) is not.
fn config(options: &FetchOptions, proxy: Option<Proxy>) -> Config {
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    Config::builder()
        .proxy(proxy)
        .tls_config(tls)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(&options.user_agent)
        .accept("*/*")
        .accept_encoding("identity")
        .timeout_resolve(Some(options.timeout))
        .timeout_connect(Some(options.timeout))
        .timeout_send_request(Some(options.timeout))
        .timeout_recv_response(Some(options.timeout))
        .timeout_per_read(Some(options.timeout))
        .max_idle_connections(options.connections.saturating_mul(4))
        .max_idle_connections_per_host(options.connections)
        .build()
}

fn fault(error: ureq::Error) -> FetchFault {
    match error {
        ureq::Error::Rustls(_) | ureq::Error::Tls(_) | ureq::Error::Pem(_) => FetchFault::Secure(Box::new(error)),
        _ => FetchFault::Connection(Box::new(error)),
    }
}

/// A header's text.
pub(super) fn header<'a>(response: &'a Response<Body>, name: &ureq::http::HeaderName) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// The first byte and the whole length that a `206` says it gives: `bytes 5-9/10`. The length may be `*`.
pub(super) fn content_range(response: &Response<Body>) -> Option<(u64, Option<u64>)> {
    let (range, total) = header(response, &CONTENT_RANGE)?.strip_prefix("bytes ")?.split_once('/')?;
    let first = range.split('-').next()?.trim().parse().ok()?;
    match total.trim() {
        "*" => Some((first, None)),
        total => Some((first, Some(total.parse().ok()?))),
    }
}

/// The seconds a server asks to wait. Dates, which need a clock, are passed over.
pub(super) fn retry_after(response: &Response<Body>) -> Option<u64> {
    header(response, &RETRY_AFTER)?.trim().parse().ok()
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().chain([&0, &0]).take(3).fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        for place in 0..4 {
            let digit = char::from(ALPHABET[bits >> (18 - 6 * place) & 63]);
            text.push(if place <= group.len() { digit } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_as_in_rfc_4648() {
        for (text, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(text.as_bytes()), coded);
        }
    }
}
