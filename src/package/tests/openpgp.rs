//! OpenPGP signatures as GnuPG makes them: which of them count. Every case is made by `gpg` while the test runs; without it the cases are ignored,
//! and fail under `ROOTFS_TEST_STRICT=1`.

#![expect(clippy::disallowed_methods, reason = "gpg is a judge, and a test asks the environment and the clock")]
#![expect(clippy::unwrap_used, reason = "a test")]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use libtest_mimic::{Arguments, Failed, Trial};
use rootfs_package::openpgp::{Keyring, OpenPgpError, SignatureFault};
use tempfile::TempDir;

const TEXT: &str = "Origin: Test\nSuite: test\n- dashed\n-----not a header\nFrom here\nSHA256:\n 00 1 a\n";
const DAY: i64 = 86400;

/// A home of GnuPG's, gone with the value.
struct Gpg {
    home: TempDir,
}

impl Gpg {
    fn new() -> Self {
        Self { home: TempDir::new().unwrap() }
    }

    fn run(&self, arguments: &[&str], input: &[u8]) -> Vec<u8> {
        let mut command = Command::new("gpg");
        command.arg("--homedir").arg(self.home.path()).args([
            "--batch",
            "--quiet",
            "--no-tty",
            "--pinentry-mode",
            "loopback",
            "--passphrase",
            "",
        ]);
        let mut child = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "gpg {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// Makes a key and gives its fingerprint. `extra` is GnuPG's: a faked time, for one.
    fn key(&self, user: &str, algorithm: &str, usage: &str, expire: &str, extra: &[&str]) -> String {
        self.run(&[extra, &["--quick-gen-key", user, algorithm, usage, expire]].concat(), b"");
        let listed = String::from_utf8(self.run(&["--with-colons", "--list-keys", user], b"")).unwrap();
        listed.lines().find_map(|line| line.strip_prefix("fpr:::::::::")).unwrap().trim_end_matches(':').to_owned()
    }

    fn export(&self) -> Vec<u8> {
        self.run(&["--armor", "--export"], b"")
    }

    fn clearsign(&self, extra: &[&str]) -> Vec<u8> {
        self.run(&[extra, &["--clearsign"]].concat(), TEXT.as_bytes())
    }

    fn keyring(&self) -> Keyring {
        keyring(&self.export())
    }
}

impl Drop for Gpg {
    fn drop(&mut self) {
        // The agent would hold on for a while; it ends by itself when its home is gone.
        let _ = Command::new("gpgconf").arg("--homedir").arg(self.home.path()).args(["--kill", "all"]).status();
    }
}

fn keyring(keys: &[u8]) -> Keyring {
    let mut keyring = Keyring::new();
    keyring.add("the test's key", keys).unwrap();
    keyring
}

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()).unwrap()
}

/// GnuPG's option for a time so many days from now; `!` lets it go on.
fn at(days: i64) -> String {
    format!("--faked-system-time={}", now() + days * DAY)
}

fn fault(result: Result<impl std::fmt::Debug, OpenPgpError>) -> SignatureFault {
    match result {
        Err(OpenPgpError::Signature { source }) => source,
        other => panic!("no fault of a signature: {other:?}"),
    }
}

fn good_signatures_count_in_every_form() {
    for algorithm in ["ed25519", "rsa2048", "nistp256"] {
        let gpg = Gpg::new();
        let fingerprint = gpg.key("a@example.org", algorithm, "sign", "never", &[]);
        for keys in [gpg.export(), gpg.run(&["--export"], b"")] {
            let signed = keyring(&keys).verify_clearsigned(&gpg.clearsign(&[]), now()).unwrap();
            assert_eq!(signed.text.trim_end(), TEXT.trim_end(), "{algorithm}");
            assert_eq!(signed.fingerprints, [fingerprint.as_str()]);
            for form in [&["--detach-sign"][..], &["--armor", "--detach-sign"]] {
                let signature = gpg.run(form, TEXT.as_bytes());
                assert_eq!(keyring(&keys).verify_detached(TEXT.as_bytes(), &signature, now()).unwrap(), [fingerprint.as_str()]);
                assert!(matches!(fault(keyring(&keys).verify_detached(b"another text", &signature, now())), SignatureFault::Bad { .. }));
            }
        }
    }
}

