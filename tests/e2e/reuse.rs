//! What a build takes from those before it: the same result sooner, or nothing.

use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rootfs_tests::{Case, Deb, Failed, Listing, Mirror, Need, Origin, Product, Release, Repository, Validity, Workbench, ensure};
use tempfile::TempDir;

use crate::build::BUILD;

pub(crate) fn cases() -> Vec<Case> {
    let needs = [BUILD, &[Need::Judge("gpg"), Need::Judge("dpkg-deb")]].concat();
    vec![
        Case::new("reuse::an unchanged build gives the same bytes and installs nothing", &needs, unchanged),
        Case::new("reuse::what has changed is told, and only its stages are done anew", &needs, changed),
        Case::new("reuse::hooks find the same tree", &needs, hooks),
        Case::new("reuse::a damaged tree is not used", &needs, damaged),
    ]
}

/// A store of its own, and a repository whose one package can change.
struct Bench<'a> {
    workbench: &'a Workbench,
    repository: Repository,
    mirror: Mirror,
    scratch: TempDir,
}

impl<'a> Bench<'a> {
    fn new(workbench: &'a Workbench) -> Result<Self, Failed> {
        let repository = Repository::new()?;
        let mirror = Mirror::start(Origin::Directory(repository.path().to_path_buf()))?;
        let bench = Self { workbench, repository, mirror, scratch: workbench.scratch()? };
        bench.publish("1.0")?;
        Ok(bench)
    }

    fn publish(&self, version: &str) -> Result<(), Failed> {
        let subject = Deb::new("subject", version).file("/usr/share/subject", version).script("postinst", "hostname > /etc/subject");
        self.repository.publish(&[subject], Validity::Unlimited)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    fn product(&self) -> Result<Product<'a>, Failed> {
        let product = self.workbench.product().store(&self.path("store")).minbase(Release::Trixie)?;
        Ok(product.arg("--repo").arg(self.repository.source(&self.mirror.url())).args(["--extra-pkg", "subject", "--explain", "--json"]))
    }

    fn build(&self, name: &str, arguments: &[&str]) -> Result<Built, Failed> {
        let run = self.product()?.args(arguments).into_directory(&self.path(name)).run()?.success()?;
        Ok(Built { summary: serde_json::from_str(&run.output)?, told: run.error })
    }
}

/// What a build said.
struct Built {
    summary: serde_json::Value,
    told: String,
}

impl Built {
    fn digest(&self) -> &str {
        self.summary["digest"].as_str().unwrap_or_default()
    }

    /// Whether the stage was reused, and why.
    fn decision(&self, stage: &str) -> Result<(bool, String), Failed> {
        let decisions = self.summary["decisions"].as_array().ok_or("the summary has no decisions")?;
        let found = decisions.iter().find(|decision| decision["stage"] == stage).ok_or(format!("nothing is said of {stage}"))?;
        let reason = found["reason"].as_str().unwrap_or_default().to_owned();
        let (reused, line) = (found["reused"] == true, format!("explain    {stage} "));
        ensure!(self.told.lines().any(|told| told.starts_with(&line) && told.ends_with(&reason)), "not told: {reason}\n{}", self.told);
        Ok((reused, reason))
    }

    fn expect(&self, stage: &str, reused: bool, word: &str) -> Result<(), Failed> {
        let (found, reason) = self.decision(stage)?;
        ensure!(found == reused && reason.contains(word), "{stage}: reused {found}, because {reason}");
        Ok(())
    }
}

fn unchanged(workbench: &Workbench) -> Result<(), Failed> {
    let bench = Bench::new(workbench)?;
    let image = |name: &str| bench.path(name).display().to_string();
    let first = bench.build("first", &["-o", &image("first.img")])?;
    first.expect("resolve", false, "none yet")?;
    first.expect("install", false, "none yet")?;
    let second = bench.build("second", &["-o", &image("second.img")])?;
    second.expect("resolve", true, "")?;
    second.expect("install", true, "")?;
    ensure!(!second.told.contains("configure"), "it configured: {}", second.told);
    same(&bench, "first", "second")?;
    ensure!(fs_err::read(bench.path("first.img"))? == fs_err::read(bench.path("second.img"))?, "the images differ");
    let tar = bench.path("third.tar");
    bench.product()?.arg("-o").arg(&tar).run()?.success()?;
    ensure!(workbench.product().digest(&tar)? == first.digest(), "the tar differs");
    let anew = bench.build("anew", &["--no-cache"])?;
    anew.expect("install", false, "nothing is to be reused")?;
    same(&bench, "first", "anew")
}

