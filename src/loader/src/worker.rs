//! The process in which a plugin's library runs, and what is said between it and the engine.
//!
//! Both sides send frames: the lengths of a JSON header and of a body of plain bytes, as 32-bit little-endian numbers, then both.

mod confine;
mod frame;
mod message;
mod process;
mod serve;
mod table;

pub(crate) use message::{Call, FromWorker, ToWorker};
pub(crate) use process::{Worker, unexpected};
pub use serve::serve;

/// For the search for messages that break the reader: reads bytes as messages of a worker, up to the first that is none. What is read must read as the same
/// when it is sent again.
#[cfg(fuzzing)]
pub fn receive_all(mut bytes: &[u8]) {
    while let Ok((message, body)) = frame::receive::<FromWorker>(&mut bytes) {
        let mut sent = Vec::new();
        frame::send(&mut sent, &message, &body).expect("what was a message is one");
        let (again, same) = frame::receive::<FromWorker>(&mut &sent[..]).expect("our own message is one");
        assert_eq!(format!("{again:?}"), format!("{message:?}"));
        assert_eq!(same, body);
    }
}
