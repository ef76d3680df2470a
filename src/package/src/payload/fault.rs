use std::io;

/// Why a package was not read to its end.
#[derive(Debug, thiserror::Error)]
pub enum StreamFault {
    /// It ends too early.
    #[error("it ends in the middle of {place}")]
    Truncated {
        /// A part of it.
        place: &'static str,
    },
    /// It can't be read, or a compressed part is damaged.
    #[error("can't read {place}")]
    Read {
        /// A part of it.
        place: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Its files can't be written.
    #[error("can't write its files")]
    Write(#[source] io::Error),
}

impl StreamFault {
    /// What a failed read says about a file.
    pub(crate) fn reading(place: &'static str, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated { place },
            _ => Self::Read { place, source },
        }
    }
}
