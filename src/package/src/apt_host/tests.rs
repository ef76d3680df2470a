use rootfs_plugin::AptRepository;

use super::*;

fn host(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

/// An archive of two distributions, as their files describe it, with the suites of every release.
fn archive(public: &str, suites: &[&str], keyring: &str) -> AptRepository {
    AptRepository {
        name: String::new(),
        mirrors: Vec::new(),
        public: public.to_owned(),
        suites: suites.iter().map(|suite| (*suite).to_owned()).collect(),
        components: vec!["main".to_owned()],
        keys: Vec::new(),
        signed_by: Some(format!("/usr/share/keyrings/{keyring}-archive-keyring.gpg")),
    }
}

fn main() -> AptRepository {
    archive("http://ftp.debian.org/debian", &["trixie", "trixie-updates", "bookworm", "bookworm-updates", "sid"], "debian")
}

fn security() -> AptRepository {
    archive("http://security.debian.org/debian-security", &["trixie-security", "bookworm-security"], "debian")
}

fn mirrors(files: &[(&str, &str)], archive: &AptRepository) -> Vec<String> {
    mirrors_of(&host_sources(host(files).path()), archive)
}

const STANZAS: &str = "Types: deb
# http://snapshot.example/archive
URIs: http://mirror.example/debian/
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb deb-src
URIs: http://mirror.example/debian-security https://two.example/debian-security
Suites: bookworm-security
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
";

#[test]
fn stanzas_give_their_mirrors() {
    let files = [("etc/apt/sources.list.d/debian.sources", STANZAS)];
    assert_eq!(mirrors(&files, &main()), ["http://mirror.example/debian"]);
    assert_eq!(mirrors(&files, &security()), ["http://mirror.example/debian-security", "https://two.example/debian-security"]);
}

#[test]
fn lines_give_their_mirrors_in_apts_order() {
    let list = "# deb http://commented.example/debian bookworm main
deb http://ftp.xy.debian.org/debian/ bookworm main non-free-firmware # near
deb-src http://source.debian.org/debian bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] https://signed.example/debian trixie main
deb [ trusted=yes ] http://plain.example/debian bookworm main
deb [ trusted=yes ] http://plain.example/debian bookworm-updates main
deb cdrom:[Debian GNU/Linux 12]/ bookworm main
deb http://security.debian.org/debian-security bookworm-security main
";
    let files = [("etc/apt/sources.list.d/z.list", "deb http://last.debian.org/debian sid main"), ("etc/apt/sources.list", list)];
    assert_eq!(
        mirrors(&files, &main()),
        [
            "http://ftp.xy.debian.org/debian",
            "https://signed.example/debian",
            "http://plain.example/debian",
            "http://last.debian.org/debian"
        ]
    );
    assert_eq!(mirrors(&files, &security()), ["http://security.debian.org/debian-security"]);
}

#[test]
fn third_parties_are_never_taken() {
    for line in [
        "deb https://deb.nodesource.example/node_20.x nodistro main",
        "deb https://packages.example/debian bookworm main",
        "deb https://packages.example/debian/ stable main",
        "deb [signed-by=/usr/share/keyrings/vendor.gpg] https://packages.example/debian bookworm bookworm-updates main",
        "deb [signed-by=/usr/share/keyrings/vendor.gpg] https://packages.example/debian bookworm-updates main",
        "deb https://download.example/linux/debian bookworm stable",
        "deb http://ftp.debian.org/ubuntu bookworm main",
        "deb http://ftp.debian.org/debian noble main",
        "deb http://ftp.debian.org/debian bookworm contrib",
        "deb http://debian.org.evil.example/debian bookworm main",
        "deb https://pkg.example/debian binary/",
        "deb http://evildebian.org/debian bookworm main",
    ] {
        assert_eq!(mirrors(&[("etc/apt/sources.list", line)], &main()), [""; 0], "{line}");
    }
}

#[test]
fn a_key_in_the_stanza_is_somebody_elses() {
    let stanza = "Types: deb\nURIs: http://a.debian.org/debian\nSuites: bookworm\nComponents: main\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n";
    assert_eq!(mirrors(&[("etc/apt/sources.list.d/a.sources", stanza)], &main()), [""; 0]);
}

/// As Ubuntu sets its hosts up: two servers, one path, one keyring.
const UBUNTU: &str = "Types: deb
URIs: http://xy.archive.ubuntu.com/ubuntu/
Suites: noble noble-updates noble-backports
Components: main restricted universe multiverse
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg

Types: deb
URIs: http://security.ubuntu.com/ubuntu/
Suites: noble-security
Components: main restricted universe multiverse
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg
";

#[test]
fn distributions_are_not_mixed() {
    let suites = ["noble", "noble-updates", "jammy", "jammy-updates"];
    let ubuntu = archive("http://archive.ubuntu.com/ubuntu", &suites, "ubuntu");
    let ports = archive("http://ports.ubuntu.com/ubuntu-ports", &suites, "ubuntu");
    let fixes = archive("http://security.ubuntu.com/ubuntu", &["noble-security", "jammy-security"], "ubuntu");
    let files = [("etc/apt/sources.list.d/ubuntu.sources", UBUNTU), ("etc/apt/sources.list.d/debian.sources", STANZAS)];
    assert_eq!(mirrors(&files, &ubuntu), ["http://xy.archive.ubuntu.com/ubuntu"]);
    assert_eq!(mirrors(&files, &fixes), ["http://security.ubuntu.com/ubuntu"]);
    assert_eq!(mirrors(&files, &ports), [""; 0]);
    assert_eq!(mirrors(&files, &main()), ["http://mirror.example/debian"]);
    let old = "deb http://mirror.example/ubuntu jammy main\ndeb http://mirror.example/ubuntu jammy-updates main\n\
               deb http://mirror.example/ubuntu jammy-security main\ndeb http://ppa.example/ubuntu jammy main\n";
    for archive in [&ubuntu, &fixes] {
        assert_eq!(mirrors(&[("etc/apt/sources.list", old)], archive), ["http://mirror.example/ubuntu"]);
    }
    for files in [[("etc/apt/sources.list.d/ubuntu.sources", UBUNTU)], [("etc/apt/sources.list", old)]] {
        assert_eq!(mirrors(&files, &main()), [""; 0]);
    }
    let borrowed = UBUNTU.replace("ubuntu-archive-", "debian-archive-");
    assert_eq!(mirrors(&[("etc/apt/sources.list.d/x.sources", &borrowed)], &ubuntu), [""; 0]);
}

#[test]
fn what_is_disabled_is_read_but_not_taken() {
    let stanza = format!("Enabled: No\n{STANZAS}");
    let root = host(&[("etc/apt/sources.list.d/debian.sources", &stanza), ("etc/apt/sources.list.d/debian.sources.disabled", STANZAS)]);
    let sources = host_sources(root.path());
    assert_eq!(sources.len(), 3);
    assert!(!sources[0].enabled);
    assert_eq!(mirrors_of(&sources, &main()), [""; 0]);
    assert_eq!(mirrors_of(&sources, &security()).len(), 2);
}

#[test]
fn a_list_of_mirrors_is_read_below_the_root() {
    let stanza = STANZAS.replace("http://mirror.example/debian/", "mirror+file:///etc/apt/mirrors.txt");
    let files = [
        ("etc/apt/sources.list.d/debian.sources", &*stanza),
        ("etc/apt/mirrors.txt", "# near\nhttp://one.example/debian/\tpriority:1\nftp://x/debian\n\nhttps://two.example/debian\n"),
    ];
    assert_eq!(mirrors(&files, &main()), ["http://one.example/debian", "https://two.example/debian"]);
}

#[test]
fn a_host_without_apt_has_nothing() {
    let root = host(&[]);
    assert_eq!(host_sources(root.path()), []);
    assert_eq!(host_proxies(root.path()), Proxies::default());
}

#[test]
fn proxies_with_exceptions() {
    let root = host(&[
        ("etc/apt/apt.conf.d/01proxy", "Acquire::http::Proxy \"http://early:1\";\nAcquire::http::Proxy { Near.Example \"DIRECT\"; }"),
        ("etc/apt/apt.conf.d/02proxy.conf", "Acquire::https::Proxy::other.example \"http://q:2\";"),
        ("etc/apt/apt.conf.d/03proxy.bak", "Acquire::http::Proxy \"http://wrong:1\";"),
        ("etc/apt/apt.conf", "Acquire::http::Proxy \"http://late:1\";"),
    ]);
    let late = Some(Route::Proxy("http://late:1".to_owned()));
    assert_eq!(
        host_proxies(root.path()),
        Proxies {
            http: late.clone(),
            https: late,
            no_proxy: Vec::new(),
            hosts: [("near.example".to_owned(), Route::Direct), ("other.example".to_owned(), Route::Proxy("http://q:2".to_owned()))].into(),
        }
    );
}

#[test]
fn https_may_have_no_proxy() {
    let root = host(&[("etc/apt/apt.conf", "Acquire { http::Proxy \"http://p:1\"; https::Proxy \"DIRECT\"; };")]);
    assert_eq!(host_proxies(root.path()).https, Some(Route::Direct));
}
