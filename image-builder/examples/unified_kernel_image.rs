//! A unified kernel image of files: `unified_kernel_image STUB KERNEL INITRD COMMAND-LINE IMAGE`.

use std::error::Error;

use rootfs_image::Uki;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [stub, linux, initrd, command_line, image] = arguments.as_slice() else {
        return Err("give a stub, a kernel, an initrd, a command line and an image".into());
    };
    let (stub, linux, initrd) = (fs_err::read(stub)?, fs_err::read(linux)?, fs_err::read(initrd)?);
    let uki = Uki { stub: &stub, linux: &linux, initrd: Some(&initrd), command_line, os_release: None, uname: None };
    fs_err::write(image, uki.assemble()?)?;
    Ok(())
}
