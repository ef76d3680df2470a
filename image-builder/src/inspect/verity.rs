use super::disk::{DiskFacts, PartitionEntry, PartitionFacts};
use super::problem::{Findings, Flaw};
use super::{Content, InspectError, read};
use crate::guid::Guid;
use crate::source::{ImageSource, Stretch};
use crate::verity::{ALGORITHM, BLOCK_SIZE, Hasher, RootHash, SALT_LIMIT, SIGNATURE, Superblock, VerityError, verify};

/// What speaks for the data, by somebody who can be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnownRootHash {
    /// With all parameters, so that no superblock is needed.
    Parameters(RootHash),
    /// Alone.
    Digest([u8; 32]),
}

/// What the superblock in front of hashes says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerityFacts {
    /// `sha256`, say.
    pub algorithm: String,
    /// 1, or 0 for the oldest form.
    pub hash_type: u32,
    /// What the hashes are known by.
    pub uuid: Guid,
    /// Bytes of a block of data, and of one of hashes.
    pub block_sizes: (u32, u32),
    /// Blocks of data.
    pub data_blocks: u64,
    /// What is hashed before each block.
    pub salt: Vec<u8>,
}

impl VerityFacts {
    pub(super) fn read(source: &dyn ImageSource) -> Result<Option<Self>, InspectError> {
        let Some(block) = read::get::<Superblock>(source, 0)? else { return Ok(None) };
        let salt = block.salt.get(..usize::from(block.salt_size.get()));
        let (true, 1, Some(salt)) = (block.signature == SIGNATURE, block.version.get(), salt) else { return Ok(None) };
        Ok(Some(Self {
            algorithm: read::text(&block.algorithm),
            hash_type: block.hash_type.get(),
            uuid: Guid(block.uuid),
            block_sizes: (block.data_block_size.get(), block.hash_block_size.get()),
            data_blocks: block.data_blocks.get(),
            salt: salt.to_vec(),
        }))
    }

    /// Whether this crate can verify such hashes.
    fn is_supported(&self) -> bool {
        let algorithm = read::text(&ALGORITHM);
        self.algorithm == algorithm && self.hash_type == 1 && self.block_sizes == (BLOCK_SIZE, BLOCK_SIZE) && self.salt.len() <= SALT_LIMIT
    }

    fn root(&self, root_hash: [u8; 32]) -> RootHash {
        RootHash {
            root_hash,
            salt: self.salt.clone(),
            data_blocks: self.data_blocks,
            data_block_size: self.block_sizes.0,
            hash_block_size: self.block_sizes.1,
            hash_start: 1,
        }
    }
}

type Pair<'a> = (&'a PartitionFacts, &'a PartitionFacts);

/// Partitions with data, each with the one with its hashes.
fn pairs(disk: &DiskFacts, by_place: bool) -> Vec<Pair<'_>> {
    let all = &disk.partitions;
    let pair = |(index, hashes): (usize, &'_ PartitionFacts)| {
        // By the types of the specification wherever it lies, otherwise right in front.
        let kind = hashes.kind_name().and_then(|name| name.strip_suffix("-verity").map(str::to_owned));
        let by_kind = kind.and_then(|kind| all.iter().position(|one| one.kind_name().as_ref() == Some(&kind)));
        let data = by_kind.or_else(|| index.checked_sub(1))?;
        Some((all.get(data)?, all.get(index)?))
    };
    let mut pairs: Vec<_> = all.iter().enumerate().filter(|(_, one)| is_hashes(one)).filter_map(pair).collect();
    // Hashes without a superblock look like nothing: Kata has them in the last partition.
    if pairs.is_empty() && by_place {
        let last = all.iter().enumerate().next_back().filter(|(_, one)| matches!(one.content, Content::Unknown | Content::Named(_)));
        pairs.extend(last.and_then(pair));
    }
    pairs
}

fn is_hashes(one: &PartitionFacts) -> bool {
    let is_named = if let PartitionEntry::Gpt(entry) = &one.entry { entry.name.ends_with("-verity") } else { false };
    is_named || matches!(one.content, Content::Verity(_)) || one.kind_name().is_some_and(|name| name.ends_with("-verity"))
}

