//! Shell directories in containers of the images that they describe.

use std::path::{Path, PathBuf};

use rootfs_tests::{Case, Failed, Need, Product, Release, Workbench, ensure};

use super::{docker, run, same};
use crate::build::MINBASE;

/// An image that every case here starts from: a tree of ours, imported.
const BASE: &str = "localhost/rootfs-gen-test";

/// Directories, links, owners, times, hard links, device nodes and attributes, by what every Debian has. It says what its image is.
const LIBRARY: &str = r#"
build_rootfs() {
	local root="$1"
	[ "$(readlink -f "$root")" = /run/rootfs-gen/rootfs ] || die "the root is $root"
	mkdir -p "$root"/{etc,dev,usr/bin,var/empty}
	cp "${CONFIG_DIR}/words" "$root/etc/words"
	echo "$OS_VERSION $EXTRA_PKGS" >"$root/etc/told"
	[ ! -e /image-says ] || info "the image says: $(cat /image-says)"
	ln -s words "$root/etc/link"
	ln "$root/etc/words" "$root/etc/second"
	mknod -m 600 "$root/dev/console" c 5 1
	mkfifo "$root/var/fifo"
	chown 12:34 "$root/var/empty"
	chmod 2751 "$root/var/empty"
	head -c 8000000 /dev/zero | tr '\0' 'x' >"$root/usr/bin/large"
	find "$root" -exec touch --no-dereference --date=@1000000000 {} +
}
"#;

const DOCKERFILE: &str = "\
ARG IMAGE_REGISTRY=localhost
FROM ${IMAGE_REGISTRY}/rootfs-gen-test:@OS_VERSION@
@SET_PROXY@
@INSTALL_RUST@
RUN echo built for @OS_VERSION@ >/image-says && echo seen by the log
";

pub(super) fn cases(engine: &[Need]) -> Vec<Case> {
    vec![
        Case::new("docker::a shell directory in its own image is the workshop's", engine, shell_directory),
        Case::new("docker::an image that nobody has is named", engine, missing_image),
        Case::new("docker::instructions that fail are shown", engine, failing_image),
    ]
}

/// A shell directory, in `parent`.
pub(super) fn plugin(parent: &Path) -> Result<PathBuf, Failed> {
    let directory = parent.join("plugins/boxed");
    fs_err::create_dir_all(&directory)?;
    fs_err::write(directory.join("config.sh"), "OS_NAME=boxed\nOS_VERSION=${OS_VERSION:-1}\nINIT_PROCESS=kata-agent\n")?;
    fs_err::write(directory.join("rootfs_lib.sh"), LIBRARY)?;
    fs_err::write(directory.join("Dockerfile.in"), DOCKERFILE)?;
    fs_err::write(directory.join("words"), "some words\n")?;
    Ok(directory.parent().map(Path::to_owned).unwrap_or_default())
}

/// Makes sure of the image to start from, and gives its name.
pub(super) fn base(workbench: &Workbench) -> Result<String, Failed> {
    let name = format!("{BASE}:1");
    let imported = workbench.once("docker-base", |marker| {
        let tree = MINBASE.tree(workbench, Release::Bookworm)?;
        let archive = workbench.scratch()?;
        let file = archive.path().join("base.tar");
        rootfs_tests::Process::judge("tar").args(["--numeric-owner", "-C"]).arg(&tree).arg("-cf").arg(&file).arg(".").run()?.success()?;
        docker().arg("import").arg(&file).arg(&name).run()?.success()?;
        Ok(fs_err::write(marker, "")?)
    });
    imported.map(|_| name)
}

/// A build of the shell directory.
pub(super) fn boxed<'a>(product: Product<'a>, plugins: &Path, out: &Path) -> Product<'a> {
    let build = product.arg("boxed").arg("--plugin-dir").arg(plugins).into_directory(out);
    build.args(["--extra-pkg", "vim", "--release", "1", "--no-check", "--agent", "none"]).env("SOURCE_DATE_EPOCH", "1000000000")
}

fn shell_directory(workbench: &Workbench) -> Result<(), Failed> {
    base(workbench)?;
    let scratch = workbench.scratch()?;
    let plugins = plugin(scratch.path())?;
    let (here, there) = (scratch.path().join("here"), scratch.path().join("there"));
    boxed(workbench.product(), &plugins, &here).run()?.success()?;
    let built = run(boxed(workbench.product(), &plugins, &there).args(["--docker", "-v"]))?.success()?;
    built.complains(&["seen by the log", "the image says: built for 1", "may besides: SYS_ADMIN, MKNOD"])?;
    same(workbench, &there, &here)
}

fn missing_image(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let (plugins, out) = (plugin(scratch.path())?, scratch.path().join("out"));
    let image = "localhost:9/nobody/has:this";
    let build = run(boxed(workbench.product(), &plugins, &out).args(["--docker-image", image]))?;
    build.exits_with(1)?.complains(&["there is no image `localhost:9/nobody/has:this`", "hint: check its name"])?;
    ensure!(!out.exists(), "something has the final name");
    Ok(())
}

fn failing_image(workbench: &Workbench) -> Result<(), Failed> {
    base(workbench)?;
    let scratch = workbench.scratch()?;
    let (plugins, out) = (plugin(scratch.path())?, scratch.path().join("out"));
    fs_err::write(plugins.join("boxed/Dockerfile.in"), format!("FROM {BASE}:1\nRUN echo before && exit 7\n"))?;
    let build = run(boxed(workbench.product(), &plugins, &out).args(["--docker", "-v"]))?;
    build.exits_with(1)?.complains(&["the image of `boxed` can't be built", "returned a non-zero code: 7", "before"])?;
    ensure!(!out.exists(), "something has the final name");
    Ok(())
}
