//! What installed packages must be able to do, and what no tree may hold.

use std::path::Path;

use rootfs_tests::{Failed, Process, Workbench, ensure, words};

const GUEST: &str = r#"
    test -x /sbin/init
    test -f /etc/machine-id && ! test -s /etc/machine-id
    test "$(passwd -S root | cut -d' ' -f2)" = L
    systemctl is-enabled systemd-networkd.service
    systemd-analyze verify --man=no default.target
"#;

const POSTGRESQL: &str = r#"
    test -e /etc/ssl/private/ssl-cert-snakeoil.key || make-ssl-cert generate-default-snakeoil --force-overwrite
    set -- $(pg_lsclusters --no-header)
    test "$2" = main
    pg_ctlcluster --skip-systemctl-redirect "$1" main start
    answer=$(su postgres -c 'psql -tAc "select 40 + 2"')
    pg_ctlcluster --skip-systemctl-redirect "$1" main stop
    test "$answer" = 42
"#;

const BUILD_ESSENTIAL: &str = r#"
    cd /tmp
    printf '#include <stdio.h>\nint main(void) { puts("built"); }\n' > hello.c
    gcc -o hello hello.c
    test "$(./hello)" = built
    printf '#include <iostream>\nint main() { std::cout << "built"; }\n' > hello.cc
    g++ -o hello hello.cc
    test "$(./hello)" = built
"#;

const PYTHON: &str = "test \"$(python3 -c 'import json, ssl, sqlite3; print(json.dumps(40 + 2))')\" = 42\n";
const JAVA: &str = "java -version\nls -l /etc/ssl/certs/java/cacerts\n";
const SSH: &str = "ssh-keygen -A\nmkdir -p /run/sshd\nsshd -T\n";
const NGINX: &str = "nginx -t\n";

const KATA: &str = r#"
    chronyd -p > /dev/null
    iptables --version | grep nf_tables
    kmod --version
    cryptsetup --version
"#;

const DOCKER: &str = r#"
    dockerd --validate --config-file /dev/null || dockerd --version
    containerd config default > /dev/null
    NetworkManager --print-config
    getent group docker
"#;

const CLOUD_INIT: &str = r#"
    cloud-init --version
    python3 -c 'import cloudinit.cmd.main'
    locale -a | grep -i c.utf
    test "$(readlink -f /etc/localtime)" = /usr/share/zoneinfo/Etc/UTC
"#;

const MARIADB: &str = r#"
    mkdir -p /run/mysqld
    chown mysql:mysql /run/mysqld
    mariadbd --user=mysql --skip-networking --pid-file=/run/mysqld/judge.pid > /dev/null 2>&1 &
    for _ in $(seq 60); do mariadb-admin ping > /dev/null 2>&1 && break; sleep 0.5; done
    answer=$(mariadb -BNe 'select 40 + 2')
    mariadb-admin shutdown
    test "$answer" = 42
"#;

/// A script that ends well in a tree where the set works. The secrets that a guest makes at its first boot are made first, as its units would.
pub(crate) fn works(set: &str) -> Option<String> {
    let scripts: &[&str] = match set {
        "guest" => &[GUEST],
        "postgresql" => &[POSTGRESQL],
        "python3" => &[PYTHON],
        "build-essential" => &[BUILD_ESSENTIAL],
        "default-jre-headless" => &[JAVA],
        "openssh-server" => &[SSH],
        "nginx" => &[NGINX],
        "kata" => &[KATA],
        "docker-network-manager" => &[DOCKER],
        "cloud-init-locales" => &[CLOUD_INIT],
        "mariadb-server" => &[MARIADB],
        "java-ssh-nginx" => &[JAVA, SSH, NGINX],
        _ => return None,
    };
    Some(scripts.concat())
}

/// No key, password or identity that several guests would share, and no word of the mirror or of where it was built.
pub(crate) fn expect_no_trace(workbench: &Workbench, tree: &Path) -> Result<(), Failed> {
    let secrets = [
        "etc/ssh/ssh_host_rsa_key",
        "etc/ssh/ssh_host_ecdsa_key",
        "etc/ssh/ssh_host_ed25519_key",
        "etc/ssl/private/ssl-cert-snakeoil.key",
        "var/lib/systemd/random-seed",
        "var/lib/systemd/credential.secret",
    ];
    let found: Vec<&str> = secrets.into_iter().filter(|path| tree.join(path).exists()).collect();
    ensure!(found.is_empty(), "secrets are in the tree: {found:?}");
    let machine = fs_err::read_to_string(tree.join("etc/machine-id")).unwrap_or_default();
    ensure!(machine.trim().is_empty(), "/etc/machine-id says {machine}");
    let shadow = fs_err::read_to_string(tree.join("etc/shadow"))?;
    let open = shadow.lines().find(|line| !line.split(':').nth(1).is_some_and(|hash| hash.starts_with(['*', '!'])));
    ensure!(open.is_none(), "an account is not locked: {open:?}");

    let mirror = workbench.mirror()?.url();
    let address = mirror.trim_start_matches("http://");
    let place = workbench.settings().directory.display().to_string();
    let grep = Process::new("grep").args(words([&"-rlF", &"-e", &address, &"-e", &place, &"."])).directory(tree).run()?;
    // 1 is grep's word for "nothing found".
    ensure!(grep.status.code() == Some(1), "traces of the build are in:\n{}{}", grep.output, grep.error);
    Ok(())
}

