//! Builds `rootfs-guest` as a static program and leaves it where `src/guest.rs` embeds it.
//!
//! A second cargo run, with the workspace's own lock file and a target directory of its own (so neither run waits for the other's lock). Nothing of the
//! outer build reaches it (flags, profile, wrappers), and no path of this machine reaches its result: everybody gets the same bytes from one toolchain.
#![expect(clippy::disallowed_methods, reason = "a build script is told everything in its environment, and this one starts the compiler")]

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let workspace = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join("../..").canonicalize()?;
    for source in ["src/guest", "Cargo.toml", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={}", workspace.join(source).display());
    }
    let toolchain = Toolchain::ask()?;
    let target = toolchain.target(&variable("CARGO_CFG_TARGET_ARCH")?);
    let out = PathBuf::from(variable("OUT_DIR")?);
    let built = build_guest(&workspace, &out.join("guest"), &toolchain, &target)?;
    fs_copy(&built, &out.join("rootfs-guest"))
}

/// The compiler that the outer build uses.
struct Toolchain {
    sysroot: PathBuf,
    commit: String,
}

impl Toolchain {
    fn ask() -> Outcome<Self> {
        let version = rustc(&["-vV"])?;
        let commit = version.lines().find_map(|line| line.strip_prefix("commit-hash: ")).unwrap_or("unknown");
        Ok(Self { sysroot: rustc(&["--print", "sysroot"])?.trim().into(), commit: commit.to_owned() })
    }

    /// musl where the toolchain has it, because it is linked from the toolchain alone; else the host's own C library.
    fn target(&self, architecture: &str) -> String {
        let musl = format!("{architecture}-unknown-linux-musl");
        if self.sysroot.join("lib/rustlib").join(&musl).join("lib").is_dir() {
            return musl;
        }
        format!("{architecture}-unknown-linux-gnu")
    }
}

fn rustc(arguments: &[&str]) -> Outcome<String> {
    let output = Command::new(variable("RUSTC")?).args(arguments).output()?;
    Ok(String::from_utf8(output.stdout)?)
}

fn build_guest(workspace: &Path, directory: &Path, toolchain: &Toolchain, target: &str) -> Outcome<PathBuf> {
    let mut cargo = Command::new(variable("CARGO")?);
    cargo.args(["build", "--locked", "--package", "rootfs-guest", "--bin", "rootfs-guest", "--profile", "guest", "--target", target]);
    cargo.arg("--manifest-path").arg(workspace.join("Cargo.toml")).arg("--target-dir").arg(directory);
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_str().is_some_and(belongs_to_outer_build)) {
        cargo.env_remove(name);
    }
    // Set, not only removed: this also outweighs the same settings in a configuration file.
    cargo
        .env("CARGO_ENCODED_RUSTFLAGS", flags(workspace, toolchain)?.join("\u{1f}"))
        .env("RUSTC_WRAPPER", "")
        .env("RUSTC_WORKSPACE_WRAPPER", "");
    let output = cargo.output()?;
    if !output.status.success() {
        return Err(explain(&String::from_utf8_lossy(&output.stderr), target).into());
    }
    Ok(directory.join(target).join("guest/rootfs-guest"))
}

/// What a surrounding `cargo build`, `clippy` or `test` sets for itself. What says how to reach registries, linkers and toolchains stays.
fn belongs_to_outer_build(name: &str) -> bool {
    let prefixes = ["CARGO_PROFILE_", "CARGO_BUILD_", "CARGO_FEATURE_", "CARGO_CFG_", "CARGO_PKG_", "CARGO_MANIFEST_", "CLIPPY_"];
    let names = ["CARGO_TARGET_DIR", "CARGO_INCREMENTAL", "RUSTFLAGS", "RUSTDOCFLAGS", "CARGO_ENCODED_RUSTDOCFLAGS", "LLVM_PROFILE_FILE"];
    prefixes.iter().any(|prefix| name.starts_with(prefix)) || names.contains(&name) || name.ends_with("_RUSTFLAGS")
}

/// Static, and with every path that differs between machines replaced.
fn flags(workspace: &Path, toolchain: &Toolchain) -> Outcome<Vec<String>> {
    let mut flags = vec!["-Ctarget-feature=+crt-static".to_owned(), "-Crelocation-model=static".to_owned()];
    let mut remap = |from: &Path, to: &str| flags.push(format!("--remap-path-prefix={}={to}", from.display()));
    remap(workspace, "/rootfs-gen");
    remap(&toolchain.sysroot.join("lib/rustlib/src/rust"), &format!("/rustc/{}", toolchain.commit));
    // Below this, each registry has a directory whose name depends on where the packages are fetched from.
    let sources = cargo_home()?.join("registry/src");
    let mut registries: Vec<PathBuf> =
        sources.read_dir().map(|entries| entries.flatten().map(|entry| entry.path()).collect()).unwrap_or_default();
    registries.sort();
    registries.iter().for_each(|registry| remap(registry, "/cargo"));
    Ok(flags)
}

fn cargo_home() -> Outcome<PathBuf> {
    match env::var_os("CARGO_HOME") {
        Some(home) => Ok(home.into()),
        None => Ok(PathBuf::from(variable("HOME")?).join(".cargo")),
    }
}

/// The linker's own words about a missing static C library help nobody.
fn explain(report: &str, target: &str) -> String {
    let missing_library = ["cannot find -lc", "unable to find library -lc", "attempted static link of dynamic object"];
    if missing_library.iter().any(|sign| report.contains(sign)) {
        let musl = target.replace("-gnu", "-musl");
        return format!(
            "rootfs-guest must be linked statically, and this machine has no static C library: \
             run `rustup target add {musl}`, or install glibc's static library (libc6-dev on Debian, glibc-static on Fedora)\n\n{report}"
        );
    }
    format!("can't build rootfs-guest for {target}\n\n{report}")
}

fn fs_copy(from: &Path, to: &Path) -> Outcome<()> {
    std::fs::copy(from, to).map_err(|error| format!("can't copy {}: {error}", from.display()))?;
    Ok(())
}

fn variable(name: &str) -> Outcome<String> {
    env::var(name).map_err(|error| format!("{name}: {error}").into())
}
