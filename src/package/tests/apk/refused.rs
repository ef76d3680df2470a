//! What nobody vouches for: apk refuses it, and so do we.

use libtest_mimic::Failed;
use rootfs_package::apk::{ApkError, ApkFault, PublicKeys, SignatureError, Trust, read_apk, read_index};
use rootfs_tests::{Alpine, ApkPackage, ApkRepository, RsaKey, ensure};

use crate::Case;
use crate::site::{KEY, Site};

pub(crate) const CASES: &[Case] = &[
    ("a_changed_index_is_refused", changed_index),
    ("an_index_by_another_key_is_refused", other_key),
    ("every_algorithm_of_signatures_is_known", algorithms),
    ("a_changed_package_is_refused", changed_package),
    ("another_package_than_the_index_means_is_refused", other_package),
    ("a_package_without_an_index_needs_a_signature", lone_package),
    ("files_of_apk_tools_3_are_named", later_format),
];

fn sample() -> Vec<ApkPackage> {
    vec![ApkPackage::new("a", "1-r0").directories(&["usr"]).file("usr/a", "content")]
}

/// Whether apk would install `a` from the repository as it is now.
fn apk_takes(alpine: &Alpine, site: &Site) -> Result<bool, Failed> {
    let root = tempfile::tempdir()?;
    Ok(site.apk(alpine, root.path(), &["add", "--initdb", "a"])?.status.success())
}

/// Where the second member begins.
fn signed_bytes(bytes: &[u8]) -> usize {
    bytes.windows(4).skip(1).position(|window| window == b"\x1f\x8b\x08\0").unwrap() + 1
}

fn changed_index(alpine: &Alpine) -> Result<(), Failed> {
    let site = Site::new(&sample())?;
    let (sound, keys) = (fs_err::read(site.repository.index())?, site.keys()?);
    ensure!(apk_takes(alpine, &site)?, "apk refuses a sound repository");
    let (start, expected) = (signed_bytes(&sound), read_index(&sound, &keys)?);
    for at in 0..sound.len() {
        let mut changed = sound.clone();
        changed[at] ^= 0x10;
        // What is before the signed bytes may be said in another way: when it was made, how zeros are packed.
        let verdict = read_index(&changed, &keys);
        let is_same = at < start && verdict.as_ref().is_ok_and(|index| *index == expected);
        ensure!(is_same || verdict.is_err(), "a change at {at} of {} was not seen", sound.len());
    }
    for length in 0..sound.len() {
        ensure!(read_index(&sound[..length], &keys).is_err(), "an index cut at {length} was taken");
    }
    let mut changed = sound.clone();
    let middle = sound.len() - 40;
    changed[middle] ^= 0x10;
    fs_err::write(site.repository.index(), changed)?;
    ensure!(!apk_takes(alpine, &site)?, "apk takes a changed index");
    Ok(())
}

fn other_key(alpine: &Alpine) -> Result<(), Failed> {
    let site = Site::new(&sample())?;
    let bytes = fs_err::read(site.repository.index())?;
    let mut stranger = PublicKeys::new();
    stranger.add("stranger.rsa.pub", &RsaKey::generate("stranger.rsa.pub")?.public()?)?;
    let error = read_index(&bytes, &stranger).unwrap_err();
    let ApkFault::Signature(SignatureError::UnknownKey { signers, trusted }) = &error else { return Err(format!("{error:?}").into()) };
    ensure!(signers == &[KEY] && trusted == &["stranger.rsa.pub"] && error.hint().is_some(), "{error}");
    let mut impostor = PublicKeys::new();
    impostor.add(KEY, &RsaKey::generate(KEY)?.public()?)?;
    let error = read_index(&bytes, &impostor).unwrap_err();
    ensure!(matches!(error, ApkFault::Signature(SignatureError::Wrong { .. })), "{error:?}");
    let (root, none) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let run = site.apk_with_keys(alpine, root.path(), none.path(), &["add", "--initdb", "a"])?;
    ensure!(run.error.contains("UNTRUSTED") && !run.status.success(), "{}", run.report("apk trusts it"));
    let unsigned = &bytes[signed_bytes(&bytes)..];
    ensure!(
        matches!(read_index(unsigned, &site.keys()?), Err(ApkFault::Signature(SignatureError::Unsigned))),
        "an unsigned index was taken"
    );
    Ok(())
}

fn algorithms(alpine: &Alpine) -> Result<(), Failed> {
    let site = Site::new(&sample())?;
    let (strange, keys) = (RsaKey::generate(KEY)?, site.keys()?);
    for (algorithm, hash) in [("RSA", "sha1"), ("RSA256", "sha256"), ("RSA512", "sha512")] {
        let index = site.repository.signed_index(algorithm, hash, &site.key)?;
        ensure!(read_index(&index, &keys)?.signer == KEY, "{algorithm}");
        fs_err::write(site.repository.index(), &index)?;
        let theirs = apk_takes(alpine, &site)?;
        ensure!(theirs, "apk refuses an index signed with {algorithm}, which ours takes");
        let forged = site.repository.signed_index(algorithm, hash, &strange)?;
        ensure!(read_index(&forged, &keys).is_err(), "{algorithm} by another key of that name");
        let confused = site.repository.signed_index(algorithm, if hash == "sha1" { "sha256" } else { "sha1" }, &site.key)?;
        ensure!(read_index(&confused, &keys).is_err(), "{algorithm} over another hash");
    }
    let unknown = site.repository.signed_index("DSA", "sha1", &site.key)?;
    ensure!(read_index(&unknown, &keys).is_err(), "an algorithm that is not known");
    Ok(())
}

