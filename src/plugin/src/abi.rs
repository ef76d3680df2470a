//! What crosses between the engine and a plugin in a shared object: C types, with JSON for what has a shape.
//!
//! A library exports one symbol, [`ENTRY`], a function without arguments that gives its [`Plugin`] table. The engine calls that table in a process of its own, on one
//! thread, one call at a time; while `build_rootfs` runs, the plugin calls the engine back through the [`Build`] table that it was given, and only on the thread it
//! was called on. Every text belongs to the side that gives it, and is valid until that side is called again. Fields are only ever added at the end of a table: `size`
//! says how many a table has. `include/rootfs_gen.h` is the same for C, and a test compares them.
//!
//! JSON is that of serde for [`Request`](crate::Request), [`Plan`](crate::Plan), [`PlanError`](crate::PlanError) and [`BuildError`](crate::BuildError).

#![expect(unsafe_code, reason = "a C ABI is made of raw pointers")]

mod engine;
mod export;

use std::ffi::c_void;

pub use export::{build_rootfs, plan};

/// The version of the tables. Another one is another ABI.
pub const VERSION: u32 = 1;

/// The symbol that a library exports.
pub const ENTRY: &str = "rootfs_gen_plugin_v1";

/// All went well.
pub const DONE: i32 = 0;

/// It went wrong, in a way that was said.
pub const FAILED: i32 = -1;

/// The plugin panicked.
pub const PANICKED: i32 = -2;

/// What [`ENTRY`] is.
pub type Entry = unsafe extern "C" fn() -> *const Plugin;

/// Bytes; texts are UTF-8 without a zero at their end.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Text {
    /// May be null when `length` is 0.
    pub data: *const u8,
    /// In bytes.
    pub length: usize,
}

/// What a library is.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Plugin {
    /// [`VERSION`] of the header it was compiled with.
    pub version: u32,
    /// Of this table, in bytes.
    pub size: u32,
    /// Turns a request into a plan. Null when the plan is what `distro.toml` says. On failure `plan` is a `PlanError`, or a line of text.
    pub plan: Option<unsafe extern "C" fn(request: Text, plan: *mut Text) -> i32>,
    /// Turns a plan into a tree. Null when that is to install what the plan says. On failure `error` is a `BuildError`, or a line of text.
    pub build_rootfs: Option<unsafe extern "C" fn(plan: Text, build: *const Build, error: *mut Text) -> i32>,
}

/// The engine, as [`BuildContext`](crate::BuildContext) describes it. What fails gives [`FAILED`], and the reason in a `Text` that is a `BuildError`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Build {
    /// Of this table, in bytes.
    pub size: u32,
    /// The first argument of all that follow.
    pub engine: *mut c_void,
    /// Installs what a plan says; the plan that `build_rootfs` was given if `plan` is empty.
    pub install: unsafe extern "C" fn(engine: *mut c_void, plan: Text, error: *mut Text) -> i32,
    /// Runs a `Command` (JSON) in the tree; `result` is its `Output` (JSON).
    pub run: unsafe extern "C" fn(engine: *mut c_void, command: Text, result: *mut Text) -> i32,
    /// The content of a file.
    pub read: unsafe extern "C" fn(engine: *mut c_void, path: Text, result: *mut Text) -> i32,
    /// The names in a directory, as a JSON array.
    pub list: unsafe extern "C" fn(engine: *mut c_void, path: Text, result: *mut Text) -> i32,
    /// Writes a file.
    pub write: unsafe extern "C" fn(engine: *mut c_void, path: Text, content: Text, mode: u32, error: *mut Text) -> i32,
    /// Removes what is at a path.
    pub remove: unsafe extern "C" fn(engine: *mut c_void, path: Text, error: *mut Text) -> i32,
    /// Makes a symbolic link.
    pub symlink: unsafe extern "C" fn(engine: *mut c_void, target: Text, path: Text, error: *mut Text) -> i32,
    /// Says where the build is.
    pub progress: unsafe extern "C" fn(engine: *mut c_void, step: Text, done: u64, total: u64),
    /// A line for the build's log.
    pub log: unsafe extern "C" fn(engine: *mut c_void, line: Text),
    /// 1 when the user wants the build to end, else 0.
    pub cancelled: unsafe extern "C" fn(engine: *mut c_void) -> i32,
}

impl Text {
    /// No bytes.
    pub const EMPTY: Self = Self { data: std::ptr::null(), length: 0 };

    /// The bytes of a slice, for as long as that lives.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self { data: bytes.as_ptr(), length: bytes.len() }
    }

    /// The bytes.
    ///
    /// # Safety
    /// `data` points at `length` bytes that don't change while the slice is used, or `length` is 0.
    #[must_use]
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.data.is_null() || self.length == 0 {
            return &[];
        }
        // SAFETY: the caller's promise.
        unsafe { std::slice::from_raw_parts(self.data, self.length) }
    }
}
