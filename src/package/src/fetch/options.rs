use std::time::Duration;

use super::Proxies;

/// How to fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchOptions {
    /// Use no network: only what the store has, and `file` URLs.
    pub offline: bool,
    /// How many downloads run at the same time; at least 1.
    pub connections: usize,
    /// How often one URL is tried; at least 1.
    pub attempts: u32,
    /// Which proxy leads where. The environment is never read here.
    pub proxies: Proxies,
    /// What servers are told.
    pub user_agent: String,
    /// How long a connection may take to be made, and how long a server may be silent.
    pub timeout: Duration,
    /// The wait before the second attempt; each one after it waits twice as long.
    pub backoff: Duration,
    /// The longest wait between attempts, whatever a server asks for.
    pub longest_wait: Duration,
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self {
            offline: false,
            connections: 8,
            attempts: 4,
            proxies: Proxies::default(),
            user_agent: concat!("rootfs-gen/", env!("CARGO_PKG_VERSION")).to_owned(),
            timeout: Duration::from_secs(30),
            backoff: Duration::from_millis(500),
            longest_wait: Duration::from_secs(30),
        }
    }
}
