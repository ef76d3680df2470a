use std::io;

/// Why the image of a container can't be read.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are what the message says of them")]
pub enum ContainerError {
    /// A directory without the mark of a layout.
    #[error("it is no OCI layout: there is no `oci-layout` in it")]
    NoLayout,
    /// An archive without what says which images are in it.
    #[error("it is no archive of containers' images: there is neither `manifest.json` nor `oci-layout` in it")]
    NoArchive,
    /// Something that is referred to is not there.
    #[error("`{name}` is missing")]
    Missing { name: String },
    /// Something that is there can't be read.
    #[error("can't read `{name}`")]
    Read {
        name: String,
        #[source]
        source: io::Error,
    },
    /// A document that is no JSON, or not the one it should be.
    #[error("`{name}` is not as it should be: {reason}")]
    Document { name: String, reason: String },
    /// Not an algorithm and as many digits as it has.
    #[error("`{text}` is no digest that can be verified")]
    Digest { text: String },
    /// Something was changed, or never was what it is said to be.
    #[error("{name} is not what it is said to be: its digest is {found}, not {expected}")]
    Changed { name: String, expected: String, found: String },
    /// Something has another length.
    #[error("`{name}` has {found} bytes, not {expected}")]
    Length { name: String, expected: u64, found: u64 },
    /// More than anything of its kind has.
    #[error("{what}: more than {limit}, which no image has")]
    TooMuch { what: &'static str, limit: u64 },
    /// Nothing of this name is there.
    #[error("there is no image `{reference}`; there is {known}")]
    NoReference { reference: String, known: String },
    /// No image is for this machine.
    #[error("there is no image for {wanted}; there is {known}")]
    NoPlatform { wanted: String, known: String },
    /// Several images could be meant.
    #[error("there are several images: {known}")]
    Several { known: String },
    /// Nothing there is the image of a container.
    #[error("there is no image of a container in it")]
    Nothing,
    /// What is there is something else, or for another system.
    #[error("it is no image that Linux can use: {reason}")]
    Unusable { reason: String },
    /// A layer that is packed in a way that is not read.
    #[error("layer {digest} can't be unpacked: {reason}")]
    Layer { digest: String, reason: String },
    /// The progress said so.
    #[error("reading the image was cancelled")]
    Cancelled,
}

impl ContainerError {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoReference { .. } | Self::Several { .. } => {
                Some("name one behind a colon, as oci:DIR:TAG or docker-archive:FILE:NAME:TAG")
            }
            Self::NoPlatform { .. } => Some("--arch names the machine"),
            Self::Changed { .. } | Self::Length { .. } | Self::Missing { .. } => {
                Some("it was damaged or not copied as a whole: copy it again")
            }
            Self::NoLayout => Some("a directory with a root filesystem is named without `oci:`"),
            Self::NoArchive => Some("a tar of a root filesystem is named without a colon"),
            _ => None,
        }
    }
}
