//! Hashes that veritysetup makes the same way, and the kernel believes.

use std::path::{Path, PathBuf};

use rootfs_image::{FileSource, Image, ImageFile, RootHash, Sink, SinkError, VerityError, VeritySink, hash_area_size, verify};
use tempfile::TempDir;

use crate::judge::{path, run, run_well};

const BLOCK: usize = 4096;
const SALT: [u8; 32] = *b"a salt of two and thirty bytes !";

/// Data, their hashes, and what speaks for them.
struct Hashed {
    directory: TempDir,
    data: PathBuf,
    hashes: PathBuf,
    root: RootHash,
}

/// Writes data in whatever pieces `write` gives, hashed on the way.
fn hash(length: u64, salt: &[u8], superblock: Option<[u8; 16]>, write: impl Fn(&dyn Sink)) -> Hashed {
    let directory = tempfile::tempdir().unwrap();
    let (data, hashes) = (directory.path().join("data"), directory.path().join("hashes"));
    let (data_file, hash_file) = (ImageFile::create(&data).unwrap(), ImageFile::create(&hashes).unwrap());
    let sink = VeritySink::new(Image::new(&data_file), salt).unwrap();
    write(&sink);
    let root = sink.finish(length, &Image::new(&hash_file), superblock).unwrap();
    data_file.finish(length.next_multiple_of(BLOCK as u64)).unwrap();
    hash_file.finish(hash_area_size(length, superblock.is_some())).unwrap();
    Hashed { directory, data, hashes, root }
}

impl Hashed {
    fn verify(&self) -> Result<(), VerityError> {
        verify(&FileSource::open(&self.data).unwrap(), &FileSource::open(&self.hashes).unwrap(), &self.root)
    }

    /// What veritysetup says of it, given nothing but the root hash and what a superblock would say.
    fn veritysetup(&self) -> std::process::Output {
        let (salt, blocks) = (hex(&self.root.salt), self.root.data_blocks.to_string());
        let mut arguments = vec!["verify", path(&self.data), path(&self.hashes)];
        let root = self.root.hex();
        arguments.push(&root);
        if self.root.hash_start == 0 {
            arguments.extend(["--no-superblock", "--salt", if salt.is_empty() { "-" } else { &salt }, "--data-blocks", &blocks]);
            arguments.extend(["--hash", "sha256", "--data-block-size", "4096", "--hash-block-size", "4096"]);
        }
        run("veritysetup", &arguments)
    }

