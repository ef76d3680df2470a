//! A kernel as its package brings it: the image, the configuration and the modules. Nothing of it is installed anywhere.

mod bzimage;
mod config;
mod decompress;
mod driver;
mod error;
mod module_info;
mod modules;

use std::path::Path;

use rootfs_plugin::Architecture;
use rootfs_tree::{Kind, Tree};

use crate::Initramfs;
use config::Config;
pub use driver::{Availability, Driver};
pub use error::KernelError;
use modules::Modules;

/// No kernel image is larger.
const IMAGE_LIMIT: u64 = 512 << 20;

/// Where modules are: with and without a merged `/usr`.
const MODULE_PLACES: [&str; 2] = ["/usr/lib/modules", "/lib/modules"];

/// A kernel to boot.
#[derive(Debug, Clone)]
pub struct Kernel {
    release: String,
    image: Vec<u8>,
    config: Option<Config>,
    modules: Option<Modules>,
}

impl Kernel {
    /// The one kernel in a tree, which is usually a package's payload (`DebLayer::tree`).
    ///
    /// # Errors
    /// When there is none or several, or something of it can't be read.
    pub fn from_tree(tree: &Tree) -> Result<Self, KernelError> {
        let releases = releases(tree);
        let [release] = releases.as_slice() else {
            return Err(if releases.is_empty() { KernelError::NoImage } else { KernelError::Several { releases } });
        };
        let read = |path: String| -> Result<Vec<u8>, KernelError> {
            let found = tree.resolve(path.as_bytes()).and_then(|id| tree.read(id, IMAGE_LIMIT));
            found.map_err(|source| KernelError::Tree { source })
        };
        let image = read(format!("/boot/vmlinuz-{release}"))?;
        check_image(&image, Path::new(&format!("/boot/vmlinuz-{release}")))?;
        let config = read(format!("/boot/config-{release}")).ok();
        let config = config.map(|text| Config::parse(&String::from_utf8_lossy(&text)));
        let mut places = MODULE_PLACES.iter().map(|place| format!("{place}/{release}"));
        let place = places.find(|place| tree.resolve(place.as_bytes()).is_ok());
        let modules = place.map(|place| Modules::find(tree, &place)).transpose()?;
        Ok(Self { release: release.clone(), image, config, modules })
    }

    /// A kernel image without modules: what it needs is built in, or in an initramfs that comes with it.
    ///
    /// # Errors
    /// When the file can't be read or is no kernel.
    pub fn from_file(path: &Path) -> Result<Self, KernelError> {
        let image = fs_err::read(path).map_err(|source| KernelError::Read { source })?;
        check_image(&image, path)?;
        let release = bzimage::release(&image).unwrap_or_else(|| path.display().to_string());
        let config = bzimage::vmlinux(&image).ok().and_then(|kernel| Config::embedded(&kernel));
        Ok(Self { release, image, config, modules: None })
    }

    /// What `uname -r` will print; the path of a file that doesn't tell.
    #[must_use]
    pub fn release(&self) -> &str {
        &self.release
    }

    /// The image as it was packaged, for boot loaders and QEMU.
    #[must_use]
    pub fn vmlinuz(&self) -> &[u8] {
        &self.image
    }

    /// The kernel itself, for Firecracker: an ELF file on x86-64, an Image on arm64.
    ///
    /// # Errors
    /// When it is packed in a way that can't be undone.
    pub fn vmlinux(&self) -> Result<Vec<u8>, KernelError> {
        bzimage::vmlinux(&self.image).map_err(|source| KernelError::Unpack { name: self.release.clone(), source })
    }

    /// How the kernel has this driver.
    #[must_use]
    pub fn availability(&self, driver: Driver) -> Availability {
        let module = driver.module();
        let built_in = self.config.as_ref().is_some_and(|config| config.has(driver.symbol()));
        match &self.modules {
            _ if built_in => Availability::BuiltIn,
            Some(modules) if modules.is_built_in(module) => Availability::BuiltIn,
            Some(modules) if modules.has(module) => Availability::Module,
            None if self.config.is_none() => Availability::Unknown,
            _ => Availability::Missing,
        }
    }

    /// An initramfs that loads these drivers; none when all of them are there from the start, or nothing is known about them.
    ///
    /// # Errors
    /// When the kernel lacks one, a module is damaged, or the guest's processor can't run the first program.
    pub fn initramfs(&self, drivers: &[Driver], architecture: Architecture) -> Result<Option<Initramfs>, KernelError> {
        let mut wanted = Vec::new();
        for driver in drivers {
            match self.availability(*driver) {
                Availability::BuiltIn | Availability::Unknown => {}
                Availability::Module => wanted.push(driver.module()),
                Availability::Missing => {
                    return Err(KernelError::NoDriver { release: self.release.clone(), driver: driver.module().to_owned() });
                }
            }
        }
        let (Some(modules), false) = (&self.modules, wanted.is_empty()) else {
            return Ok(None);
        };
        let mut initramfs = Initramfs::new(guest_program(architecture)?);
        for module in modules.closure(&wanted)? {
            initramfs.add_module(&module.name, module.content);
        }
        Ok(Some(initramfs))
    }

    /// An initramfs with every driver of [`Driver::ALL`] that the kernel has as a module: for any machine of QEMU or Firecracker.
    ///
    /// # Errors
    /// As [`Kernel::initramfs`].
    pub fn general_initramfs(&self, architecture: Architecture) -> Result<Option<Initramfs>, KernelError> {
        let there: Vec<Driver> = Driver::ALL.into_iter().filter(|driver| self.availability(*driver) == Availability::Module).collect();
        self.initramfs(&there, architecture)
    }
}

/// The first program of an initramfs, and the agent.
///
/// # Errors
/// When this build has none for the architecture.
pub(crate) fn guest_program(architecture: Architecture) -> Result<&'static [u8], KernelError> {
    if Architecture::native() == Some(architecture) { Ok(rootfs_sandbox::GUEST) } else { Err(KernelError::NoProgram { architecture }) }
}

fn check_image(image: &[u8], path: &Path) -> Result<(), KernelError> {
    if bzimage::is_image(image) {
        return Ok(());
    }
    Err(KernelError::NotAnImage { path: path.to_owned(), reason: "neither a bzImage nor an ELF file nor an arm64 Image" })
}

/// All `/boot/vmlinuz-RELEASE`.
fn releases(tree: &Tree) -> Vec<String> {
    let Ok(boot) = tree.resolve(b"/boot") else {
        return Vec::new();
    };
    let Kind::Directory(entries) = &tree.node(boot).kind else {
        return Vec::new();
    };
    let names = entries.keys().filter_map(|name| std::str::from_utf8(name).ok()?.strip_prefix("vmlinuz-"));
    names.map(str::to_owned).collect()
}