fn changed_package(alpine: &Alpine) -> Result<(), Failed> {
    let site = Site::new(&sample())?;
    let package = site.index()?.packages.remove(0);
    let path = site.repository.package("a-1-r0.apk");
    let sound = fs_err::read(&path)?;
    let read = |bytes: &[u8]| read_apk(bytes, bytes.len() as u64, Trust::Identity(package.identity), &mut std::io::sink());
    let members: Vec<_> = sound.windows(4).enumerate().filter(|(_, window)| *window == b"\x1f\x8b\x08\0").map(|(at, _)| at).collect();
    ensure!(members.len() == 3, "{members:?}");
    // The signature is not what an index's identity covers.
    for at in members[1]..sound.len() {
        let mut changed = sound.clone();
        changed[at] ^= 0x10;
        ensure!(read(&changed).is_err(), "a change at {at} of {} was not seen", sound.len());
    }
    for length in 0..sound.len() {
        ensure!(read(&sound[..length]).is_err(), "a package cut at {length} was taken");
    }
    ensure!(read(&[&sound[..], b"more"].concat()).is_err(), "a package with more behind it was taken");
    let mut changed = sound.clone();
    changed[sound.len() - 20] ^= 0x10;
    fs_err::write(&path, changed)?;
    ensure!(!apk_takes(alpine, &site)?, "apk takes a changed package");
    let Err(error) = site.ours("a") else { return Err("a changed package was installed".into()) };
    ensure!(error.message().unwrap_or_default().contains("not a sound Alpine package"), "{error:?}");
    ensure!(
        !site.store_directory().join("layers").read_dir()?.any(|entry| entry.is_ok_and(|entry| entry.path().join("x").exists())),
        "a layer was kept"
    );
    Ok(())
}

fn other_package(alpine: &Alpine) -> Result<(), Failed> {
    let site = Site::new(&sample())?;
    let other = ApkRepository::write(&[ApkPackage::new("a", "1-r0").directories(&["usr"]).file("usr/a", "another")], &site.key)?;
    fs_err::copy(other.package("a-1-r0.apk"), site.repository.package("a-1-r0.apk"))?;
    ensure!(!apk_takes(alpine, &site)?, "apk takes another package");
    let package = site.index()?.packages.remove(0);
    let (sha256, _size) = site.store().insert_file(&site.repository.package("a-1-r0.apk"))?;
    for _ in 0..2 {
        let error = site.store().apk(&sha256, Trust::Identity(package.identity)).unwrap_err();
        ensure!(matches!(&error, ApkError::Unsound { source: ApkFault::Identity { .. }, .. }) && error.hint().is_some(), "{error:?}");
    }
    Ok(())
}

fn lone_package(_alpine: &Alpine) -> Result<(), Failed> {
    let site = Site::new(&sample())?;
    let (sha256, size) = site.store().insert_file(&site.repository.package("a-1-r0.apk"))?;
    let keys = site.keys()?;
    let layer = site.store().apk(&sha256, Trust::Signature(&keys))?;
    let index = site.index()?.packages.remove(0);
    ensure!((layer.content.info.package.identity, layer.content.info.package.size) == (index.identity, size), "{:?}", layer.content.info);
    // What was unpacked once is no reason to trust it.
    let error = site.store().apk(&sha256, Trust::Signature(&PublicKeys::new())).unwrap_err();
    ensure!(matches!(error, ApkError::Unsound { source: ApkFault::Signature(SignatureError::UnknownKey { .. }), .. }), "{error:?}");
    Ok(())
}

fn later_format(_alpine: &Alpine) -> Result<(), Failed> {
    let keys = PublicKeys::new();
    for bytes in [&b"ADB.pckg"[..], b"ADBd\0\0", b"ADBc"] {
        let error = read_index(bytes, &keys).unwrap_err();
        ensure!(matches!(error, ApkFault::Adb) && error.hint().is_some(), "{error:?}");
        let error = read_apk(bytes, bytes.len() as u64, Trust::Signature(&keys), &mut std::io::sink()).unwrap_err();
        ensure!(matches!(error, ApkFault::Adb), "{error:?}");
    }
    ensure!(matches!(read_index(b"PK\x03\x04", &keys), Err(ApkFault::NotGzip)), "a zip archive");
    ensure!(matches!(read_index(b"", &keys), Err(ApkFault::NotGzip)), "nothing");
    Ok(())
}
