use sha2::{Digest as _, Sha256};

use super::{BLOCK, DIGEST, SALT_LIMIT, VerityError};

/// Hashes blocks after a salt.
#[derive(Debug, Clone)]
pub(crate) struct Hasher {
    salted: Sha256,
    zeros: [u8; DIGEST],
}

impl Hasher {
    pub(crate) fn new(salt: &[u8]) -> Result<Self, VerityError> {
        if salt.len() > SALT_LIMIT {
            return Err(VerityError::Salt { length: salt.len(), limit: SALT_LIMIT });
        }
        let salted = Sha256::new().chain_update(salt);
        let zeros = salted.clone().chain_update([0; BLOCK]).finalize().into();
        Ok(Self { salted, zeros })
    }

    /// The hash of one block.
    pub(crate) fn hash(&self, block: &[u8]) -> [u8; DIGEST] {
        self.salted.clone().chain_update(block).finalize().into()
    }

    /// The hash of a block of zeros.
    pub(crate) fn zeros(&self) -> [u8; DIGEST] {
        self.zeros
    }
}
