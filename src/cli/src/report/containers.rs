use std::fmt::Write as _;
use std::path::Path;

use rootfs_image::{ContainerEntry, ContainerError, ContainerImage, ContainerLayer, Containers};
use serde_json::{Value, json};

use crate::units;

/// What was found, for people: a line for the whole, and some for each image.
pub(crate) fn write_containers(path: &Path, containers: &Containers, entries: &[&ContainerEntry]) -> String {
    let count = entries.iter().filter(|entry| entry.is_image).count();
    let images = if count == 1 { "one image".to_owned() } else { format!("{count} images") };
    let mut text = format!("{}: {}, {images}\n", path.display(), containers.form().name());
    for entry in entries {
        let mut row = |name: &str, value: &str| {
            let _ = writeln!(text, "  {name:<10} {value}");
        };
        if !entry.is_image {
            row("other", &entry.digest);
            continue;
        }
        row("image", &title(entry));
        match containers.open(entry) {
            Ok(image) => write_image(&image, entry, row),
            Err(error) => row("damaged", &chain(&error)),
        }
    }
    text
}

/// Its names and its digest.
fn title(entry: &ContainerEntry) -> String {
    let names: Vec<String> = entry.names.iter().map(|name| name.escape_debug().to_string()).collect();
    if names.is_empty() {
        entry.digest.escape_debug().to_string()
    } else {
        format!("{}, {}", names.join(", "), entry.digest.escape_debug())
    }
}

fn write_image(image: &ContainerImage, entry: &ContainerEntry, mut row: impl FnMut(&str, &str)) {
    row("  for", &image.platform.to_string().escape_debug().to_string());
    if entry.platform.as_ref().is_some_and(|said| (&said.os, &said.architecture) != (&image.platform.os, &image.platform.architecture)) {
        row("  damaged", "the index says that it is for another machine");
    }
    if let Some(created) = &image.created {
        row("  made", &created.escape_debug().to_string());
    }
    if !image.command.is_empty() {
        row("  runs", &image.command.join(" ").escape_debug().to_string());
    }
    for layer in &image.layers {
        row("  layer", &layer_line(layer));
    }
}

fn layer_line(layer: &ContainerLayer) -> String {
    let size = layer.size.map(|size| format!("{}, ", units::size(size))).unwrap_or_default();
    let kind = layer.media_type.as_deref().and_then(packing).map(|packing| format!("{packing}, ")).unwrap_or_default();
    format!("{size}{kind}{}", layer.name.escape_debug())
}

/// What a media type says of how a layer is packed.
fn packing(media_type: &str) -> Option<&'static str> {
    let ends = [(".tar", "tar"), ("gzip", "gzip"), ("zstd", "zstd")];
    ends.into_iter().find(|(end, _)| media_type.ends_with(end)).map(|(_, name)| name)
}

/// An error with its cause.
fn chain(error: &ContainerError) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}

/// What was found, for programs. Sizes are bytes; what is not known is null.
pub(crate) fn containers_json(containers: &Containers, entries: &[&ContainerEntry]) -> Value {
    let images: Vec<Value> = entries.iter().filter(|entry| entry.is_image).map(|entry| image_json(containers, entry)).collect();
    let others: Vec<&str> = entries.iter().filter(|entry| !entry.is_image).map(|entry| entry.digest.as_str()).collect();
    json!({ "content": { "type": containers.form().name(), "images": images, "others": others } })
}

fn image_json(containers: &Containers, entry: &ContainerEntry) -> Value {
    let layer = |layer: &ContainerLayer| json!({ "name": layer.name, "size": layer.size, "media_type": layer.media_type });
    match containers.open(entry) {
        Ok(image) => json!({
            "names": entry.names,
            "digest": entry.digest,
            "os": image.platform.os,
            "architecture": image.platform.architecture,
            "variant": image.platform.variant,
            "created": image.created,
            "command": image.command,
            "environment": image.environment,
            "layers": image.layers.iter().map(layer).collect::<Vec<_>>(),
        }),
        Err(error) => json!({ "names": entry.names, "digest": entry.digest, "damaged": chain(&error) }),
    }
}

/// An image, and how many of its layers are what their digests say, or what is wrong.
pub(crate) type VerifiedContainer<'a> = (&'a ContainerEntry, Result<usize, ContainerError>);

/// The problems, then what was looked at, then a line that says it all.
pub(crate) fn write_verified_containers(path: &Path, verified: &[VerifiedContainer<'_>]) -> String {
    let mut text = String::new();
    let mut problems = 0;
    for (entry, result) in verified {
        if let Err(error) = result {
            problems += 1;
            let _ = writeln!(text, "problem: image {}: {}", title(entry), chain(error));
        }
    }
    for (entry, result) in verified {
        if let Ok(layers) = result {
            let layers = if *layers == 1 { "one layer".to_owned() } else { format!("{layers} layers") };
            let _ = writeln!(text, "checked: image {}: the digests of its configuration and {layers}", title(entry));
        }
    }
    let result = match problems {
        0 if verified.is_empty() => "nothing could be checked".to_owned(),
        0 => "sound".to_owned(),
        1 => "1 problem".to_owned(),
        count => format!("{count} problems"),
    };
    let _ = writeln!(text, "{}: {result}", path.display());
    text
}

/// The same as one object.
pub(crate) fn verified_containers_json(verified: &[VerifiedContainer<'_>]) -> Value {
    let problem = |(entry, result): &VerifiedContainer<'_>| {
        result.as_ref().err().map(|error| json!({ "names": entry.names, "digest": entry.digest, "why": chain(error) }))
    };
    let checked = |(entry, result): &VerifiedContainer<'_>| {
        result.as_ref().ok().map(|layers| json!({ "names": entry.names, "digest": entry.digest, "layers": layers }))
    };
    json!({
        "sound": !verified.is_empty() && verified.iter().all(|(_, result)| result.is_ok()),
        "problems": verified.iter().filter_map(problem).collect::<Vec<_>>(),
        "checked": verified.iter().filter_map(checked).collect::<Vec<_>>(),
    })
}
