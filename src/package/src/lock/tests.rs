use super::*;

const HASH: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const FINGERPRINT: &str = "0123456789ABCDEF0123456789ABCDEF01234567";

fn sample() -> Lock {
    let package = |name: &str, architecture: &str| LockedPackage {
        name: name.to_owned(),
        version: "2:1.0~rc1-1+b2".to_owned(),
        architecture: architecture.to_owned(),
        repository: "debian".to_owned(),
        path: format!("pool/main/{name}_1.0_{architecture}.deb"),
        size: 1234,
        sha256: HASH.parse().unwrap(),
        automatic: name == "b",
        essential: name == "a",
        build: None,
    };
    Lock {
        kernel: Vec::new(),
        tools: Vec::new(),
        sources: Vec::new(),
        compilers: Vec::new(),
        distribution: "debian".to_owned(),
        release: "trixie".to_owned(),
        architecture: "x86_64".to_owned(),
        agent: Some(LockedAgent { name: "agent \"x\"".to_owned(), sha256: HASH.parse().unwrap() }),
        keys: BTreeMap::from([("debian".to_owned(), vec![FINGERPRINT.to_owned()])]),
        packages: vec![package("a", "all"), package("a", "amd64"), package("b", "amd64")],
    }
}

#[test]
fn a_lock_comes_back_as_it_went() {
    let lock = sample();
    assert_eq!(Lock::parse(&lock.to_toml()), Ok(lock.clone()));
    let bare = Lock { agent: None, keys: BTreeMap::new(), packages: Vec::new(), ..lock.clone() };
    assert_eq!(Lock::parse(&bare.to_toml()), Ok(bare.clone()));
    assert_ne!(lock.digest(), bare.digest());
    assert_eq!(lock.digest(), sample().digest());
}

#[test]
fn the_text_is_always_the_same() {
    let first = sample().to_toml();
    let text = first.lines().take(24).collect::<Vec<_>>().join("\n");
    assert_eq!(
        text,
        format!(
            "# What a build consists of, by rootfs-gen. Build it again with --locked.\nversion = 1\ndistribution = \"debian\"\n\
             release = \"trixie\"\narchitecture = \"x86_64\"\n\n[keys]\n\"debian\" = [\"{FINGERPRINT}\"]\n\n[agent]\n\
             name = \"agent \\\"x\\\"\"\nsha256 = \"{HASH}\"\n\n[[package]]\nname = \"a\"\nversion = \"2:1.0~rc1-1+b2\"\n\
             architecture = \"all\"\nrepository = \"debian\"\npath = \"pool/main/a_1.0_all.deb\"\nsize = 1234\n\
             sha256 = \"{HASH}\"\nautomatic = false\nessential = true\n"
        )
    );
}

/// Each change makes the lock one that must be refused, with the line that was changed.
#[test]
fn hostile_locks_are_refused_by_line() {
    let good = sample().to_toml();
    let path = "path = \"pool/main/a_1.0_all.deb\"";
    for (from, to) in [
        ("version = 1\n", "version = 2\n"),
        ("version = 1\n", "version = 1 1\n"),
        ("release = \"trixie\"", "release = \"../trixie\""),
        ("release = \"trixie\"", "unknown = \"trixie\""),
        (path, "path = \"../a.deb\""),
        (path, "path = \"pool/../../a.deb\""),
        (path, "path = \"/etc/passwd\""),
        (path, "path = \"pool//a.deb\""),
        (path, "path = \"pool/./a.deb\""),
        (path, "path = \"\""),
        (path, "path = \"a\\nb\""),
        (path, "path = \"a\\\\b\""),
        (path, "path = 7"),
        ("size = 1234", "size = 0"),
        ("size = 1234", "size = -1"),
        ("size = 1234", "size = 99999999999999999999"),
        ("size = 1234", "size = 2199023255552"),
        ("name = \"a\"\n", "name = \"a/b\"\n"),
        ("name = \"a\"\n", "name = \"-a\"\n"),
        ("version = \"2:1.0~rc1-1+b2\"", "version = \"1 2\""),
        ("repository = \"debian\"", "repository = \"..\""),
        ("automatic = false", "automatic = \"no\""),
        (FINGERPRINT, "0123"),
        ("name = \"agent \\\"x\\\"\"", "name = \"../agent\""),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from} is not in the sample");
        let error = Lock::parse(&bad).expect_err(to);
        let line = 1 + good[..good.find(from).unwrap()].matches('\n').count();
        assert!(error.line == line || matches!(error.fault, LockFault::Syntax(_)), "{to}: {error}");
    }
    let upper = good.replace(HASH, &HASH.to_uppercase());
    assert!(matches!(Lock::parse(&upper), Err(LockError { line: 12, .. })));
}

#[test]
fn tools_are_told_apart_from_packages() {
    let lock = sample();
    assert!(!lock.to_toml().contains("[[tool]]"));
    let with_tools = Lock { tools: lock.packages[..2].to_vec(), ..lock.clone() };
    assert_eq!(with_tools.to_toml().matches("[[tool]]").count(), 2);
    assert_eq!(Lock::parse(&with_tools.to_toml()), Ok(with_tools.clone()));
    assert_ne!(with_tools.digest(), lock.digest());
    let mut wrong = with_tools;
    wrong.tools.swap(0, 1);
    assert!(matches!(Lock::parse(&wrong.to_toml()), Err(LockError { fault: LockFault::Order { .. }, .. })));
}

#[test]
fn packages_out_of_order_or_twice_are_refused() {
    for change in [|lock: &mut Lock| lock.packages.swap(0, 2), |lock: &mut Lock| lock.packages.push(lock.packages[2].clone())] {
        let mut lock = sample();
        change(&mut lock);
        assert!(matches!(Lock::parse(&lock.to_toml()), Err(LockError { fault: LockFault::Order { .. }, .. })));
    }
}
