/// The program `rootfs-guest`: static, for the architecture that this program was built for, the same bytes whoever builds it with one toolchain.
pub static GUEST: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/rootfs-guest"));
