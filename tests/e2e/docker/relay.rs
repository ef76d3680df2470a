//! A socket that leads to another until so many bytes have passed; then every connection is cut, and none is made any more.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use rootfs_tests::Failed;

/// The sockets that are cut together.
#[derive(Debug, Default)]
struct Shared {
    passed: AtomicU64,
    open: Mutex<Vec<UnixStream>>,
}

#[derive(Debug)]
pub(super) struct Relay {
    path: PathBuf,
    shared: Arc<Shared>,
}

impl Relay {
    /// Listens at `path` from now on.
    pub(super) fn start(path: &Path, target: &'static str, limit: u64) -> Result<Self, Failed> {
        let listener = UnixListener::bind(path)?;
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = UnixStream::connect(target) else { return };
                if of_thread.passed.load(Ordering::SeqCst) >= limit {
                    return;
                }
                pass(&client, &server, &of_thread, limit);
                pass(&server, &client, &of_thread, limit);
            }
        });
        Ok(Self { path: path.to_owned(), shared })
    }

    pub(super) fn host(&self) -> String {
        format!("unix://{}", self.path.display())
    }

    /// How many bytes have passed, in either direction.
    pub(super) fn passed(&self) -> u64 {
        self.shared.passed.load(Ordering::SeqCst)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.cut();
        // A file that is gone is gone.
        let _ = fs_err::remove_file(&self.path);
    }
}

impl Shared {
    fn cut(&self) {
        for stream in self.open.lock().into_iter().flat_map(|mut open| std::mem::take(&mut *open)) {
            // It may be closed already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn pass(from: &UnixStream, to: &UnixStream, shared: &Arc<Shared>, limit: u64) {
    let (Ok(mut from), Ok(mut to)) = (from.try_clone(), to.try_clone()) else { return };
    if let (Ok(one), Ok(other), Ok(mut open)) = (from.try_clone(), to.try_clone(), shared.open.lock()) {
        open.extend([one, other]);
    }
    let shared = Arc::clone(shared);
    std::thread::spawn(move || {
        let mut buffer = vec![0; 16 << 10];
        while let Ok(count) = from.read(&mut buffer) {
            if count == 0 {
                break;
            }
            let length = u64::try_from(count).unwrap_or(u64::MAX);
            if shared.passed.fetch_add(length, Ordering::SeqCst).saturating_add(length) > limit {
                return shared.cut();
            }
            if to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        // The other direction goes on.
        let _ = to.shutdown(Shutdown::Write);
    });
}
