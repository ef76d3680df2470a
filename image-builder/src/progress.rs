/// Who watches an image being written, and may stop it. Called from many threads.
pub trait Progress: Sync {
    /// So many more bytes of contents are in the image. The sum of all calls is the length of all contents less their holes.
    fn advance(&self, bytes: u64) {
        let _ = bytes;
    }

    /// Whether to stop; asked before every content. Writing then fails with [`crate::SinkError::Cancelled`].
    fn cancelled(&self) -> bool {
        false
    }
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet;

impl Progress for Quiet {}