fn a_subkey_signs_for_its_certificate() {
    let gpg = Gpg::new();
    let fingerprint = gpg.key("a@example.org", "ed25519", "cert", "never", &[]);
    gpg.run(&["--quick-add-key", &fingerprint, "ed25519", "sign", "never"], b"");
    let signed = gpg.keyring().verify_clearsigned(&gpg.clearsign(&[]), now()).unwrap();
    assert_eq!(signed.fingerprints, [fingerprint]);
}

fn a_key_that_is_not_trusted_is_named() {
    let (signer, trusted) = (Gpg::new(), Gpg::new());
    let fingerprint = signer.key("a@example.org", "ed25519", "sign", "never", &[]);
    trusted.key("b@example.org", "ed25519", "sign", "never", &[]);
    match trusted.keyring().verify_clearsigned(&signer.clearsign(&[]), now()) {
        Err(OpenPgpError::WrongKey { ids, origins }) => {
            assert_eq!(ids, [fingerprint]);
            assert_eq!(origins, ["the test's key"]);
        }
        other => panic!("{other:?}"),
    }
}

fn one_trusted_signer_of_two_is_enough() {
    let gpg = Gpg::new();
    let first = gpg.key("a@example.org", "ed25519", "sign", "never", &[]);
    let second = gpg.key("b@example.org", "ed25519", "sign", "never", &[]);
    let document = gpg.clearsign(&["-u", &first, "-u", &second]);
    let only_second = gpg.run(&["--armor", "--export", &second], b"");
    assert_eq!(keyring(&only_second).verify_clearsigned(&document, now()).unwrap().fingerprints, std::slice::from_ref(&second));
    // Two armoured blocks, one behind the other.
    let blocks = [gpg.run(&["--armor", "--export", &first], b""), only_second].concat();
    let mut both = vec![first, second];
    both.sort();
    assert_eq!(keyring(&blocks).verify_clearsigned(&document, now()).unwrap().fingerprints, both);
}

fn a_changed_document_is_refused() {
    let gpg = Gpg::new();
    gpg.key("a@example.org", "ed25519", "sign", "never", &[]);
    let document = String::from_utf8(gpg.clearsign(&[])).unwrap();
    let keyring = gpg.keyring();
    let changed = document.replace("Suite: test", "Suite: evil");
    assert!(matches!(fault(keyring.verify_clearsigned(changed.as_bytes(), now())), SignatureFault::Bad { .. }));
    for framed in [format!("Suite: evil\n{document}"), format!("{document}Suite: evil\n"), format!("{document}{document}")] {
        assert!(keyring.verify_clearsigned(framed.as_bytes(), now()).is_err(), "{framed}");
    }
    let cut = &document[..document.len() / 2];
    assert!(keyring.verify_clearsigned(cut.as_bytes(), now()).is_err());
}

fn what_is_not_signed_is_refused() {
    let gpg = Gpg::new();
    gpg.key("a@example.org", "ed25519", "sign", "never", &[]);
    let keyring = gpg.keyring();
    assert!(matches!(keyring.verify_clearsigned(TEXT.as_bytes(), now()), Err(OpenPgpError::Unsigned)));
    assert!(keyring.verify_detached(TEXT.as_bytes(), b"", now()).is_err());
    assert!(keyring.verify_detached(TEXT.as_bytes(), b"\xff\x00nonsense", now()).is_err());
    assert!(matches!(Keyring::new().add("nothing", b"no key"), Err(OpenPgpError::NoKeys { .. })));
}

fn weak_hashes_are_refused() {
    let gpg = Gpg::new();
    gpg.key("a@example.org", "rsa2048", "sign", "never", &[]);
    for (hash, options) in [("SHA1", &["--digest-algo", "SHA1"][..]), ("RIPEMD160", &["--digest-algo", "RIPEMD160"])] {
        let document = gpg.clearsign(&[options, &["--allow-weak-digest-algos"]].concat());
        match fault(gpg.keyring().verify_clearsigned(&document, now())) {
            SignatureFault::WeakHash { hash: found, .. } => assert_eq!(found, hash),
            other => panic!("{other:?}"),
        }
    }
}

