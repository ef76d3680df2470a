//! Plain `http` through a proxy, as proxies of package archives (apt-cacher-ng, Squid) want it: the request line names the whole URL. ureq itself asks
//! every proxy for a tunnel, which most allow to port 443 only.

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, TcpConnector, Transport};
use ureq::{Agent, Error};

use super::names::Names;

/// An agent that sends every request to the proxy; for `http` URLs only.
pub(super) fn forward_agent(config: Config, proxy: Uri, names: Names) -> Agent {
    let connector = ().chain(TcpConnector::default()).chain(ForwardConnector);
    Agent::with_parts(config, connector, ProxyResolver { proxy, names })
}

/// Whatever is looked up, it is the proxy that is connected to.
#[derive(Debug)]
struct ProxyResolver {
    proxy: Uri,
    names: Names,
}

impl Resolver for ProxyResolver {
    fn resolve(&self, _target: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        self.names.resolve(&self.proxy, config, timeout)
    }
}

#[derive(Debug)]
struct ForwardConnector;

impl<In: Transport> Connector<In> for ForwardConnector {
    type Out = ForwardTransport<In>;

    fn connect(&self, details: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        let authority = details.uri.authority().map_or("", |authority| authority.as_str());
        let server = authority.rsplit('@').next().unwrap_or_default();
        Ok(chained.map(|inner| ForwardTransport { inner, origin: format!("http://{server}").into_bytes() }))
    }
}

/// Puts the origin before the path of each request.
#[derive(Debug)]
struct ForwardTransport<In> {
    inner: In,
    origin: Vec<u8>,
}

/// What the requests of this module begin with; they have no body, and one request is transmitted at once.
const REQUEST: &[u8] = b"GET ";

impl<In: Transport> Transport for ForwardTransport<In> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let output = self.inner.buffers().output();
        let longer = amount + self.origin.len();
        if !output[..amount].starts_with(b"GET /") || longer > output.len() {
            return self.inner.transmit_output(amount, timeout);
        }
        let start = REQUEST.len();
        output.copy_within(start..amount, start + self.origin.len());
        output[start..start + self.origin.len()].copy_from_slice(&self.origin);
        self.inner.transmit_output(longer, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }
}
