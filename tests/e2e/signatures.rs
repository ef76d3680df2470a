//! Who signed an archive, and until when that holds.

use rootfs_tests::{Case, Deb, Failed, Fault, Mirror, Need, Origin, Release, Repository, Rule, SigningKey, Validity, Workbench, ensure};

use crate::build::BUILD;

const WITH_GPG: &[Need] = &[Need::Product, Need::Root, Need::Debian, Need::Judge("gpg"), Need::Judge("dpkg-deb")];

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("signatures::a changed InRelease is refused", BUILD, |workbench| {
            refused(workbench, |text| Ok(text.replacen("Codename: trixie", "Codename: mixtie", 1)))
        }),
        Case::new("signatures::a changed hash in InRelease is refused", BUILD, |workbench| {
            refused(workbench, |text| {
                let at = text.find("main/binary-amd64/Packages.xz").ok_or("InRelease lists no Packages.xz")?;
                let line = text[..at].rfind('\n').ok_or("it is the first line")? + 2;
                let digit = if text[line..].starts_with('0') { "1" } else { "0" };
                Ok(format!("{}{digit}{}", &text[..line], &text[line + 1..]))
            })
        }),
        Case::new("signatures::an InRelease without a signature is refused", BUILD, |workbench| refused(workbench, unsigned)),
        Case::new("signatures::text before or after the signed text is refused", BUILD, |workbench| {
            refused(workbench, |text| Ok(format!("Codename: trixie\n{text}")))
        }),
        Case::new("signatures::another key's signature is refused", WITH_GPG, |workbench| {
            refused(workbench, |text| SigningKey::generate("somebody else")?.clearsign(&unsigned(text)?))
        }),
        Case::new("signatures::a repository of one's own needs its own key", WITH_GPG, wrong_key),
        Case::new("signatures::an index whose time has run out is refused", WITH_GPG, expired),
    ]
}

/// Debian's own index, changed in this way, ends the build before a package is fetched.
fn refused(workbench: &Workbench, change: impl Fn(&str) -> Result<String, Failed>) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let mirror = workbench.faulty_mirror()?;
    let path = &Release::Trixie.indexes()[0];
    let text = String::from_utf8(workbench.forward()?.read(path)?.ok_or("the mirror has no InRelease")?)?;
    let changed = change(&text)?;
    ensure!(changed != text, "nothing was changed");
    mirror.misbehave(Rule::always(path, Fault::Replace(changed.into_bytes())));
    // The way round by the detached signature must not be open to whoever can change files.
    mirror.misbehave(Rule::always("dists/trixie/Release", Fault::Status(404)));
    let target = scratch.path().join("out");
    let run = workbench.product().minbase(Release::Trixie)?.mirror(&mirror.url()).store(&scratch.path().join("store"));
    let run = run.into_directory(&target).run()?.exits_with(1)?.complains(&["InRelease"])?;
    ensure!(run.error.contains("sign"), "the signature is not named: {}", run.error);
    ensure!(mirror.asked().iter().all(|asked| !asked.path.contains("/pool/")), "packages were fetched all the same");
    ensure!(!target.exists(), "the target was made");
    Ok(())
}

/// The text that was signed.
fn unsigned(text: &str) -> Result<String, Failed> {
    let (_, body) = text.split_once("\n\n").ok_or("no armour header")?;
    let (body, _) = body.split_once("-----BEGIN PGP SIGNATURE-----").ok_or("no signature")?;
    Ok(body.to_owned())
}

fn wrong_key(workbench: &Workbench) -> Result<(), Failed> {
    let repository = Repository::new()?;
    repository.publish(&[Deb::new("trifle", "1.0")], Validity::Unlimited)?;
    repository.sign_with(&SigningKey::generate("somebody else")?)?;
    let run = build_with(workbench, &repository, &[])?.exits_with(1)?.complains(&["error: "])?;
    ensure!(run.error.contains("sign"), "the signature is not named: {}", run.error);
    Ok(())
}

fn expired(workbench: &Workbench) -> Result<(), Failed> {
    let repository = Repository::new()?;
    repository.publish(&[Deb::new("trifle", "1.0")], Validity::Expired)?;
    build_with(workbench, &repository, &[])?.exits_with(1)?.complains(&["--ignore-valid-until"])?;
    build_with(workbench, &repository, &["--ignore-valid-until"])?.success().map(drop)
}

fn build_with(workbench: &Workbench, repository: &Repository, arguments: &[&str]) -> Result<rootfs_tests::Finished, Failed> {
    let scratch = workbench.scratch()?;
    let mirror = Mirror::start(Origin::Directory(repository.path().to_path_buf()))?;
    let run = workbench.product().minbase(Release::Trixie)?.arg("--repo").arg(repository.source(&mirror.url()));
    run.arg("--extra-pkg=trifle").args(arguments).into_directory(&scratch.path().join("out")).run()
}
