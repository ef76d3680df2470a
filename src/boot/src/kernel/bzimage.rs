//! The file that boot loaders load (Documentation/arch/x86/boot.rst of the kernel), and the ELF file inside it.

use std::io;

use super::decompress::decompress;

const SETUP_SECTORS: usize = 0x1f1;
const BOOT_FLAG: usize = 0x1fe;
const HEADER_MAGIC: usize = 0x202;
const PROTOCOL: usize = 0x206;
const VERSION_POINTER: usize = 0x20e;
const PAYLOAD_OFFSET: usize = 0x248;
const PAYLOAD_LENGTH: usize = 0x24c;

/// Since this version of the boot protocol (2.08) the header says where the payload is.
const WITH_PAYLOAD: u16 = 0x0208;

/// `\x7fELF`
const ELF: &[u8] = b"\x7fELF";

/// At offset 56 of an arm64 Image (Documentation/arch/arm64/booting.rst).
const ARM64_MAGIC: &[u8] = b"ARM\x64";

/// Whether it looks like a kernel that can be booted at all: a bzImage, an ELF file, or an arm64 Image, which may be packed with gzip.
pub(super) fn is_image(image: &[u8]) -> bool {
    image.starts_with(ELF) || image.starts_with(&[0x1f, 0x8b]) || image.get(56..60) == Some(ARM64_MAGIC) || is_bzimage(image)
}

fn is_bzimage(image: &[u8]) -> bool {
    image.get(BOOT_FLAG..BOOT_FLAG + 2) == Some(&[0x55, 0xaa]) && image.get(HEADER_MAGIC..HEADER_MAGIC + 4) == Some(b"HdrS")
}

/// The release that the header names: the first word of its version text.
pub(super) fn release(image: &[u8]) -> Option<String> {
    if !is_bzimage(image) {
        return None;
    }
    let text = image.get(usize::from(half(image, VERSION_POINTER)?) + 0x200..)?;
    let word = text.iter().take(128).take_while(|byte| byte.is_ascii_graphic()).copied().collect();
    String::from_utf8(word).ok().filter(|word| !word.is_empty())
}

/// The kernel itself, as Firecracker and other loaders take it: the ELF file in a bzImage; an ELF file or an arm64 Image as it is.
pub(super) fn vmlinux(image: &[u8]) -> io::Result<Vec<u8>> {
    let bad = |text: &str| io::Error::new(io::ErrorKind::InvalidData, text.to_owned());
    if !is_bzimage(image) {
        return decompress(image);
    }
    let payload = payload(image).ok_or_else(|| bad("its header names no payload"))?;
    let kernel = decompress(payload)?;
    if kernel.starts_with(ELF) { Ok(kernel) } else { Err(bad("its payload is no ELF file")) }
}

fn payload(image: &[u8]) -> Option<&[u8]> {
    if half(image, PROTOCOL)? < WITH_PAYLOAD {
        return None;
    }
    // As the kernel's own tools: 0 means 4, and the boot sector comes before the setup.
    let sectors = match *image.get(SETUP_SECTORS)? {
        0 => 4,
        sectors => usize::from(sectors),
    };
    let start = (sectors + 1).checked_mul(512)?.checked_add(word(image, PAYLOAD_OFFSET)?)?;
    image.get(start..start.checked_add(word(image, PAYLOAD_LENGTH)?)?)
}

fn half(image: &[u8], at: usize) -> Option<u16> {
    image.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}

fn word(image: &[u8], at: usize) -> Option<usize> {
    image.get(at..)?.first_chunk().and_then(|bytes| u32::from_le_bytes(*bytes).try_into().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(payload: &[u8]) -> Vec<u8> {
        let mut image = vec![0; 1024];
        image[SETUP_SECTORS] = 1;
        image[BOOT_FLAG..BOOT_FLAG + 2].copy_from_slice(&[0x55, 0xaa]);
        image[HEADER_MAGIC..HEADER_MAGIC + 4].copy_from_slice(b"HdrS");
        image[PROTOCOL..PROTOCOL + 2].copy_from_slice(&0x020f_u16.to_le_bytes());
        image[VERSION_POINTER..VERSION_POINTER + 2].copy_from_slice(&0x100_u16.to_le_bytes());
        image[0x300..0x310].copy_from_slice(b"6.1.0-1 (x) #1\0\0");
        image[PAYLOAD_OFFSET..PAYLOAD_OFFSET + 4].copy_from_slice(&16_u32.to_le_bytes());
        image[PAYLOAD_LENGTH..PAYLOAD_LENGTH + 4].copy_from_slice(&u32::try_from(payload.len()).unwrap().to_le_bytes());
        image.extend_from_slice(&[0; 16]);
        image.extend_from_slice(payload);
        image
    }

    #[test]
    fn the_payload_is_where_the_header_says() {
        let image = image(b"\x7fELF kernel");
        assert!(is_image(&image));
        assert_eq!(release(&image).as_deref(), Some("6.1.0-1"));
        assert_eq!(vmlinux(&image).unwrap(), b"\x7fELF kernel");
    }

    #[test]
    fn a_cut_image_is_refused_at_any_length() {
        let image = image(b"\x7fELF kernel");
        for length in 0x202 + 4..image.len() {
            assert!(vmlinux(&image[..length]).is_err(), "{length} bytes");
        }
        assert!(!is_image(b"MZ"));
        assert!(!is_image(b""));
    }
}
