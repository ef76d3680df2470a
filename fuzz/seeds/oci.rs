//! Where the search for images of containers that break the reader begins, and how an input becomes an archive. Nothing but the standard library is used.
//!
//! An input is a byte that says what it is of, and parts with a line `----` between them: in a layout's index, manifest and configuration, `%N` stands for the
//! digest of the Nth part behind it, so that the search changes documents and their digests still hold.

/// What the first byte of an input says of the rest.
const LAYOUT: u8 = 0;
const DOCKER: u8 = 1;
const WHOLE: u8 = 2;

/// Between parts.
const BETWEEN: &[u8] = b"\n----\n";

/// Inputs by name.
pub(crate) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let layer = [entry(b'5', "etc/", "", b""), entry(b'0', "etc/a", "", b"a"), entry(b'0', "etc/.wh.b", "", b""), vec![0; 1024]].concat();
    let upper = [
        entry(b'5', "./", "", b""),
        entry(b'0', "etc/.wh..wh..opq", "", b""),
        entry(b'1', "etc/c", "etc/.wh..wh..opq", b""),
        vec![0; 1024],
    ]
    .concat();
    let config =
        br#"{"os":"linux","architecture":"amd64","config":{"Cmd":["sh"],"Env":null},"rootfs":{"diff_ids":["sha256:%0","sha256:%1"]}}"#;
    let manifest =
        br#"{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:%2","size":999},
        "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:%0","size":3584},
        {"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:%1","size":2560}]}"#;
    let index =
        br#"{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%3","size":999,
        "platform":{"os":"linux","architecture":"amd64"},"annotations":{"org.opencontainers.image.ref.name":"latest"}}]}"#;
    let inner =
        br#"{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.index.v1+json","digest":"sha256:%4","size":999}]}"#;
    let list = br#"[{"Config":"2","RepoTags":["a/b:c"],"Layers":["0","blobs/sha256/%1"]}]"#;
    let input = |kind: u8, parts: &[&[u8]]| [&[kind], &parts.join(BETWEEN)[..]].concat();
    vec![
        ("layout", input(LAYOUT, &[&layer, &upper, config, manifest, index])),
        ("nested", input(LAYOUT, &[&layer, &upper, config, manifest, index, inner])),
        ("docker", input(DOCKER, &[&layer, &upper, config, list])),
        ("whole", input(WHOLE, &[&[entry(b'0', "manifest.json", "", list), entry(b'2', "0", "1", b""), vec![0; 1024]].concat()])),
    ]
}

/// The archive that an input stands for; `sha256` gives digits. The last part is the index, or Docker's list.
pub(crate) fn archive(input: &[u8], sha256: impl Fn(&[u8]) -> String) -> Vec<u8> {
    let (kind, rest) = input.split_first().unwrap_or((&WHOLE, &[]));
    if !matches!(*kind, LAYOUT | DOCKER) {
        return rest.to_vec();
    }
    let (mut members, mut known) = (Vec::new(), Vec::new());
    let mut parts = split(rest);
    let last = parts.pop().unwrap_or_default();
    for (number, part) in parts.into_iter().take(10).enumerate() {
        let part = filled(part, &known);
        let digest = sha256(&part);
        members.push(entry(b'0', &format!("blobs/sha256/{digest}"), "", &part));
        members.push(entry(b'2', &number.to_string(), &format!("blobs/sha256/{digest}"), b""));
        known.push(Known { mark: format!("%{number}"), digest, length: part.len() });
    }
    let last = filled(last, &known);
    if *kind == DOCKER {
        members.push(entry(b'0', "manifest.json", "", &last));
    } else {
        members.push(entry(b'0', "oci-layout", "", br#"{"imageLayoutVersion":"1.0.0"}"#));
        members.push(entry(b'0', "index.json", "", &last));
    }
    [members.concat(), vec![0; 1024]].concat()
}

/// A part that is in the archive, and what stands for its digest in those behind it.
struct Known {
    mark: String,
    digest: String,
    length: usize,
}

fn split(input: &[u8]) -> Vec<&[u8]> {
    let (mut parts, mut rest) = (Vec::new(), input);
    while let Some(at) = rest.windows(BETWEEN.len()).position(|window| window == BETWEEN) {
        parts.push(&rest[..at]);
        rest = &rest[at + BETWEEN.len()..];
    }
    parts.push(rest);
    parts
}

/// Digests in their places, and behind the latest the length where a document says 999.
fn filled(part: &[u8], known: &[Known]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(part.len());
    let (mut rest, mut length) = (part, 999);
    while let Some((first, behind)) = rest.split_first() {
        let named = if *first == b'%' { known.iter().find(|known| rest.starts_with(known.mark.as_bytes())) } else { None };
        if let Some(named) = named {
            bytes.extend(named.digest.bytes());
            (rest, length) = (&rest[named.mark.len()..], named.length);
        } else if rest.starts_with(b"999") {
            bytes.extend(length.to_string().bytes());
            rest = &rest[3..];
        } else {
            bytes.push(*first);
            rest = behind;
        }
    }
    bytes
}

/// An entry in the form of POSIX.
fn entry(kind: u8, name: &str, link: &str, content: &[u8]) -> Vec<u8> {
    tar_entry(&[(257, "ustar"), (263, "00"), (265, "root"), (297, "root")], kind, name, link, content)
}

include!("tar_entry.rs");
