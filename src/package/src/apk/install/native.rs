//! Scripts that are carried out on the tree itself, without a shell: those that do nothing but add users and groups, and those known by their text.
//!
//! A script is known by the SHA-256 of all of it, so that one that changes in any way is run instead. What an action here can't do as the script would, in this
//! tree, it leaves to the script, having done nothing.

mod baselayout;
mod busybox;

use rootfs_tree::{Time, Tree};
use sha2::{Digest as _, Sha256};

use super::InstallError;
use super::account::{Accounts, parse_account_script};

/// What is done instead of a script, with its arguments; false when the script has to run.
type Action = fn(&mut Tree, &[String], Time) -> Result<bool, InstallError>;

/// A script that is known.
struct Known {
    sha256: &'static str,
    action: Action,
}

/// Every one, with whose it is and why it can be done without a shell.
const KNOWN: &[Known] = &[
    // alpine-baselayout 3.6, post-install and post-upgrade: one link is renamed, and two files get a group that is known by then.
    Known { sha256: "dd30b63bfbe4f7d8085f57840e15b84015b3518d6f282a3e0924f73a61000016", action: baselayout::post_install },
    // busybox 1.36, post-install: its links, which the package lists, and the account of klogd.
    Known { sha256: "13c120a1c714ecafa7fe1fc748406a89dfffc549118ebce324b53d4bbb4ba75f", action: busybox::post_install },
    // busybox 1.36, trigger: the links again, for what other packages took away or made room for.
    Known { sha256: "0d63b08ed79c5a2348548852c9674c5c947abe2c97691162bd94a887ebd7d1f0", action: busybox::trigger },
];

/// Does what a script would do, if that is known; false when it has to run.
pub(super) fn carry_out(text: &[u8], arguments: &[String], tree: &mut Tree, time: Time) -> Result<bool, InstallError> {
    let sha256 = rootfs_tree::Digest(Sha256::digest(text).into()).to_string();
    if let Some(known) = KNOWN.iter().find(|known| known.sha256 == sha256) {
        return (known.action)(tree, arguments, time);
    }
    match parse_account_script(text) {
        Some(script) => Accounts::read(tree).run(&script, tree, time),
        None => Ok(false),
    }
}
