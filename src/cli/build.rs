//! Puts the templates of `rootfs-gen new`, and the plugin interface that they need, into the program.
#![expect(clippy::disallowed_methods, reason = "a build script is told everything in its environment, and its files are the compiler's")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let own = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let mut text = String::new();
    for (name, directory) in [("TEMPLATES", own.join("../../template")), ("INTERFACE", own.join("../plugin"))] {
        println!("cargo::rerun-if-changed={}", directory.display());
        let mut files = Vec::new();
        collect(&directory, &directory, &mut files)?;
        files.sort();
        let _ = writeln!(text, "static {name}: [(&str, &str); {}] = [", files.len());
        for file in files {
            let path = directory.join(&file);
            let _ = writeln!(text, "    ({:?}, include_str!({:?})),", file, path);
        }
        text.push_str("];\n");
    }
    fs::write(out.join("scaffold.rs"), text)
}

fn collect(root: &Path, directory: &Path, files: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else if let Ok(relative) = path.strip_prefix(root) {
            files.push(relative.to_string_lossy().into_owned());
        }
    }
    Ok(())
}
