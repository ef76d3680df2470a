//! Packages whose scripts or files can't be installed: the build fails, says why, and leaves nothing.

use rootfs_tests::{Case, Deb, Failed, Mirror, Need, Origin, Release, Repository, Validity, Workbench, ensure};

const NEEDS: &[Need] = &[Need::Product, Need::Root, Need::Debian, Need::Judge("gpg"), Need::Judge("dpkg-deb")];

pub(crate) fn cases() -> Vec<Case> {
    let case = |name: &str, packages: fn() -> Vec<Deb>, complaints: &'static [&'static str]| {
        Case::new(format!("packages::{name}"), NEEDS, move |workbench| fails(workbench, &packages(), complaints))
    };
    vec![
        case(
            "a failing postinst is shown",
            || vec![Deb::new("moody", "1.0").script("postinst", "echo out of sorts\necho and loud >&2\nexit 7")],
            &["moody postinst exited with 7", "post-installation", "out of sorts", "and loud"],
        ),
        case(
            "a failing preinst is shown",
            || vec![Deb::new("moody", "1.0").script("preinst", "echo not today\nexit 9")],
            &["moody preinst exited with 9", "not today"],
        ),
        case(
            "two packages with one file are named",
            || vec![Deb::new("first", "1.0").file("/usr/share/disputed", "1"), Deb::new("second", "1.0").file("/usr/share/disputed", "2")],
            &["first", "second", "/usr/share/disputed"],
        ),
        case(
            "a dependency that nothing meets is named",
            || vec![Deb::new("lonely", "1.0").field("Depends", "no-such-thing (>= 2)")],
            &["lonely", "no-such-thing (>= 2)"],
        ),
        case(
            "packages that exclude each other are named",
            || vec![Deb::new("cat", "1.0").field("Conflicts", "dog"), Deb::new("dog", "1.0")],
            &["cat", "dog"],
        ),
    ]
}

fn fails(workbench: &Workbench, packages: &[Deb], complaints: &[&str]) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let repository = Repository::new()?;
    repository.publish(packages, Validity::Unlimited)?;
    let mirror = Mirror::start(Origin::Directory(repository.path().to_path_buf()))?;
    let run = workbench.product().minbase(Release::Trixie)?.arg("--repo").arg(repository.source(&mirror.url()));
    let names: Vec<&str> = packages.iter().map(Deb::name).collect();
    let run = run.arg("--extra-pkg").arg(names.join(",")).into_directory(&scratch.path().join("out")).run()?;
    run.exits_with(1)?.complains(complaints)?;
    let left: Vec<_> = fs_err::read_dir(scratch.path())?.filter_map(|entry| entry.ok().map(|entry| entry.file_name())).collect();
    ensure!(left.is_empty(), "{left:?} was left behind");
    Ok(())
}
