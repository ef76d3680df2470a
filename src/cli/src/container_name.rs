//! Images of containers as skopeo names them: `oci:DIR[:TAG]`, `docker-archive:FILE[:NAME[:TAG]]`, `oci-archive:FILE[:TAG]`.

use std::path::Path;

use rootfs_image::{ContainerForm, Containers};

use crate::failure::{Exit, Failure};

/// What a name says: the form, the place, and the image's tag or name there. Nothing where it has none of the prefixes: it is then that of a file.
pub(crate) fn split(text: &str) -> Option<(ContainerForm, &str, Option<&str>)> {
    let (prefix, rest) = text.split_once(':')?;
    let form = ContainerForm::ALL.into_iter().find(|form| form.name() == prefix)?;
    let (place, reference) = if form == ContainerForm::DockerArchive {
        rest.split_once(':').map_or((rest, None), |(place, name)| (place, Some(name)))
    } else {
        match rest.rsplit_once(':') {
            Some((place, tag)) if !tag.contains('/') => (place, Some(tag)),
            _ => (rest, None),
        }
    };
    Some((form, place, reference))
}

/// Fails where an image of containers is named, with a prefix or as the directory of a layout, and something else is wanted; `suffix` is that of a file that would do.
///
/// # Errors
/// With the command that makes such a file.
pub(crate) fn refuse(said: &Path, suffix: &str) -> Result<(), Failure> {
    if said.to_str().and_then(split).is_none() && !Containers::are_in(said) {
        return Ok(());
    }
    let hint = format!("make something else of it first: rootfs-gen image {} -o root{suffix}", said.display());
    Err(Failure::new(format!("`{}` is an image of containers", said.display())).hint(Some(hint)).exit(Exit::Usage))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        use ContainerForm::{DockerArchive, Layout, OciArchive};
        assert_eq!(split("oci:./layout:1.0"), Some((Layout, "./layout", Some("1.0"))));
        assert_eq!(split("oci:/a:b/c"), Some((Layout, "/a:b/c", None)));
        assert_eq!(split("oci-archive:a.tar:x"), Some((OciArchive, "a.tar", Some("x"))));
        assert_eq!(split("docker-archive:a.tar:my/guest:2"), Some((DockerArchive, "a.tar", Some("my/guest:2"))));
        assert_eq!(split("docker-archive:a.tar"), Some((DockerArchive, "a.tar", None)));
        assert_eq!(["guest.img", "./oci:x", "ocix:y", ""].map(split), [None; 4]);
    }
}
