use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// Looks each server up once: ureq does it for every request, even where a connection is open, and one of a hundred questions to a name server is
/// sure to be lost, which takes five seconds. Clones share what they know.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    known: Arc<Mutex<BTreeMap<String, Addresses>>>,
}

/// Of one server; empty until they are known.
type Addresses = Arc<Mutex<Vec<SocketAddr>>>;

impl Names {
    /// Looks everything up anew from here on: what was known leads nowhere any more.
    pub(super) fn forget(&self) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Resolver for Names {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let server = format!("{:?} {:?}", uri.scheme(), uri.authority());
        let known = Arc::clone(self.known.lock().unwrap_or_else(PoisonError::into_inner).entry(server).or_default());
        // Whoever asks for the same server meanwhile waits for this answer.
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_empty() {
            let found = DefaultResolver::default().resolve(uri, config, timeout)?;
            known.extend(found.iter().copied());
        }
        let mut addresses = self.empty();
        known.iter().for_each(|address| addresses.push(*address));
        Ok(addresses)
    }
}
