//! Who may have signed a package; rpm is asked the same.

use std::path::{Path, PathBuf};

use rootfs_package::openpgp::Keyring;
use rootfs_package::rpm::package::{RpmFault, Trust, read_rpm, read_rpm_header};
use rootfs_tests::{Failed, Process, SigningKey, ensure};

use crate::contents::Case;

pub(crate) const CASES: &[Case] = &[("signatures::of every kind", kinds), ("signatures::strangers and forgers", forged)];

struct Signed {
    directory: tempfile::TempDir,
    key: SigningKey,
}

impl Signed {
    fn new(key: SigningKey) -> Result<Self, Failed> {
        let directory = tempfile::tempdir()?;
        fs_err::create_dir(directory.path().join("packages"))?;
        crate::sample().build(&directory.path().join("packages"))?;
        let signed = Self { directory, key };
        signed.sign(&signed.key)?;
        signed.key.export(&signed.key_file())?;
        Ok(signed)
    }

    fn package(&self) -> PathBuf {
        crate::only(&self.directory.path().join("packages"))
    }

    fn key_file(&self) -> PathBuf {
        self.directory.path().join("key.asc")
    }

    fn sign(&self, key: &SigningKey) -> Result<(), Failed> {
        let defines = [format!("_gpg_name {}", key.name()), format!("_gpg_path {}", key.home().display()), "__gpg /usr/bin/gpg".to_owned()];
        let rpmsign = Process::judge("rpmsign").arg("--resign").args(defines.iter().flat_map(|define| ["--define", define]));
        rpmsign.arg(self.package()).run()?.success()?;
        Ok(())
    }

    fn read(&self, now: i64) -> Result<(), RpmFault> {
        let mut keys = Keyring::new();
        keys.add("key", &fs_err::read(self.key_file()).unwrap()).unwrap();
        let trust = Trust::Signature { keys: &keys, now };
        let bytes = fs_err::read(self.package()).unwrap();
        let header = read_rpm_header(&bytes[..], trust);
        let whole = read_rpm(&bytes[..], bytes.len() as u64, trust, &mut std::io::sink());
        assert!(header.is_ok() || whole.is_err(), "the header alone is refused");
        whole.map(drop)
    }

    /// What rpm says, with the one key.
    fn is_good_for_rpm(&self) -> Result<bool, Failed> {
        let database = tempfile::tempdir()?;
        let rpmkeys = |what: &str, file: &Path| {
            let define = format!("_dbpath {}", database.path().display());
            Process::judge("rpmkeys").args(["--define", &define, "--define", "_pkgverify_level all", what]).arg(file).run()
        };
        rpmkeys("--import", &self.key_file())?.success()?;
        Ok(rpmkeys("-K", &self.package())?.status.success())
    }
}

fn kinds() -> Result<(), Failed> {
    // rpm 4.18 makes no others; those of ECDSA are in the packages of the crate `rpm`, which are not here.
    for kind in ["rsa2048", "ed25519"] {
        let signed = Signed::new(SigningKey::of_kind("signer", kind)?)?;
        ensure!(signed.is_good_for_rpm()?, "{kind}: rpm refuses it");
        ensure!(signed.read(i64::MAX / 2).is_ok(), "{kind}: {:?}", signed.read(i64::MAX / 2));
    }
    Ok(())
}

fn forged() -> Result<(), Failed> {
    let signed = Signed::new(SigningKey::generate("signer")?)?;
    let now = i64::MAX / 2;
    let good = fs_err::read(signed.package())?;
    // A key that isn't made yet has signed nothing.
    ensure!(matches!(signed.read(0), Err(RpmFault::Signature(_))), "{:?}", signed.read(0));
    signed.sign(&SigningKey::generate("stranger")?)?;
    ensure!(!signed.is_good_for_rpm()?, "rpm takes a stranger's");
    ensure!(matches!(signed.read(now), Err(RpmFault::Signature(_))), "{:?}", signed.read(now));
    Process::judge("rpmsign").arg("--delsign").arg(signed.package()).run()?.success()?;
    ensure!(!signed.is_good_for_rpm()?, "rpm takes what nobody signed");
    ensure!(matches!(signed.read(now), Err(RpmFault::Unsigned)), "{:?}", signed.read(now));
    // One bit anywhere in the header or the payload.
    let magic = [0x8e, 0xad, 0xe8, 1];
    let header = good.windows(4).rposition(|window| window == magic).ok_or("there is no header")?;
    let mut refused = 0;
    for at in (header..good.len()).step_by((good.len() - header) / 40) {
        let mut bad = good.clone();
        bad[at] ^= 4;
        fs_err::write(signed.package(), &bad)?;
        ensure!(signed.read(now).is_err(), "byte {at} was changed");
        refused += usize::from(!signed.is_good_for_rpm()?);
    }
    ensure!(refused >= 20, "rpm refuses only {refused}");
    fs_err::write(signed.package(), &good)?;
    ensure!(signed.read(now).is_ok(), "{:?}", signed.read(now));
    Ok(())
}
