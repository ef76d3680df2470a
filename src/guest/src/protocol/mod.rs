//! Frames over a byte stream (a pair of pipes, a socket, a virtio port).
//!
//! A frame is a type byte, the id of the command it is about (32 bits, little endian), the payload's length (32 bits, little endian) and the
//! payload. The client sends [`Request`]s, the far side [`Event`]s; ids are the client's choice, and 0 is about no command. Everything is bounded:
//! a length is checked before anything is allocated.
//!
//! The runner of scripts takes a command's whole input before it starts it, and has no terminals; the guest's agent passes input on as it comes.

mod error;
mod event;
mod fields;
mod frame;
mod request;
mod tree;

pub use error::ProtocolError;
pub use event::{Ended, Event, Failure, Refusal, Status, Stream};
pub use frame::{CHUNK, MAX_PAYLOAD};
pub use request::{Exec, Request, Size};
pub use tree::{Chunks, InputReader, OutputReader};

/// What [`Event::Ready`] carries; both sides must agree.
pub const VERSION: u32 = 1;

/// How many bytes of a command's input may be on their way to the guest's agent.
pub const WINDOW: usize = 256 << 10;
