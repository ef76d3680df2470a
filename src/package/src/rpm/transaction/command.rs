use rootfs_plugin::Trim;

use super::Transaction;
use super::stage::{KEYS, PACKAGES, key_name, package_names};

/// Where scripts run, and rpm itself.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What rpm and all it starts see.
pub(super) fn environment(transaction: &Transaction<'_>) -> Vec<(String, String)> {
    let mut environment = transaction.environment.clone();
    environment.retain(|(name, _)| !matches!(name.as_str(), "PATH" | "HOME" | "SOURCE_DATE_EPOCH"));
    let epoch = transaction.epoch.to_string();
    let own = [("PATH", PATH), ("HOME", "/"), ("SOURCE_DATE_EPOCH", epoch.as_str())];
    environment.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
    environment
}

/// Makes the root's database trust the keys.
pub(super) fn import(transaction: &Transaction<'_>) -> Vec<String> {
    let mut arguments = common("rpmkeys", transaction);
    arguments.push("--import".to_owned());
    arguments.extend((0..transaction.keys.len()).map(|at| format!("/{KEYS}/{}", key_name(at))));
    arguments
}

/// Installs every package. Signatures have been checked, by rules that are stricter than those of some of the rpm that we run.
pub(super) fn install(transaction: &Transaction<'_>) -> Vec<String> {
    let mut arguments = common("rpm", transaction);
    arguments.extend(["--install", "--verbose", "--nosignature", "--noplugins"].map(str::to_owned));
    // Mounted while scripts run, and not to be touched: the same as Fedora's own package `filesystem` tells every rpm.
    arguments.extend(["--define", "_netsharedpath /proc:/sys"].map(str::to_owned));
    for trim in transaction.without {
        match trim {
            Trim::Docs => arguments.push("--excludedocs".to_owned()),
            Trim::Man => arguments.push("--excludepath=/usr/share/man".to_owned()),
            Trim::Locales => arguments.extend(["--define", "_install_langs C:en"].map(str::to_owned)),
        }
    }
    arguments.extend(package_names(transaction.packages).into_iter().map(|name| format!("/{PACKAGES}/{name}")));
    arguments
}

fn common(program: &str, transaction: &Transaction<'_>) -> Vec<String> {
    // By macro, since programs of rpm other than `rpm` differ in their options.
    vec![program.to_owned(), "--root=/root".to_owned(), "--define".to_owned(), format!("_dbpath {}", transaction.database)]
}
