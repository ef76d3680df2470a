use std::collections::BTreeMap;

use super::location::WebLocation;

/// Which proxy leads to which host. Says nothing by itself: the caller fills it, from the environment and apt's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Proxies {
    /// For `http` URLs.
    pub http: Option<Route>,
    /// For `https` URLs.
    pub https: Option<Route>,
    /// As the `no_proxy` variable has it: host names, which mean their subdomains too, with a dot before them or not; addresses; `*`.
    pub no_proxy: Vec<String>,
    /// For one host, before all of the above; apt's `Acquire::http::Proxy::HOST`. By lower-case name.
    pub hosts: BTreeMap<String, Route>,
}

/// A way to a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// Without a proxy.
    Direct,
    /// Through the proxy of this URL.
    Proxy(String),
}

impl Proxies {
    /// The URL of the proxy that leads to a host; none for the direct way.
    pub(super) fn toward(&self, location: &WebLocation) -> Option<&str> {
        let host = location.host();
        let general = || if location.secure { self.https.as_ref() } else { self.http.as_ref() };
        let route = self.hosts.get(&host).or_else(|| if self.excepts(&host) { None } else { general() });
        match route {
            Some(Route::Proxy(url)) => Some(url),
            Some(Route::Direct) | None => None,
        }
    }

    /// The URL of every proxy there is.
    pub(super) fn urls(&self) -> impl Iterator<Item = &str> {
        self.http.iter().chain(&self.https).chain(self.hosts.values()).filter_map(|route| match route {
            Route::Proxy(url) => Some(url.as_str()),
            Route::Direct => None,
        })
    }

    fn excepts(&self, host: &str) -> bool {
        self.no_proxy.iter().map(|entry| entry.trim().to_ascii_lowercase()).any(|entry| {
            let domain = entry.trim_start_matches("*.").trim_start_matches('.').trim_matches(['[', ']']);
            entry == "*" || (!domain.is_empty() && (host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::location::Location;
    use super::*;

    fn toward(proxies: &Proxies, url: &str) -> Option<String> {
        match Location::parse(url) {
            Some(Location::Web(location)) => proxies.toward(&location).map(str::to_owned),
            other => panic!("{url}: {other:?}"),
        }
    }

    fn sample() -> Proxies {
        Proxies {
            http: Some(Route::Proxy("http://p1".to_owned())),
            https: Some(Route::Proxy("http://p2".to_owned())),
            no_proxy: ["example.org", ".example.net", " 10.0.0.1", ""].map(str::to_owned).into(),
            hosts: [("direct.example".to_owned(), Route::Direct), ("own.example.org".to_owned(), Route::Proxy("http://p3".to_owned()))]
                .into(),
        }
    }

    #[test]
    fn each_url_has_its_proxy() {
        for (url, proxy) in [
            ("http://host/", Some("http://p1")),
            ("https://host/", Some("http://p2")),
            ("http://Direct.Example:80/", None),
            ("http://own.example.org/", Some("http://p3")),
            ("http://example.org/", None),
            ("http://a.example.org/", None),
            ("http://badexample.org/", Some("http://p1")),
            ("http://a.example.net/", None),
            ("http://10.0.0.1:3142/", None),
        ] {
            assert_eq!(toward(&sample(), url).as_deref(), proxy, "{url}");
        }
    }

    #[test]
    fn a_star_excepts_every_host() {
        assert_eq!(toward(&Proxies { no_proxy: vec!["*".to_owned()], ..sample() }, "http://host/"), None);
    }

    #[test]
    fn nothing_said_is_no_proxy() {
        assert_eq!(toward(&Proxies::default(), "http://host/"), None);
    }
}