fn same(bench: &Bench<'_>, one: &str, other: &str) -> Result<(), Failed> {
    let differences = Listing::of(&bench.path(one))?.differences(&Listing::of(&bench.path(other))?);
    ensure!(differences.is_empty(), "{}", differences.join("\n"));
    let digest = |name: &str| bench.workbench.product().digest(&bench.path(name));
    ensure!(digest(one)? == digest(other)?, "the digests differ");
    Ok(())
}

fn changed(workbench: &Workbench) -> Result<(), Failed> {
    let bench = Bench::new(workbench)?;
    let first = bench.build("first", &[])?;
    let named = bench.build("named", &["--hostname", "kestrel"])?;
    named.expect("resolve", true, "")?;
    named.expect("install", false, "host name: debian → kestrel")?;
    ensure!(fs_err::read_to_string(bench.path("named/etc/subject"))? == "kestrel\n", "a script saw another host name");
    let user = bench.build("user", &["--user", "ann"])?;
    user.expect("install", true, "")?;
    ensure!(user.digest() != first.digest(), "the user is missing");
    bench.publish("2.0")?;
    let second = bench.build("second", &[])?;
    second.expect("resolve", false, "indexes: ")?;
    second.expect("install", false, "packages: subject 1.0 → 2.0")?;
    ensure!(fs_err::read_to_string(bench.path("second/usr/share/subject"))? == "2.0", "the old version is there");
    Ok(())
}

fn hooks(workbench: &Workbench) -> Result<(), Failed> {
    let bench = Bench::new(workbench)?;
    let hook = bench.path("hook");
    fs_err::write(
        &hook,
        "#!/bin/sh\nset -e\ndpkg -l subject > /etc/hooked\nrm /usr/share/subject\nln -s /etc/hooked /usr/share/subject\n",
    )?;
    let hook = hook.display().to_string();
    bench.build("plain", &[])?;
    bench.build("kept", &["--hook", &hook])?.expect("install", true, "")?;
    bench.build("anew", &["--hook", &hook, "--no-cache"])?;
    same(&bench, "kept", "anew")?;
    bench.build("after", &[])?.expect("install", true, "")?;
    same(&bench, "plain", "after")
}

fn damaged(workbench: &Workbench) -> Result<(), Failed> {
    let bench = Bench::new(workbench)?;
    let first = bench.build("first", &[])?;
    for (round, (kind, suffix)) in [("trees", ".data"), ("trees", ""), ("locks", "")].into_iter().enumerate() {
        let file = only_file(&bench.path("store").join(kind), suffix)?;
        let opened = fs_err::OpenOptions::new().read(true).write(true).open(&file)?;
        let middle = opened.metadata()?.len() / 2;
        let mut byte = [0];
        opened.file().read_exact_at(&mut byte, middle)?;
        opened.file().write_all_at(&[byte[0] ^ 0x20], middle)?;
        drop(opened);
        let name = format!("round-{round}");
        let again = bench.build(&name, &[])?;
        again.expect(if kind == "trees" { "install" } else { "resolve" }, false, "")?;
        ensure!(again.digest() == first.digest(), "{} was believed", file.display());
        bench.build(&format!("{name}-mended"), &[])?.expect("install", true, "")?;
    }
    Ok(())
}

fn only_file(directory: &Path, suffix: &str) -> Result<PathBuf, Failed> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir(directory)? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".data") == (suffix == ".data") {
            found.push(path);
        }
    }
    match found.as_slice() {
        [one] => Ok(one.clone()),
        files => Err(format!("{files:?} are in {}", directory.display()).into()),
    }
}
