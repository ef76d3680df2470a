use sha2::{Digest as _, Sha256};

use crate::guid::{Guid, name_based};

/// What tells a disk's root filesystem from others; all that needs to be unlike anything else is derived from it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Identity(pub(super) [u8; 16]);

impl Identity {
    /// The disk's signature in an MBR.
    pub(super) fn signature(self) -> [u8; 4] {
        let digest = self.derive("disk 1");
        // All zeros mean none.
        [digest[0] | 1, digest[1], digest[2], digest[3]]
    }

    /// What hashes of the root filesystem are salted with.
    pub(super) fn salt(self) -> [u8; 32] {
        self.derive("verity salt 1")
    }

    pub(super) fn guid(self, what: &str) -> Guid {
        Guid(name_based(&self.derive(what)[..16]))
    }

    fn derive(self, what: &str) -> [u8; 32] {
        Sha256::new().chain_update(format!("rootfs-image {what}\n")).chain_update(self.0).finalize().into()
    }
}
