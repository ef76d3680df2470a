//! Ctrl-C.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use crate::failure::Exit;

/// Whether the user wants the build to end. The first Ctrl-C (or SIGTERM, or SIGHUP) says so, and the build cleans up and ends; the second ends
/// the program at once.
#[must_use]
pub fn watch() -> Arc<AtomicBool> {
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // In this order: the first signal finds the flag unset, sets it, and arms the shutdown. Where a handler can't be installed, the
        // signal keeps its default, which ends the program.
        let _ = flag::register_conditional_shutdown(signal, Exit::Interrupted.code().into(), Arc::clone(&interrupted));
        let _ = flag::register(signal, Arc::clone(&interrupted));
    }
    interrupted
}