fn an_expired_key_is_refused_from_its_last_day_on() {
    let gpg = Gpg::new();
    gpg.key("a@example.org", "ed25519", "sign", "5d", &[&at(-10)]);
    let document = gpg.clearsign(&[&at(-9)]);
    assert!(gpg.keyring().verify_clearsigned(&document, now() - 6 * DAY).is_ok());
    match fault(gpg.keyring().verify_clearsigned(&document, now())) {
        SignatureFault::KeyExpired { since, .. } => assert!((since - (now() - 5 * DAY)).abs() < DAY),
        other => panic!("{other:?}"),
    }
}

fn an_expired_subkey_is_refused() {
    let gpg = Gpg::new();
    let fingerprint = gpg.key("a@example.org", "ed25519", "cert", "never", &[&at(-10)]);
    gpg.run(&[&at(-10), "--quick-add-key", &fingerprint, "ed25519", "sign", "5d"], b"");
    let document = gpg.clearsign(&[&at(-9)]);
    assert!(gpg.keyring().verify_clearsigned(&document, now() - 6 * DAY).is_ok());
    assert!(matches!(fault(gpg.keyring().verify_clearsigned(&document, now())), SignatureFault::KeyExpired { .. }));
}

fn a_revoked_key_is_refused() {
    let gpg = Gpg::new();
    let fingerprint = gpg.key("a@example.org", "ed25519", "sign", "never", &[]);
    let document = gpg.clearsign(&[]);
    let certificate = fs_err::read_to_string(revocation(gpg.home.path(), &fingerprint)).unwrap();
    gpg.run(&["--import"], certificate.replace(":-----BEGIN", "-----BEGIN").as_bytes());
    assert!(matches!(fault(gpg.keyring().verify_clearsigned(&document, now())), SignatureFault::KeyRevoked { .. }));
}

fn revocation(home: &Path, fingerprint: &str) -> PathBuf {
    home.join("openpgp-revocs.d").join(format!("{fingerprint}.rev"))
}

fn times_of_signatures_are_checked() {
    let gpg = Gpg::new();
    gpg.key("a@example.org", "ed25519", "sign", "never", &[&at(-10)]);
    let future = gpg.clearsign(&[&at(2)]);
    assert!(matches!(fault(gpg.keyring().verify_clearsigned(&future, now())), SignatureFault::Future { .. }));
    assert!(gpg.keyring().verify_clearsigned(&future, now() + 3 * DAY).is_ok());
    let short = gpg.clearsign(&[&at(-9), "--default-sig-expire", "5d"]);
    assert!(gpg.keyring().verify_clearsigned(&short, now() - 6 * DAY).is_ok());
    assert!(matches!(fault(gpg.keyring().verify_clearsigned(&short, now())), SignatureFault::Expired { .. }));
}

/// What a case does.
type Case = (&'static str, fn());

const CASES: [Case; 11] = [
    ("good_signatures_count_in_every_form", good_signatures_count_in_every_form),
    ("a_subkey_signs_for_its_certificate", a_subkey_signs_for_its_certificate),
    ("a_key_that_is_not_trusted_is_named", a_key_that_is_not_trusted_is_named),
    ("one_trusted_signer_of_two_is_enough", one_trusted_signer_of_two_is_enough),
    ("a_changed_document_is_refused", a_changed_document_is_refused),
    ("what_is_not_signed_is_refused", what_is_not_signed_is_refused),
    ("weak_hashes_are_refused", weak_hashes_are_refused),
    ("an_expired_key_is_refused_from_its_last_day_on", an_expired_key_is_refused_from_its_last_day_on),
    ("an_expired_subkey_is_refused", an_expired_subkey_is_refused),
    ("a_revoked_key_is_refused", a_revoked_key_is_refused),
    ("times_of_signatures_are_checked", times_of_signatures_are_checked),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let there = Command::new("gpg").arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success());
    let strict = std::env::var_os("ROOTFS_TEST_STRICT").is_some_and(|value| value == "1");
    let trials = CASES.into_iter().map(|(name, case)| {
        let run = move || {
            if there {
                case();
                return Ok(());
            }
            Err(Failed::from("gpg is not installed"))
        };
        Trial::test(name, run).with_ignored_flag(!there && !strict)
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}