/// Paths that differ from mmdebstrap's for a reason.
pub(crate) fn may_differ(path: &str) -> bool {
    let below = |directories: &[&str]| {
        directories.iter().any(|directory| path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    };
    below(LOGS_AND_CACHES)
        || below(OF_THE_BUILD)
        || below(LEFT_BY_A_RUN)
        || below(OF_THE_VARIANT)
        || below(MADE_ANEW)
        || below(TIMES_INSIDE)
        || below(IN_ANY_ORDER)
}

/// Files that are written anew by a program that is told the time: Python's compiled modules (by SOURCE_DATE_EPOCH, which scripts see here, they name
/// their source by its hash instead of its time) and the Java key store (with the time at which each certificate went in), and
/// MariaDB's first tables (in which are times, and positions in its log).
pub(crate) fn contents_may_differ(path: &str) -> bool {
    path.ends_with(".pyc") || path == "/etc/ssl/certs/java/cacerts" || path.starts_with("/var/lib/mysql/")
}

/// What programs wrote on the way; mmdebstrap keeps some of it, we keep none.
const LOGS_AND_CACHES: &[&str] = &["/var/log", "/var/cache", "/var/lib/apt/lists", "/run", "/tmp"];

/// What says where packages came from and who the machine is: each tool's own decision. mmdebstrap's fstab has no entry. What mmdebstrap's first round
/// installs is not marked as automatic, what depends on it is; we mark all that nobody asked for, and `apt-get autoremove` must find nothing.
const OF_THE_BUILD: &[&str] = &[
    "/etc/apt/sources.list",
    "/etc/apt/sources.list.d",
    "/etc/apt/apt.conf.d/99mmdebstrap",
    "/etc/fstab",
    "/etc/hostname",
    "/etc/resolv.conf",
    "/var/lib/apt/extended_states",
];

/// Locks that nobody holds, and copies from before the last change.
const LEFT_BY_A_RUN: &[&str] = &[
    "/etc/.pwd.lock",
    "/etc/group-",
    "/etc/gshadow-",
    "/etc/passwd-",
    "/etc/subgid-",
    "/etc/subuid-",
    "/var/lib/dpkg/diversions-old",
    "/var/lib/dpkg/lock",
    "/var/lib/dpkg/lock-frontend",
    "/var/lib/dpkg/statoverride-old",
    "/var/lib/dpkg/status-old",
    "/var/lib/dpkg/triggers/Lock",
];

/// The day of the build is in them.
const TIMES_INSIDE: &[&str] = &["/etc/shadow", "/etc/shadow-"];

/// What our guest is made with beyond its packages: names, DHCP on the first interface, an identity to be made at the first boot.
const OF_THE_VARIANT: &[&str] = &[
    "/etc/.resolv.conf.systemd-resolved.bak",
    "/etc/hosts",
    "/etc/machine-id",
    "/etc/systemd/network",
    "/etc/systemd/system",
    "/usr/bin/rootfs-agent",
    "/usr/lib/systemd/system/rootfs-agent.service",
];

/// Secrets and identities that a package's script makes anew each time. Ours are taken out again, but for those of a database.
const MADE_ANEW: &[&str] = &[
    "/etc/ssh/ssh_host_ecdsa_key",
    "/etc/ssh/ssh_host_ecdsa_key.pub",
    "/etc/ssh/ssh_host_ed25519_key",
    "/etc/ssh/ssh_host_ed25519_key.pub",
    "/etc/ssh/ssh_host_rsa_key",
    "/etc/ssh/ssh_host_rsa_key.pub",
    "/etc/ssl/certs/62742064.0",
    "/etc/ssl/certs/ssl-cert-snakeoil.pem",
    "/etc/ssl/private/ssl-cert-snakeoil.key",
    "/var/lib/postgresql",
];

/// The same lines in the order in which packages were installed, where dpkg is free to choose.
pub(crate) const IN_ANY_ORDER: &[&str] = &["/etc/shells", "/var/lib/dpkg/triggers/File"];
