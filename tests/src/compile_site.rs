//! What compiles Gentoo's packages here: a root of Debian's with the portage of PyPI in it, in place of a stage3, and a small ebuild repository.

use std::path::{Path, PathBuf};

use libtest_mimic::Failed;
use rustix::fs::{FlockOperation, flock};

use crate::gentoo_site::repository::{split_ebuilds, write_repository};
use crate::{Portage, Process, SigningKey, Workbench, words};

/// The repository's ebuilds, as those of the binary hosts are written.
const EBUILDS: &str = include_str!("gentoo/compiled.txt");

/// What emerge calls, and what ebuilds do.
const PACKAGES: &str = "python3,gcc,libc6-dev,make,bzip2,zstd,xz-utils,patch,pax-utils";

/// Changes with what is put into the stage3.
const EDITION: &str = "2";

const SOURCE: &str = "#include <stdio.h>\n#include <greet.h>\nint main(void) {\n#ifdef LOUD\n  printf(\"HELLO %s\\n\", greeting());\n#else\n  \
                      printf(\"hello %s\\n\", greeting());\n#endif\n  return 0;\n}\n";

/// The name of the one source archive.
const ARCHIVE: &str = "hello-1.0.tar.gz";

/// A stage3, signed by a key of this run, with what is compiled in it.
#[derive(Debug, Clone)]
pub struct CompileSite {
    directory: PathBuf,
}

impl CompileSite {
    /// The one that all cases of a run share; the stage3 itself outlives runs.
    ///
    /// # Errors
    /// When Debian's archive or PyPI can't be reached, or a tool fails.
    pub fn new(workbench: &Workbench) -> Result<Self, Failed> {
        let directory = workbench.once("compile", |path| Self { directory: path.to_owned() }.make(workbench))?;
        Ok(Self { directory })
    }

    /// A copy of all of it, where others may look.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn copied(&self, directory: &Path) -> Result<Self, Failed> {
        crate::copy_tree(&self.directory, directory)?;
        fs_err::set_permissions(directory, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
        Ok(Self { directory: directory.to_owned() })
    }

    /// The archive. Its detached signature is beside it.
    #[must_use]
    pub fn stage3(&self) -> PathBuf {
        self.directory.join("stage3.tar.xz")
    }

    /// The public key that has signed it.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.directory.join("key.asc")
    }

    /// The ebuild repository, `tiny`, with a profile of that name.
    #[must_use]
    pub fn ebuilds(&self) -> PathBuf {
        self.directory.join("repo")
    }

    /// A directory with the source archive that an ebuild wants.
    #[must_use]
    pub fn sources(&self) -> PathBuf {
        self.directory.join("sources")
    }

    /// A mirror's directory, with that archive where mirrors of Gentoo's have it.
    #[must_use]
    pub fn mirror(&self) -> PathBuf {
        self.directory.join("mirror")
    }

    fn make(&self, workbench: &Workbench) -> Result<(), Failed> {
        fs_err::create_dir_all(&self.directory)?;
        let stage3 = stage3(workbench)?;
        fs_err::hard_link(&stage3, self.stage3())?;
        let key = SigningKey::generate("stage3")?;
        key.export(&self.key())?;
        key.sign_file(&self.stage3(), &self.directory.join("stage3.tar.xz.asc"))?;
        self.write_sources()?;
        self.write_repository()
    }

    fn write_sources(&self) -> Result<(), Failed> {
        let inside = self.directory.join("hello-1.0");
        fs_err::create_dir_all(&inside)?;
        fs_err::write(inside.join("hello.c"), SOURCE)?;
        fs_err::create_dir_all(self.sources())?;
        let archive = self.sources().join(ARCHIVE);
        Process::judge("tar").args(words([&"-C", &self.directory, &"-czf", &archive, &"hello-1.0"])).run()?.success()?;
        let hash = Process::new("b2sum").input(ARCHIVE).run()?.success()?.output;
        let place = self.mirror().join("distfiles").join(hash.get(..2).unwrap_or_default());
        fs_err::create_dir_all(&place)?;
        fs_err::copy(&archive, place.join(ARCHIVE))?;
        Ok(())
    }

    fn write_repository(&self) -> Result<(), Failed> {
        write_repository(&self.ebuilds(), &split_ebuilds(EBUILDS), "")?;
        let archive = self.sources().join(ARCHIVE);
        let sum = |program: &str| -> Result<String, Failed> {
            let said = Process::new(program).arg(&archive).run()?.success()?.output;
            Ok(said.split_ascii_whitespace().next().unwrap_or_default().to_owned())
        };
        let length = fs_err::metadata(&archive)?.len();
        let manifest = format!("DIST {ARCHIVE} {length} BLAKE2B {} SHA512 {}\n", sum("b2sum")?, sum("sha512sum")?);
        Ok(fs_err::write(self.ebuilds().join("app-misc/hello/Manifest"), manifest)?)
    }
}

impl SigningKey {
    /// Writes the armoured signature of a file.
    ///
    /// # Errors
    /// When gpg fails.
    pub fn sign_file(&self, file: &Path, signature: &Path) -> Result<(), Failed> {
        let gpg = Process::judge("gpg").args(words([&"--homedir", &self.home(), &"--batch", &"--quiet", &"--yes", &"--armor"]));
        gpg.args(words([&"--detach-sign", &"--output", &signature, &file])).run()?.success()?;
        Ok(())
    }
}