    fn assert_judged_well(&self) {
        let output = self.veritysetup();
        assert!(output.status.success(), "{} blocks: {}", self.root.data_blocks, String::from_utf8_lossy(&output.stderr));
        self.verify().unwrap();
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes without a pattern that repeats with the blocks.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

#[test]
fn zeros_have_the_root_hash_of_the_golden_vector() {
    let hashed = hash(4 << 20, &[0; 32], None, |_| ());
    assert_eq!(hashed.root.hex(), "6d95ad6221928ed555566cd4a44b1afaf59d2f9760b6a97130a27e6283288ba7");
    assert_eq!(hashed.hashes.metadata().unwrap().len(), 9 * 4096);
    hashed.assert_judged_well();
}

/// One, two, at and beside the boundaries of levels.
#[test]
fn veritysetup_makes_the_same_hashes() {
    for (blocks, superblock) in [1, 2, 127, 128, 129, 16383, 16384, 16385].into_iter().flat_map(|blocks| [(blocks, false), (blocks, true)])
    {
        let bytes = noise(blocks * BLOCK, blocks as u64);
        let uuid = *b"sixteen bytes ok";
        let hashed = hash(bytes.len() as u64, &SALT, superblock.then_some(uuid), |sink| {
            for (number, piece) in bytes.chunks(100 * BLOCK + 7).enumerate() {
                sink.data((number * (100 * BLOCK + 7)) as u64, piece).unwrap();
            }
        });
        hashed.assert_judged_well();
        let theirs = hashed.directory.path().join("theirs");
        let salt = hex(&SALT);
        let mut arguments =
            vec!["format", path(&hashed.data), path(&theirs), "--salt", &salt, "--uuid", "73697874-6565-6e20-6279-746573206f6b"];
        if !superblock {
            arguments.push("--no-superblock");
        }
        let said = run_well("veritysetup", &arguments);
        assert!(said.contains(&hashed.root.hex()), "{blocks} blocks: {said}");
        let [theirs, ours] = [&theirs, &hashed.hashes].map(|path| fs_err::read(path).unwrap());
        assert!(theirs == ours, "{blocks} blocks: {} and {} bytes", theirs.len(), ours.len());
    }
}

#[test]
fn salts_of_other_lengths() {
    for salt in [&[][..], &[7], &[9; 256]] {
        hash(300 * BLOCK as u64, salt, None, |sink| sink.data(5000, &noise(70_000, 3)).unwrap()).assert_judged_well();
    }
    let file = tempfile::tempdir().unwrap();
    let sink = ImageFile::create(&file.path().join("x")).unwrap();
    let error = VeritySink::new(Image::new(&sink), &[0; 257]).unwrap_err();
    assert_eq!(error.to_string(), "a salt of 257 bytes is too long: 256 are the most");
}

/// Small pieces, files, holes and a last block that isn't whole, from several threads.
#[test]
fn pieces_are_hashed_as_they_lie_in_the_file() {
    let source = tempfile::tempfile().unwrap();
    let bytes = noise(3 << 20, 11);
    std::os::unix::fs::FileExt::write_all_at(&source, &bytes, 0).unwrap();
    let length = (9 << 20) + 100;
    let write = |sink: &dyn Sink| {
        rayon::scope(|scope| {
            scope.spawn(|_| (0..5000).for_each(|at| sink.data(at * 7, &[at.to_le_bytes()[0]; 7]).unwrap()));
            scope.spawn(|_| sink.copy(1_000_003, std::os::fd::AsFd::as_fd(&source), 17, (3 << 20) - 17).unwrap());
            scope.spawn(|_| sink.copy(5 << 20, std::os::fd::AsFd::as_fd(&source), 0, 3 << 20).unwrap());
            scope.spawn(|_| sink.data(length - 50, &[1; 50]).unwrap());
            scope.spawn(|_| sink.zeros(4 << 20, 1 << 20).unwrap());
        });
    };
    let pools = [1, 7].map(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap());
    let roots = pools.map(|pool| {
        let hashed = pool.install(|| hash(length, &SALT, None, write));
        hashed.assert_judged_well();
        assert_eq!(fs_err::read(&hashed.data).unwrap()[1_000_003..1_000_003 + bytes.len() - 17], bytes[17..]);
        (hashed.root.hex(), fs_err::read(&hashed.hashes).unwrap())
    });
    assert!(roots[0] == roots[1]);
}

fn flip(path: &Path, at: u64) {
    let file = fs_err::OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    fs_err::os::unix::fs::FileExt::read_exact_at(&file, &mut byte, at).unwrap();
    fs_err::os::unix::fs::FileExt::write_all_at(&file, &[byte[0] ^ 4], at).unwrap();
}

/// Each of the three kinds of blocks, told by name; veritysetup sees them too.
#[test]
fn one_bit_is_found_and_told() {
    let hashed = hash(16385 * BLOCK as u64, &SALT, None, |sink| sink.data(0, &noise(300 * BLOCK, 5)).unwrap());
    hashed.assert_judged_well();
    let cases = [
        (&hashed.data, 200 * BLOCK as u64 + 99, "block 200 of the data is damaged"),
        (&hashed.data, 16384 * BLOCK as u64, "block 16384 of the data is damaged"),
        (&hashed.hashes, 3 * BLOCK as u64 + 50, "block 3 of the hashes is damaged: it is number 0 of level 0"),
        (&hashed.hashes, 2 * BLOCK as u64 + 1, "block 2 of the hashes is damaged: it is number 1 of level 1"),
    ];
    for (file, at, told) in cases {
        flip(file, at);
        assert_eq!(hashed.verify().unwrap_err().to_string(), told);
        assert!(!hashed.veritysetup().status.success());
        flip(file, at);
    }
    flip(&hashed.hashes, 0);
    assert!(matches!(hashed.verify().unwrap_err(), VerityError::Root { .. }));
    assert!(!hashed.veritysetup().status.success());
    flip(&hashed.hashes, 0);
    // Of two, the first.
    flip(&hashed.data, 77);
    flip(&hashed.data, 130 * BLOCK as u64);
    assert_eq!(hashed.verify().unwrap_err().to_string(), "block 0 of the data is damaged");
}

#[test]
fn what_is_not_there_can_not_be_verified() {
    let hashed = hash(300 * BLOCK as u64, &SALT, None, |sink| sink.data(0, b"x").unwrap());
    let root = |change: fn(&mut RootHash)| {
        let mut root = hashed.root.clone();
        change(&mut root);
        Hashed { directory: tempfile::tempdir().unwrap(), data: hashed.data.clone(), hashes: hashed.hashes.clone(), root }
            .verify()
            .unwrap_err()
    };
    assert_eq!(root(|root| root.data_blocks = 301).to_string(), "the data have 1228800 bytes where 1232896 are needed");
    assert_eq!(root(|root| root.hash_start = 1).to_string(), "the hashes have 16384 bytes where 20480 are needed");
    assert!(matches!(root(|root| root.data_blocks = u64::MAX), VerityError::TooShort { .. }));
    assert!(matches!(root(|root| root.hash_start = u64::MAX), VerityError::TooShort { .. }));
    assert_eq!(root(|root| root.hash_block_size = 1024).to_string(), "blocks of 1024 bytes are not supported: only those of 4096 are");
    assert!(matches!(root(|root| root.salt[0] ^= 1), VerityError::Root { .. }));
}

/// A pipe, say: what came in pieces can't be hashed.
#[test]
fn a_sink_that_can_not_be_read_is_refused() {
    #[derive(Debug)]
    struct Nowhere;
    impl Sink for Nowhere {
        fn data(&self, _: u64, _: &[u8]) -> Result<(), SinkError> {
            Ok(())
        }
    }
    let sink = || VeritySink::new(Image::new(&Nowhere), &SALT).unwrap();
    let whole = sink();
    whole.data(0, &[1; 8192]).unwrap();
    whole.finish(8192, &Image::new(&Nowhere), None).unwrap();
    let pieces = sink();
    pieces.data(0, &[1; 8191]).unwrap();
    assert!(matches!(pieces.finish(8192, &Image::new(&Nowhere), None).unwrap_err(), VerityError::Sink(SinkError::NotReadable)));
    assert!(matches!(sink().finish(0, &Image::new(&Nowhere), None).unwrap_err(), VerityError::NoData));
}
