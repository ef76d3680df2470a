//! Numbers of tags (rpm's `include/rpm/rpmtag.h`).

// Of the signature header.
pub(super) const SIGNATURES: u32 = 62;
pub(super) const DSA_HEADER: u32 = 267;
pub(super) const RSA_HEADER: u32 = 268;
pub(super) const SHA256_HEADER: u32 = 273;
/// Of rpm 6: any number of signatures, each in base64.
pub(super) const OPENPGP: u32 = 278;
/// Signatures of header and payload together, which rpm 3 made.
pub(super) const OLD_PGP: u32 = 1002;
pub(super) const OLD_GPG: u32 = 1005;

// Of the header.
pub(super) const IMMUTABLE: u32 = 63;
pub(super) const NAME: u32 = 1000;
pub(super) const VERSION: u32 = 1001;
pub(super) const RELEASE: u32 = 1002;
pub(super) const EPOCH: u32 = 1003;
pub(super) const BUILD_TIME: u32 = 1006;
pub(super) const ARCH: u32 = 1022;
pub(super) const FILE_SIZES: u32 = 1028;
pub(super) const FILE_MODES: u32 = 1030;
pub(super) const FILE_DEVICES: u32 = 1033;
pub(super) const FILE_MTIMES: u32 = 1034;
pub(super) const FILE_DIGESTS: u32 = 1035;
pub(super) const FILE_LINKS: u32 = 1036;
pub(super) const FILE_FLAGS: u32 = 1037;
pub(super) const FILE_USERS: u32 = 1039;
pub(super) const FILE_GROUPS: u32 = 1040;
pub(super) const SOURCE_RPM: u32 = 1044;
/// The number of the inode on the machine that built the package: names of one file have the same.
pub(super) const FILE_INODES: u32 = 1096;
pub(super) const SOURCE_PACKAGE: u32 = 1106;
pub(super) const DIRECTORY_INDEXES: u32 = 1116;
pub(super) const BASE_NAMES: u32 = 1117;
pub(super) const DIRECTORY_NAMES: u32 = 1118;
pub(super) const PAYLOAD_FORMAT: u32 = 1124;
pub(super) const PAYLOAD_COMPRESSOR: u32 = 1125;
pub(super) const LONG_FILE_SIZES: u32 = 5008;
pub(super) const FILE_CAPABILITIES: u32 = 5010;
pub(super) const FILE_DIGEST_ALGORITHM: u32 = 5011;
pub(super) const PAYLOAD_SHA256: u32 = 5092;

/// A file that the package owns and doesn't bring (`RPMFILE_GHOST`).
pub(super) const GHOST: u64 = 1 << 6;

/// SHA-256, among the algorithms of OpenPGP (RFC 9580, 9.5).
pub(super) const SHA256: u64 = 8;
