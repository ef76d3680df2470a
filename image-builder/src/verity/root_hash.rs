use std::fmt;
use std::str::FromStr;

use super::{BLOCK_SIZE, DIGEST, SALT_LIMIT};

/// What speaks for a filesystem, with all that is needed to check it.
///
/// As text it is the line that Kata's runtime wants for `kernel_verity_params`, and reads back from it:
/// `root_hash=…,salt=…,data_blocks=…,data_block_size=…,hash_block_size=…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootHash {
    /// The hash of the first block of hashes, or of the data where they are one block.
    pub root_hash: [u8; DIGEST],
    /// What is hashed before each block.
    pub salt: Vec<u8>,
    /// Blocks of data.
    pub data_blocks: u64,
    /// Bytes of one of them.
    pub data_block_size: u32,
    /// Bytes of a block of hashes.
    pub hash_block_size: u32,
    /// Where the hashes begin, in their blocks: behind the superblock if there is one. Not in the text.
    pub hash_start: u64,
}

/// Why a text is no [`RootHash`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are what the message says of them")]
pub enum RootHashError {
    /// One of the five is not there.
    #[error("`{key}` is missing")]
    Missing { key: &'static str },
    /// One is not as it should be.
    #[error("`{value}` is no value of `{key}`")]
    Value { key: String, value: String },
    /// One too many.
    #[error("`{text}` is not known, or there twice")]
    Unknown { text: String },
}

impl RootHash {
    /// Of hashes as this crate writes them.
    pub(crate) fn new(root_hash: [u8; DIGEST], salt: &[u8], data_blocks: u64, superblock: bool) -> Self {
        let (data_block_size, hash_block_size) = (BLOCK_SIZE, BLOCK_SIZE);
        Self { root_hash, salt: salt.to_vec(), data_blocks, data_block_size, hash_block_size, hash_start: superblock.into() }
    }

    /// The root hash in hexadecimal digits.
    #[must_use]
    pub fn hex(&self) -> String {
        hex(&self.root_hash)
    }

    /// What has a kernel with `CONFIG_DM_INIT` set the device up before it mounts `root=/dev/dm-0`, without an initramfs. The devices are as the
    /// kernel calls them: `/dev/vda1`, or `PARTUUID=…`.
    #[must_use]
    pub fn kernel_parameter(&self, data_device: &str, hash_device: &str) -> String {
        let Self { data_blocks, data_block_size, hash_block_size, hash_start, .. } = self;
        let sectors = u128::from(*data_blocks) * u128::from(*data_block_size) / 512;
        let (root_hash, salt) = (self.hex(), self.salt_text());
        format!(
            "dm-mod.create=\"dm-verity,,,ro,0 {sectors} verity 1 {data_device} {hash_device} {data_block_size} {hash_block_size} \
             {data_blocks} {hash_start} sha256 {root_hash} {salt}\""
        )
    }

    /// A dash where there is none, as the kernel and veritysetup have it.
    fn salt_text(&self) -> String {
        if self.salt.is_empty() { "-".to_owned() } else { hex(&self.salt) }
    }
}

impl fmt::Display for RootHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { data_blocks, data_block_size, hash_block_size, .. } = self;
        let (root_hash, salt) = (self.hex(), self.salt_text());
        write!(
            f,
            "root_hash={root_hash},salt={salt},data_blocks={data_blocks},data_block_size={data_block_size},hash_block_size={hash_block_size}"
        )
    }
}

impl FromStr for RootHash {
    type Err = RootHashError;

    fn from_str(text: &str) -> Result<Self, RootHashError> {
        const KEYS: [&str; 5] = ["root_hash", "salt", "data_blocks", "data_block_size", "hash_block_size"];
        let mut values = [None; KEYS.len()];
        for part in text.trim().split(',') {
            let unknown = || RootHashError::Unknown { text: part.to_owned() };
            let (key, value) = part.split_once('=').ok_or_else(unknown)?;
            let place = KEYS.iter().position(|known| *known == key).ok_or_else(unknown)?;
            if values[place].replace(value).is_some() {
                return Err(unknown());
            }
        }
        let value = |place: usize| values[place].ok_or(RootHashError::Missing { key: KEYS[place] });
        let wrong =
            |place: usize| RootHashError::Value { key: KEYS[place].to_owned(), value: values[place].unwrap_or_default().to_owned() };
        let [root_hash, salt, data_blocks, data_block_size, hash_block_size] = [value(0)?, value(1)?, value(2)?, value(3)?, value(4)?];
        let size = |text: &str, place: usize| {
            text.parse().ok().filter(|size: &u32| *size > 0 && size.is_multiple_of(512)).ok_or_else(|| wrong(place))
        };
        Ok(Self {
            root_hash: unhex(root_hash).and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| wrong(0))?,
            salt: if salt == "-" { Some(Vec::new()) } else { unhex(salt) }
                .filter(|salt| salt.len() <= SALT_LIMIT)
                .ok_or_else(|| wrong(1))?,
            data_blocks: data_blocks.parse().ok().filter(|blocks| *blocks > 0).ok_or_else(|| wrong(2))?,
            data_block_size: size(data_block_size, 3)?,
            hash_block_size: size(hash_block_size, 4)?,
            hash_start: 0,
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn katas_line_there_and_back() {
        let root = RootHash::new([0xAB; 32], &[1; 3], 1024, false);
        let line = format!("root_hash={},salt=010101,data_blocks=1024,data_block_size=4096,hash_block_size=4096", "ab".repeat(32));
        assert_eq!(root.to_string(), line);
        assert_eq!(format!("{line}\n").parse(), Ok(root));
        let unsalted = RootHash::new([0xAB; 32], &[], 1, false);
        assert_eq!(unsalted.to_string().parse(), Ok(unsalted));
    }

    #[test]
    fn the_kernels_table() {
        let root = RootHash::new([0xAB; 32], &[1; 3], 1024, true);
        let expected = format!(
            "dm-mod.create=\"dm-verity,,,ro,0 8192 verity 1 /dev/vda1 /dev/vda2 4096 4096 1024 1 sha256 {} 010101\"",
            "ab".repeat(32)
        );
        assert_eq!(root.kernel_parameter("/dev/vda1", "/dev/vda2"), expected);
    }

    #[test]
    fn a_wrong_line_is_refused() {
        let line = RootHash::new([0xAB; 32], &[1; 3], 1024, false).to_string();
        let told = |from: &str, to: &str| line.replace(from, to).parse::<RootHash>().unwrap_err().to_string();
        assert_eq!(told(",salt=010101", ""), "`salt` is missing");
        assert_eq!(told("010101", "01010"), "`01010` is no value of `salt`");
        assert_eq!(told("010101", "0101é"), "`0101é` is no value of `salt`");
        assert_eq!(told("010101", &"00".repeat(257)), format!("`{}` is no value of `salt`", "00".repeat(257)));
        assert_eq!(told("abab", "ab"), format!("`{}` is no value of `root_hash`", "ab".repeat(16)));
        assert_eq!(told("blocks=1024", "blocks=0"), "`0` is no value of `data_blocks`");
        assert_eq!(told("data_block_size=4096", "data_block_size=1000"), "`1000` is no value of `data_block_size`");
        assert_eq!(told("hash_block_size", "data_block_size"), "`data_block_size=4096` is not known, or there twice");
        assert_eq!(told("salt=", "pepper="), "`pepper=010101` is not known, or there twice");
        assert_eq!("".parse::<RootHash>().unwrap_err().to_string(), "`` is not known, or there twice");
    }
}
