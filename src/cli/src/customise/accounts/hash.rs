use rootfs_plugin::Password;
use sha_crypt::{CustomizedPasswordHasher as _, Params, ShaCrypt};
use sha2::{Digest as _, Sha256};

use crate::customise::CustomiseError;

/// What shadow(5) has for the password. The salt is made of the user's name and of `public`, never of chance, so that the same build gives
/// the same bytes; the password is no part of it, as the salt can be read.
pub(super) fn crypt(user: &str, password: &Password, public: &str) -> Result<String, CustomiseError> {
    let clear = match password {
        Password::Empty => return Ok(String::new()),
        Password::Hashed(hash) => return Ok(hash.clone()),
        Password::Clear(clear) => clear,
    };
    let digest = Sha256::digest(format!("rootfs-gen password salt\n{user}\n{public}"));
    // 12 bytes are the 16 letters that SHA-crypt uses.
    let hash = ShaCrypt::SHA512.hash_password_customized(clear.as_bytes(), &digest[..12], None, None, Params::RECOMMENDED);
    let hash = hash.map_err(|error| CustomiseError::Hash { user: user.to_owned(), reason: error.to_string() })?;
    Ok(hash.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use sha_crypt::{PasswordHash, PasswordVerifier as _};

    use super::*;

    #[test]
    fn a_hash_is_sha512_and_the_same_each_time() {
        let password = Password::Clear("pleaseletmein".into());
        let hash = crypt("root", &password, "debian").unwrap();
        assert!(hash.starts_with("$6$"), "{hash}");
        assert_eq!(crypt("root", &password, "debian").unwrap(), hash);
        assert_ne!(crypt("ann", &password, "debian").unwrap(), hash);
        let parsed = PasswordHash::new(hash).unwrap();
        assert!(ShaCrypt::SHA512.verify_password(b"pleaseletmein", &parsed).is_ok());
        assert!(ShaCrypt::SHA512.verify_password(b"wrong", &parsed).is_err());
    }

    #[test]
    fn a_hash_of_the_users_is_taken_as_it_is() {
        assert_eq!(crypt("root", &Password::Hashed("$y$x".into()), "").unwrap(), "$y$x");
    }
}
