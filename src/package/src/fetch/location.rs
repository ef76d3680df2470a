use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// Where something is fetched from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Location {
    /// On this machine.
    File(PathBuf),
    /// On a server.
    Web(WebLocation),
}

/// An `http` or `https` URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WebLocation {
    pub(super) secure: bool,
    /// With user, password and port, where they are said.
    authority: String,
    /// With the query, from the slash on.
    path: String,
}

impl Location {
    /// None for other schemes, and for what isn't a URL.
    pub(super) fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once(':')?;
        match scheme.to_ascii_lowercase().as_str() {
            "file" => file_path(rest).map(Self::File),
            "http" => WebLocation::parse(false, rest.strip_prefix("//")?).map(Self::Web),
            "https" => WebLocation::parse(true, rest.strip_prefix("//")?).map(Self::Web),
            _ => None,
        }
    }
}

impl WebLocation {
    fn parse(secure: bool, rest: &str) -> Option<Self> {
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let sane = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        let location = Self { secure, authority: authority.to_owned(), path };
        (!location.host().is_empty() && sane(&location.authority) && sane(&location.path)).then_some(location)
    }

    pub(super) fn url(&self) -> String {
        format!("{}{}{}", self.scheme(), self.authority, self.path)
    }

    /// The server as other URLs of it begin, without user and password: `http://host:port`.
    pub(super) fn origin(&self) -> String {
        format!("{}{}", self.scheme(), self.host_and_port())
    }

    /// Lower-case, without port; IPv6 addresses without brackets.
    pub(super) fn host(&self) -> String {
        let server = self.host_and_port();
        let host = match server.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, _)) => address,
            None => server.split(':').next().unwrap_or_default(),
        };
        host.to_ascii_lowercase()
    }

    /// Where a `Location` header leads from here; none when that isn't allowed: no URL, another scheme, or out of https.
    pub(super) fn join(&self, target: &str) -> Option<Self> {
        let here = |path: String| Self::parse(self.secure, &format!("{}{path}", self.authority));
        let joined = match Location::parse(target) {
            Some(Location::Web(location)) => Some(location),
            Some(Location::File(_)) => None,
            None if target.starts_with("//") => Self::parse(self.secure, &target[2..]),
            None if target.starts_with('/') => here(target.to_owned()),
            None if target.split(['/', '?']).next().is_some_and(|first| first.contains(':')) => None,
            None => {
                let path = self.path.split('?').next().unwrap_or_default();
                let directory = path.rfind('/').map_or("/", |at| &path[..=at]);
                here(format!("{directory}{target}"))
            }
        }?;
        (joined.secure || !self.secure).then_some(joined)
    }

    fn scheme(&self) -> &'static str {
        if self.secure { "https://" } else { "http://" }
    }

    fn host_and_port(&self) -> &str {
        self.authority.rsplit('@').next().unwrap_or_default()
    }
}

/// The URL as it may be shown: without user and password.
pub(super) fn shown(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    format!("{scheme}://{}{path}", authority.rsplit('@').next().unwrap_or_default())
}

fn file_path(rest: &str) -> Option<PathBuf> {
    let path = match rest.strip_prefix("//") {
        Some(rest) => rest.strip_prefix("localhost").unwrap_or(rest),
        None => rest,
    };
    (path.starts_with('/')).then(|| PathBuf::from(OsString::from_vec(percent_decode(path.as_bytes()))))
}

/// `%41` is `A`; a `%` without two hexadecimal digits is itself.
pub(super) fn percent_decode(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, tail)) = rest.split_first() {
        let escaped =
            (*first == b'%').then(|| str::from_utf8(tail.get(..2)?).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok())).flatten();
        decoded.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn web(url: &str) -> WebLocation {
        match Location::parse(url) {
            Some(Location::Web(location)) => location,
            other => panic!("{url}: {other:?}"),
        }
    }

    #[test]
    fn urls_are_taken_apart() {
        let location = web("http://me:secret@Mirror.Example:8080/debian/x?y=1#z");
        assert_eq!(location.host(), "mirror.example");
        assert_eq!(location.origin(), "http://Mirror.Example:8080");
        assert_eq!(location.url(), "http://me:secret@Mirror.Example:8080/debian/x?y=1");
        assert_eq!(web("https://[::1]:8080").host(), "::1");
        assert_eq!(web("HTTPS://host?x").url(), "https://host/?x");
    }

    #[test]
    fn files_are_absolute_and_decoded() {
        for (url, path) in [("file:///a%20b/%zz", "/a b/%zz"), ("file:/a", "/a"), ("file://localhost/a", "/a")] {
            assert_eq!(Location::parse(url), Some(Location::File(path.into())), "{url}");
        }
    }

    #[test]
    fn what_is_no_url_is_none() {
        for url in [
            "",
            "host/path",
            "ftp://host/",
            "http:/host",
            "http:///path",
            "http://ho st/",
            "http://host/a\r\nb",
            "file://relative",
            "http://user@/x",
        ] {
            assert_eq!(Location::parse(url), None, "{url}");
        }
    }

    #[test]
    fn redirects_lead_on_but_not_out() {
        let from = web("http://host/a/b?c");
        for (target, url) in [
            ("http://other/x", Some("http://other/x")),
            ("https://other/x", Some("https://other/x")),
            ("//other/x", Some("http://other/x")),
            ("/x?y", Some("http://host/x?y")),
            ("x", Some("http://host/a/x")),
            ("file:///etc/passwd", None),
            ("ftp://host/", None),
            ("data:x", None),
        ] {
            assert_eq!(from.join(target).map(|location| location.url()), url.map(str::to_owned), "{target}");
        }
        assert_eq!(web("https://host/").join("http://host/"), None);
        assert!(web("https://host/").join("/x").is_some());
    }

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(shown("http://me:secret@host/a@b"), "http://host/a@b");
        assert_eq!(shown("file:///a"), "file:///a");
        assert_eq!(shown("nonsense"), "nonsense");
    }
}
