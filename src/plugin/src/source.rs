use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A program that is compiled from its source package, and is in the guest in place of a package's file.
///
/// The script runs in the sandbox, in a tree of nothing but the payloads of `tools` and what they depend on: no script of theirs has run, and there is no
/// network. In `/build`, its working directory, are the source package's files and the user's. What it makes must depend on these alone: the same files
/// give the same program, on any machine, however many processors it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceBuild {
    /// The source package's name.
    pub package: String,
    /// The packages whose programs compile it, for the machine that builds.
    pub tools: Vec<String>,
    /// For `sh`.
    pub script: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Files of the user's, by the names that they have in `/build`.
    pub files: BTreeMap<String, PathBuf>,
    /// The name below `/build` that the script gives to the program.
    pub result: String,
    /// Where the program is in the guest.
    pub program: String,
    /// The script is asked for a configuration first, with this as its one argument, on the user's terminal.
    #[serde(default)]
    pub menu: Option<SourceMenu>,
}

/// A program that asks the user how a program is to be compiled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceMenu {
    /// The first argument of the script, which tells it to ask.
    pub argument: String,
    /// One of [`SourceBuild::files`], which may not be there yet: what the user chose is written to it, and the program is compiled with that.
    pub file: String,
}
