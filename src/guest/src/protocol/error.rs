use std::fmt;
use std::io;

/// Why a message can't be sent or understood.
#[derive(Debug)]
pub enum ProtocolError {
    /// The stream broke.
    Io(io::Error),
    /// A payload longer than a frame may carry.
    TooLong {
        /// In bytes.
        length: u64,
    },
    /// A type byte that means nothing in this direction.
    UnknownType(u8),
    /// A payload that is not what its type says.
    Malformed {
        /// The type byte.
        kind: u8,
    },
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(_) => f.write_str("the stream broke"),
            Self::TooLong { length } => write!(f, "a message of {length} bytes is longer than {} bytes", super::MAX_PAYLOAD),
            Self::UnknownType(kind) => write!(f, "a message of unknown type {kind:#04x}"),
            Self::Malformed { kind } => write!(f, "a malformed message of type {kind:#04x}"),
        }
    }
}

// By hand: this crate is compiled a second time for the far side, and a derive would triple what that compiles.
impl std::error::Error for ProtocolError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for ProtocolError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