/// Every block, where anything is known that speaks for them; gives the numbers of the partitions with hashes.
pub(super) fn check(
    source: &dyn ImageSource,
    disk: Option<&DiskFacts>,
    known: Option<&KnownRootHash>,
    findings: &mut Findings,
) -> Result<Vec<u32>, InspectError> {
    findings.turn_to("verity", None, 0);
    let by_place = matches!(known, Some(KnownRootHash::Parameters(_)));
    let pairs = disk.map(|disk| pairs(disk, by_place)).unwrap_or_default();
    if known.is_some() && pairs.is_empty() {
        findings.add_somewhere(Flaw::Form { what: "there is a root hash, and no hashes are in the image that it could speak for" });
    }
    // A root hash is that of the first; the others have none.
    let known = std::iter::once(known).chain(std::iter::repeat(None));
    pairs.iter().zip(known).try_for_each(|(pair, known)| check_pair(source, *pair, known, findings))?;
    Ok(pairs.iter().map(|(_, hashes)| hashes.number).collect())
}

fn check_pair(
    source: &dyn ImageSource,
    (data, hashes): Pair<'_>,
    known: Option<&KnownRootHash>,
    findings: &mut Findings,
) -> Result<(), InspectError> {
    findings.turn_to("verity", Some(hashes.number), hashes.start);
    let superblock = if let Content::Verity(facts) = &hashes.content { Some(facts) } else { None };
    if let Some(facts) = superblock.filter(|facts| !facts.is_supported()) {
        let (data, hash) = facts.block_sizes;
        let form = format!("{} of type {} over blocks of {data} and {hash} bytes", facts.algorithm, facts.hash_type);
        findings.left_out(format!("all blocks: only sha256 of type 1 over blocks of 4096 bytes is known, and these are {form}"));
        return Ok(());
    }
    let [data, hashes] = [data, hashes].map(|one| Stretch::of(source, one.start, one.length));
    let root = match (known, superblock) {
        (Some(KnownRootHash::Parameters(root)), None) => root.clone(),
        (Some(KnownRootHash::Parameters(root)), Some(facts)) => {
            let told = facts.root(root.root_hash);
            if told != (RootHash { hash_start: 1, ..root.clone() }) {
                findings.add(0, Flaw::Form { what: "the superblock's salt, blocks or sizes are not those that are known" });
                return Ok(());
            }
            told
        }
        (Some(KnownRootHash::Digest(root_hash)), Some(facts)) => facts.root(*root_hash),
        (Some(KnownRootHash::Digest(_)), None) => {
            findings.add(0, Flaw::Form { what: "without a superblock, a root hash needs the other parameters too" });
            return Ok(());
        }
        (None, Some(facts)) => {
            let Some(root_hash) = own_root(facts, &data, &hashes)? else {
                findings.add(0, Flaw::Form { what: "the hashes are not there" });
                return Ok(());
            };
            let root = facts.root(root_hash);
            findings.left_out(format!("the root hash: none is known; it should be {}", root.hex()));
            root
        }
        (None, None) => {
            findings.left_out("all blocks: no root hash is known");
            return Ok(());
        }
    };
    match verify(&data, &hashes, &root) {
        Ok(()) => findings.checked(format!("{} blocks against {}", root.data_blocks, root.hex())),
        Err(VerityError::Read { offset, source }) => return Err(InspectError::Read { offset, source }),
        Err(error) => findings.add_somewhere(Flaw::Verity(error)),
    }
    Ok(())
}

/// What the first block of hashes, or the only one of data, says by itself.
fn own_root(facts: &VerityFacts, data: &dyn ImageSource, hashes: &dyn ImageSource) -> Result<Option<[u8; 32]>, InspectError> {
    let (source, offset) = if facts.data_blocks > 1 { (hashes, u64::from(BLOCK_SIZE)) } else { (data, 0) };
    let hasher = Hasher::new(&facts.salt).ok();
    Ok(hasher.zip(read::bytes::<4096>(source, offset)?).map(|(hasher, block)| hasher.hash(&block)))
}
