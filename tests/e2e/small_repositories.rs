//! The small repositories that other cases are made of are judged themselves: apt takes them, and refuses them damaged as a case says.

use std::path::Path;

use rootfs_tests::{
    Case, Chroot, Deb, Failed, Fault, Mirror, Need, Origin, Repository, Rule, SigningKey, Validity, Workbench, copy_tree, ensure,
};

use crate::damaged_trees::sound_tree;

const NEEDS: &[Need] = &[
    Need::Root,
    Need::Debian,
    Need::Judge("mmdebstrap"),
    Need::Judge("unshare"),
    Need::Judge("gpg"),
    Need::Judge("dpkg-deb"),
    Need::Judge("tar"),
];

pub(crate) fn cases() -> Vec<Case> {
    let case = |name: &str, validity: Validity, damage: fn(&Repository, &Mirror) -> Result<(), Failed>, accepted: bool| {
        Case::new(format!("judges::apt {name}"), NEEDS, move |workbench| {
            let repository = Repository::new()?;
            repository.publish(&[Deb::new("trifle", "1.0").large_file("/usr/share/trifle", 100_000)], validity)?;
            let mirror = Mirror::start(Origin::Directory(repository.path().to_path_buf()))?;
            damage(&repository, &mirror)?;
            let answer = installs(workbench, &repository, &mirror)?;
            ensure!(answer.status.success() == accepted, "{}", answer.report(if accepted { "refused" } else { "accepted" }));
            Ok(())
        })
    };
    vec![
        case("takes a small repository", Validity::Unlimited, |_, _| Ok(()), true),
        case("refuses one whose time has run out", Validity::Expired, |_, _| Ok(()), false),
        case("refuses another key's", Validity::Unlimited, |repository, _| repository.sign_with(&SigningKey::generate("other")?), false),
        case("refuses a changed index", Validity::Unlimited, |_, mirror| misbehave(mirror, "binary-amd64/", Fault::Alter(20)), false),
        case("refuses a changed package", Validity::Unlimited, |_, mirror| misbehave(mirror, ".deb", Fault::Alter(50_000)), false),
        case("refuses a package that breaks off", Validity::Unlimited, |_, mirror| misbehave(mirror, ".deb", Fault::Cut(0)), false),
    ]
}

#[expect(clippy::unnecessary_wraps, reason = "the cases' common form")]
fn misbehave(mirror: &Mirror, path: &str, fault: Fault) -> Result<(), Failed> {
    mirror.misbehave(Rule::always(path, fault));
    Ok(())
}

/// Has a sound tree's apt install the package.
fn installs(workbench: &Workbench, repository: &Repository, mirror: &Mirror) -> Result<rootfs_tests::Finished, Failed> {
    let scratch = workbench.scratch()?;
    let tree = scratch.path().join("tree");
    copy_tree(&sound_tree(workbench)?, &tree)?;
    fs_err::copy(repository.key_file(), tree.join("usr/share/keyrings/small.asc"))?;
    let source = repository.source_signed_by(&mirror.url(), Path::new("/usr/share/keyrings/small.asc"));
    fs_err::write(tree.join("etc/apt/sources.list"), source + "\n")?;
    let options = "-q -y -o APT::Sandbox::User=root -o Acquire::http::Proxy=DIRECT -o Acquire::Retries=1 -o APT::Update::Error-Mode=any";
    Chroot::new(&tree).run(&format!("rm -rf /etc/apt/sources.list.d; apt-get {options} update; apt-get {options} install trifle"))
}