/// The archive below cargo's target directory, made by one process at a time.
fn stage3(workbench: &Workbench) -> Result<PathBuf, Failed> {
    let portage = Portage::install(workbench.settings())?;
    let directory = workbench.cache("stage3");
    fs_err::create_dir_all(&directory)?;
    let lock = fs_err::File::create(directory.join("lock"))?;
    flock(&lock, FlockOperation::LockExclusive)?;
    let archive = directory.join(format!("stage3-{EDITION}-portage-{}.tar.xz", Portage::VERSION));
    if archive.exists() {
        return Ok(archive);
    }
    let scratch = workbench.scratch()?;
    let root = scratch.path().join("root");
    let debian =
        workbench.product().afresh().minbase(crate::Release::Bookworm)?.args(["--without", "docs,man,locales", "--extra-pkg", PACKAGES]);
    debian.into_directory(&root).run()?.success()?;
    add_portage(&portage, &root)?;
    let part = archive.with_extension("part");
    let pack = Process::judge("tar").args(["--numeric-owner", "--use-compress-program=xz -0 -T2"]);
    pack.args(words([&"-C", &root, &"-cf", &part, &"."])).run()?.success()?;
    fs_err::rename(part, &archive)?;
    Ok(archive)
}

/// Puts portage where Gentoo has it, and tells it so, as its own build does when it is installed for a system.
fn add_portage(portage: &Portage, root: &Path) -> Result<(), Failed> {
    let (modules, share, programs) =
        (root.join("usr/lib/python3/dist-packages"), root.join("usr/share/portage"), root.join("usr/lib/portage"));
    for name in ["portage", "_emerge"] {
        crate::copy_tree(&portage.modules()?.join(name), &modules.join(name))?;
    }
    crate::copy_tree(&portage.environment().join("share/portage"), &share)?;
    crate::copy_tree(&portage.environment().join("lib/portage"), &programs)?;
    for (file, old, new) in [
        ("installation.py", "if \"MODULE\"", "if \"SYSTEM\""),
        ("const.py", "PORTAGE_BASE_PATH = \"\"\"\"\"\"", "PORTAGE_BASE_PATH = \"/usr/lib/portage\""),
        ("const.py", "PORTAGE_BIN_PATH = \"\"\"\"\"\"", "PORTAGE_BIN_PATH = \"/usr/lib/portage/bin\""),
    ] {
        let path = modules.join("portage").join(file);
        let text = fs_err::read_to_string(&path)?;
        crate::ensure!(text.contains(old), "{} has no `{old}`", path.display());
        fs_err::write(path, text.replace(old, new))?;
    }
    let link = |target: &str, path: &str| fs_err::os::unix::fs::symlink(target, root.join(path));
    link("python3", "usr/bin/python")?;
    link("tar", "usr/bin/gtar")?;
    for name in ["emerge", "ebuild", "portageq", "quickpkg"] {
        link(&format!("../lib/portage/bin/{name}"), &format!("usr/bin/{name}"))?;
    }
    add_database(root)?;
    for (file, line) in [("passwd", "portage:x:250:250:portage:/var/lib/portage/home:/bin/false\n"), ("group", "portage:x:250:\n")] {
        let path = root.join("etc").join(file);
        let text = fs_err::read_to_string(&path)?;
        fs_err::write(path, text + line)?;
    }
    Ok(())
}

/// What a stage3 knows to be installed: of what ebuilds depend on, that it is there, and of the compiler all that a package of it is made of.
fn add_database(root: &Path) -> Result<(), Failed> {
    let put = |path: PathBuf, text: &[u8]| -> Result<(), Failed> {
        fs_err::create_dir_all(path.parent().unwrap_or(root))?;
        Ok(fs_err::write(path, text)?)
    };
    put(root.join("etc/portage/profile/package.provided"), b"sys-apps/baselayout-2.18\nsys-libs/glibc-2.36\n")?;
    let library = fs_err::read(root.join("lib/x86_64-linux-gnu/libgcc_s.so.1"))?;
    let directory = "usr/lib/gcc/x86_64-pc-linux-gnu/12";
    put(root.join(directory).join("libgcc_s.so.1"), &library)?;
    let sum = Process::new("md5sum").arg(root.join(directory).join("libgcc_s.so.1")).run()?.success()?.output;
    let sum = sum.split_ascii_whitespace().next().unwrap_or_default();
    let contents = format!("dir /{directory}\nobj /{directory}/libgcc_s.so.1 {sum} 1700000000\n");
    let database = root.join("var/db/pkg/sys-devel/gcc-12.2.0");
    for (name, text) in [
        ("CATEGORY", "sys-devel"),
        ("PF", "gcc-12.2.0"),
        ("SLOT", "12"),
        ("EAPI", "8"),
        ("KEYWORDS", "amd64"),
        ("CHOST", "x86_64-pc-linux-gnu"),
        ("DEFINED_PHASES", "-"),
        ("LICENSE", "GPL-2"),
        ("BUILD_TIME", "1700000000"),
        ("repository", "tiny"),
        ("USE", ""),
        ("IUSE", ""),
        ("PROVIDES", "x86_64: libgcc_s.so.1"),
        ("REQUIRES", "x86_64: libc.so.6"),
        ("COUNTER", "1"),
        ("CONTENTS", contents.trim_end()),
    ] {
        put(database.join(name), format!("{text}\n").as_bytes())?;
    }
    put(database.join("gcc-12.2.0.ebuild"), b"EAPI=8\nSLOT=12\n")
}
