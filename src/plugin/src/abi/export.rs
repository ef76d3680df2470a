//! The plugin's side, for plugins in Rust: what [`export_distro!`](crate::export_distro) makes its functions of.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::engine::Engine;
use super::{Build, DONE, FAILED, PANICKED, Text};
use crate::{BuildError, Distro, PlanError};

thread_local! {
    /// What was given last: it lives until the next call.
    static GIVEN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Exports a distribution from a shared object. The argument is a function that gives it: `fn() -> &'static dyn Distro`.
///
/// A crate that uses this is a thin `cdylib` with nothing else in it: two of them can't be linked into one program.
#[macro_export]
macro_rules! export_distro {
    ($distro:expr) => {
        /// The entry that rootfs-gen looks for.
        #[unsafe(no_mangle)]
        pub extern "C" fn rootfs_gen_plugin_v1() -> *const $crate::abi::Plugin {
            unsafe extern "C" fn plan(request: $crate::abi::Text, plan: *mut $crate::abi::Text) -> i32 {
                // SAFETY: the engine calls this as the table says.
                unsafe { $crate::abi::plan($distro, request, plan) }
            }
            unsafe extern "C" fn build_rootfs(
                plan: $crate::abi::Text,
                build: *const $crate::abi::Build,
                error: *mut $crate::abi::Text,
            ) -> i32 {
                // SAFETY: the engine calls this as the table says.
                unsafe { $crate::abi::build_rootfs($distro, plan, build, error) }
            }
            static PLUGIN: $crate::abi::Plugin = $crate::abi::Plugin {
                version: $crate::abi::VERSION,
                size: size_of::<$crate::abi::Plugin>() as u32,
                plan: Some(plan),
                build_rootfs: Some(build_rootfs),
            };
            &PLUGIN
        }
    };
}

/// `plan` of the table, by a distribution.
///
/// # Safety
/// `request` is a text, and `plan` points at one that may be written.
pub unsafe fn plan(distro: fn() -> &'static dyn Distro, request: Text, plan: *mut Text) -> i32 {
    let planned = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the caller's promise.
        let request = parse(unsafe { request.bytes() }).map_err(|message| PlanError::Other { message, hint: None })?;
        distro().plan(&request)
    }));
    let (status, text) = match planned {
        Ok(Ok(plan)) => (DONE, json(&plan)),
        Ok(Err(error)) => (FAILED, json(&error)),
        Err(panic) => (PANICKED, said(&*panic).into_bytes()),
    };
    // SAFETY: the caller's promise.
    unsafe { plan.write(give(text)) };
    status
}

/// `build_rootfs` of the table, by a distribution.
///
/// # Safety
/// `plan` is a text, `build` points at a table of the engine's, and `error` at a text that may be written.
pub unsafe fn build_rootfs(distro: fn() -> &'static dyn Distro, plan: Text, build: *const Build, error: *mut Text) -> i32 {
    let built = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the caller's promise.
        let (plan, build) = (parse(unsafe { plan.bytes() }).map_err(BuildError::new)?, unsafe { &*build });
        distro().build_rootfs(&plan, &mut Engine::new(build))
    }));
    let (status, text) = match built {
        Ok(Ok(())) => (DONE, Vec::new()),
        Ok(Err(error)) => (FAILED, json(&error)),
        Err(panic) => (PANICKED, said(&*panic).into_bytes()),
    };
    // SAFETY: the caller's promise.
    unsafe { error.write(give(text)) };
    status
}

/// What a panic says.
fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

pub(super) fn parse<T: DeserializeOwned>(text: &[u8]) -> Result<T, String> {
    serde_json::from_slice(text).map_err(|error| format!("what came from the engine is not understood: {error}"))
}

/// None of the values has a key that is no text, which is all that could go wrong.
pub(super) fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

fn give(text: Vec<u8>) -> Text {
    GIVEN.with_borrow_mut(|given| {
        *given = text;
        Text::of(given)
    })
}
