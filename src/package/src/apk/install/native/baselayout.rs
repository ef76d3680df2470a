//! alpine-baselayout's scripts.

use rootfs_tree::{Kind, Time, Tree};

use crate::apk::install::InstallError;
use crate::owners::Owners;

const PROMPT: &[u8] = b"/etc/profile.d/color_prompt.sh";

/// A link to the prompt's former name leads to the new one; the shadow files are the group's that `/etc/group` calls so.
pub(super) fn post_install(tree: &mut Tree, _arguments: &[String], _time: Time) -> Result<bool, InstallError> {
    if let Ok(id) = tree.lookup(PROMPT)
        && matches!(&tree.node(id).kind, Kind::Symlink(target) if **target == *b"color_prompt")
    {
        tree.node_mut(id).kind = Kind::Symlink(b"color_prompt.sh.disabled".as_slice().into());
    }
    let Some(shadow) = Owners::read(tree).group("shadow") else {
        // The script would complain and go on.
        return Ok(true);
    };
    for path in ["/etc/shadow", "/etc/shadow-"] {
        if let Ok(id) = tree.resolve(path.as_bytes()) {
            let metadata = &mut tree.node_mut(id).metadata;
            (metadata.uid, metadata.gid) = (0, shadow);
        }
    }
    Ok(true)
}
