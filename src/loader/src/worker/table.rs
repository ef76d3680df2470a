//! The library itself: the one place where code of a plugin is called.

#![expect(unsafe_code, reason = "a library is what it is: a wrong one ends this process, and nothing but this process")]

use std::ffi::c_void;
use std::path::Path;

use libloading::os::unix::{Library as Opened, RTLD_LOCAL, RTLD_NOW};
use rootfs_plugin::BuildError;
use rootfs_plugin::abi::{self, Build, DONE, Entry, FAILED, Plugin, Text};

use super::message::{Call, FromWorker, ToWorker};
use super::serve::Connection;

/// A library that is loaded, and stays so.
pub(super) struct Library {
    plugin: Plugin,
    /// Never unloaded: its threads and destructors may still run.
    _opened: &'static Opened,
}

impl Library {
    /// Loads a library and reads its table.
    ///
    /// # Errors
    /// A text that says what is wrong with it.
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        // SAFETY: initialisers of the library run now. They can harm this process only.
        let opened = unsafe { Opened::open(Some(path), RTLD_NOW | RTLD_LOCAL) }.map_err(|error| described(&error))?;
        let opened: &'static Opened = Box::leak(Box::new(opened));
        // SAFETY: the symbol is a function of this type by its name.
        let entry = unsafe { opened.get::<Entry>(abi::ENTRY.as_bytes()) }.map_err(|error| described(&error))?;
        // SAFETY: as above.
        let table = unsafe { entry() };
        if table.is_null() {
            return Err(format!("`{}` gave no table", abi::ENTRY));
        }
        // SAFETY: every version of the table begins with these two numbers.
        let (version, size) = unsafe { (table.cast::<u32>().read_unaligned(), table.cast::<u32>().add(1).read_unaligned()) };
        if version != abi::VERSION {
            return Err(format!("it is of version {version} of the plugin ABI, and this program of {}", abi::VERSION));
        }
        if usize::try_from(size).unwrap_or(0) < size_of::<Plugin>() {
            return Err(format!("its table has {size} bytes, and {} are needed", size_of::<Plugin>()));
        }
        // SAFETY: the table has all of the fields.
        Ok(Self { plugin: unsafe { table.read_unaligned() }, _opened: opened })
    }

    pub(super) fn plans(&self) -> bool {
        self.plugin.plan.is_some()
    }

    pub(super) fn builds(&self) -> bool {
        self.plugin.build_rootfs.is_some()
    }

    /// What the library's `plan` gives: its status and text.
    pub(super) fn plan(&self, request: &[u8]) -> (i32, Vec<u8>) {
        let Some(plan) = self.plugin.plan else { return (FAILED, Vec::new()) };
        let mut given = Text::EMPTY;
        // SAFETY: the texts live as long as the call.
        let status = unsafe { plan(Text::of(request), &raw mut given) };
        // SAFETY: the library's text lives until it is called again.
        (status, unsafe { given.bytes() }.to_vec())
    }

    /// The same of `build_rootfs`, which calls the engine back through the connection.
    pub(super) fn build_rootfs(&self, plan: &[u8], connection: &mut Connection) -> (i32, Vec<u8>) {
        let Some(build_rootfs) = self.plugin.build_rootfs else { return (FAILED, Vec::new()) };
        let mut session = Session { connection, given: Vec::new() };
        let build = Build {
            size: u32::try_from(size_of::<Build>()).unwrap_or(0),
            engine: (&raw mut session).cast(),
            install,
            run,
            read,
            list,
            write,
            remove,
            symlink,
            progress,
            log,
            cancelled,
        };
        let mut given = Text::EMPTY;
        // SAFETY: the table and the texts live as long as the call.
        let status = unsafe { build_rootfs(Text::of(plan), &raw const build, &raw mut given) };
        // SAFETY: as in `plan`.
        (status, unsafe { given.bytes() }.to_vec())
    }
}

fn described(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

/// What the table's `engine` points at.
struct Session<'a> {
    connection: &'a mut Connection,
    /// What was given to the library last.
    given: Vec<u8>,
}

