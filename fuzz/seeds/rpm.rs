//! Where the search for RPM packages that break the reader begins, and how an input becomes a package. Nothing but the standard library is used, since the tests of the
//! package crate include this file too.

/// What the first byte of an input says of the rest: the payload of a package with three files, the main header, or the whole package.
const PAYLOAD: u8 = 0;
const HEADER: u8 = 1;

/// Inputs by name.
pub(crate) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let member = |name: &str, content: &[u8]| {
        let fields: [usize; 13] = [1, 0o100_644, 0, 0, 1, 0, content.len(), 0, 0, 0, 0, name.len() + 1, 0];
        let mut bytes = b"070701".to_vec();
        fields.iter().for_each(|field| bytes.extend(format!("{field:08x}").bytes()));
        bytes.extend(name.bytes().chain([0]));
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.extend(content);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    };
    let payload = [member("./etc/a", b"aa"), member("./etc/b", b"a"), member("./etc/c", b""), member("TRAILER!!!", b"")].concat();
    let numbered =
        [&b"07070X00000000\0\0aa\0\0"[..], b"07070X00000001\0\0a\0\0\0", b"07070X00000002\0\0", &member("TRAILER!!!", b"")].concat();
    let input = |kind: u8, bytes: &[u8]| [&[kind], bytes].concat();
    vec![
        ("empty", Vec::new()),
        ("named", input(PAYLOAD, &payload)),
        ("numbered", input(PAYLOAD, &numbered)),
        ("header", input(HEADER, &sound_header())),
        ("whole", input(2, &package(&input(PAYLOAD, &payload)))),
    ]
}

/// The package that an input stands for. No payload has the hash that the header says, which is compared when all of it was read.
pub(crate) fn package(input: &[u8]) -> Vec<u8> {
    let (kind, bytes) = input.split_first().unwrap_or((&PAYLOAD, &[]));
    let mut lead = vec![0xed, 0xab, 0xee, 0xdb];
    lead.resize(96, 0);
    let signatures = header(62, &[]);
    match *kind {
        PAYLOAD => [lead, signatures, sound_header(), bytes.to_vec()].concat(),
        HEADER => [lead, signatures, bytes.to_vec()].concat(),
        _ => bytes.to_vec(),
    }
}

/// A header with three files.
fn sound_header() -> Vec<u8> {
    let text = |texts: &[&str]| texts.iter().flat_map(|text| text.bytes().chain([0])).collect::<Vec<u8>>();
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<u8>>();
    let zeros = "0".repeat(64);
    header(
        63,
        &[
            (1000, 6, 1, text(&["seed"])),
            (1001, 6, 1, text(&["1"])),
            (1002, 6, 1, text(&["1"])),
            (1022, 6, 1, text(&["noarch"])),
            (1028, 4, 3, words(&[2, 1, 0])),
            (1030, 3, 3, vec![0x81, 0xa4, 0x81, 0xa4, 0x41, 0xed]),
            (1033, 3, 3, vec![0; 6]),
            (1034, 4, 3, words(&[1, 2, 3])),
            (1036, 8, 3, text(&["", "", ""])),
            (1037, 4, 3, words(&[0, 0, 0])),
            (1039, 8, 3, text(&["root", "root", "root"])),
            (1040, 8, 3, text(&["root", "root", "root"])),
            (1044, 6, 1, text(&["seed-1-1.src.rpm"])),
            (1096, 4, 3, words(&[1, 2, 3])),
            (1116, 4, 3, words(&[0, 0, 0])),
            (1117, 8, 3, text(&["a", "b", "c"])),
            (1118, 8, 1, text(&["/etc/"])),
            (1125, 6, 1, text(&["none"])),
            (5092, 8, 1, text(&[&zeros])),
        ],
    )
}

/// A header of one region, by its tags, types, counts and values; of a length that needs no padding.
fn header(region: u32, values: &[(u32, u32, u32, Vec<u8>)]) -> Vec<u8> {
    let word = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    let (mut index, mut store) = (Vec::new(), Vec::new());
    for (tag, kind, count, value) in values {
        store.resize(store.len().next_multiple_of(8), 0);
        index.push([*tag, *kind, word(store.len()), *count]);
        store.extend(value);
    }
    store.resize(store.len().next_multiple_of(8), 0);
    index.insert(0, [region, 7, word(store.len()), 16]);
    let trailer = [region, 7, (16 * word(index.len())).wrapping_neg(), 16];
    store.extend(trailer.iter().flat_map(|field| field.to_be_bytes()));
    let mut bytes = vec![0x8e, 0xad, 0xe8, 1, 0, 0, 0, 0];
    bytes.extend(word(index.len()).to_be_bytes());
    bytes.extend(word(store.len()).to_be_bytes());
    bytes.extend(index.iter().flatten().flat_map(|field| field.to_be_bytes()));
    bytes.extend(store);
    bytes
}
