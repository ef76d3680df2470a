// Included by what makes archives by hand.

/// A header and a content, padded; `fields` are those of one form of the header, each with its place.
fn tar_entry(fields: &[(usize, &str)], kind: u8, name: &str, link: &str, content: &[u8]) -> Vec<u8> {
    let mut header = [0; 512];
    let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, &name[..name.len().min(100)]);
    put(100, "0000755");
    put(108, "0000000");
    put(116, "0000000");
    put(124, &format!("{:011o}", content.len()));
    put(136, "14720000000");
    put(148, "        ");
    put(157, link);
    fields.iter().for_each(|(at, text)| put(*at, text));
    put(329, "0000001");
    put(337, "0000003");
    header[156] = kind;
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut bytes = [&header, content].concat();
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}