impl Session<'_> {
    /// Calls the engine. A connection that breaks ends the process: nobody waits for it any more.
    fn call(&mut self, call: Call, body: &[u8]) -> Result<(ToWorker, Vec<u8>), BuildError> {
        let sent = self.connection.send(&FromWorker::Call(call), body);
        match sent {
            Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => return Err(BuildError::new(error.to_string())),
            Err(_) => std::process::exit(1),
            Ok(()) => {}
        }
        match self.connection.receive() {
            Ok((ToWorker::Failed(error), _)) => Err(error),
            Ok(answer) => Ok(answer),
            Err(_) => std::process::exit(1),
        }
    }

    /// The call's result as the library gets it.
    fn answer(&mut self, call: Result<Call, BuildError>, body: &[u8], result: *mut Text) -> i32 {
        let answered = call.and_then(|call| self.call(call, body));
        let (status, text) = match answered {
            Ok((ToWorker::Ran(output), _)) => (DONE, serde_json::to_vec(&output).unwrap_or_default()),
            Ok((ToWorker::Names(names), _)) => (DONE, serde_json::to_vec(&names).unwrap_or_default()),
            Ok((ToWorker::Cancelled(cancelled), _)) => (i32::from(cancelled), Vec::new()),
            Ok((_, body)) => (DONE, body),
            Err(error) => (FAILED, serde_json::to_vec(&error).unwrap_or_default()),
        };
        self.given = text;
        if !result.is_null() {
            // SAFETY: the library gave a place for it.
            unsafe { result.write(Text::of(&self.given)) };
        }
        status
    }
}

/// The session of a call.
///
/// # Safety
/// `engine` is that of the table.
unsafe fn session<'a>(engine: *mut c_void) -> &'a mut Session<'a> {
    // SAFETY: the caller's promise; the library has one thread in the engine at a time.
    unsafe { &mut *engine.cast::<Session<'a>>() }
}

/// A text that the library gave.
///
/// # Safety
/// It is one.
unsafe fn text(text: Text) -> Result<String, BuildError> {
    // SAFETY: the caller's promise.
    let bytes = unsafe { text.bytes() };
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|error| BuildError::new(format!("`{}`: {error}", bytes.escape_ascii())))
}

// SAFETY, of all that follow: the library calls them as the table's documentation says.

unsafe extern "C" fn install(engine: *mut c_void, plan: Text, error: *mut Text) -> i32 {
    unsafe { session(engine).answer(Ok(Call::Install), plan.bytes(), error) }
}

unsafe extern "C" fn run(engine: *mut c_void, command: Text, result: *mut Text) -> i32 {
    let parsed = serde_json::from_slice(unsafe { command.bytes() });
    let call = parsed.map(Call::Run).map_err(|error| BuildError::new(format!("the command is not understood: {error}")));
    unsafe { session(engine).answer(call, &[], result) }
}

unsafe extern "C" fn read(engine: *mut c_void, path: Text, result: *mut Text) -> i32 {
    unsafe { session(engine).answer(text(path).map(Call::Read), &[], result) }
}

unsafe extern "C" fn list(engine: *mut c_void, path: Text, result: *mut Text) -> i32 {
    unsafe { session(engine).answer(text(path).map(Call::List), &[], result) }
}

unsafe extern "C" fn write(engine: *mut c_void, path: Text, content: Text, mode: u32, error: *mut Text) -> i32 {
    unsafe { session(engine).answer(text(path).map(|path| Call::Write { path, mode }), content.bytes(), error) }
}

unsafe extern "C" fn remove(engine: *mut c_void, path: Text, error: *mut Text) -> i32 {
    unsafe { session(engine).answer(text(path).map(Call::Remove), &[], error) }
}

unsafe extern "C" fn symlink(engine: *mut c_void, target: Text, path: Text, error: *mut Text) -> i32 {
    let call = unsafe { text(target).and_then(|target| Ok(Call::Symlink { target, path: text(path)? })) };
    unsafe { session(engine).answer(call, &[], error) }
}

unsafe extern "C" fn progress(engine: *mut c_void, step: Text, done: u64, total: u64) {
    unsafe { session(engine).answer(text(step).map(|step| Call::Progress { step, done, total }), &[], std::ptr::null_mut()) };
}

unsafe extern "C" fn log(engine: *mut c_void, line: Text) {
    unsafe { session(engine).answer(text(line).map(Call::Log), &[], std::ptr::null_mut()) };
}

unsafe extern "C" fn cancelled(engine: *mut c_void) -> i32 {
    unsafe { session(engine).answer(Ok(Call::Cancelled), &[], std::ptr::null_mut()) }
}
