use std::io;

/// Why an image can't be looked at. That something in it is wrong is no error, but a [`super::Problem`].
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are what the message says of them")]
pub enum InspectError {
    /// The file or device fails.
    #[error("can't read the image at byte {offset}")]
    Read {
        offset: u64,
        #[source]
        source: io::Error,
    },
}
