/// A minimal 64-bit little-endian ELF file: what a loader looks at, and nothing to execute.
#[derive(Debug, Clone, Default)]
pub(crate) struct Object<'a> {
    pub(crate) machine: u16,
    pub(crate) interpreter: &'a str,
    pub(crate) needed: &'a [&'a str],
    pub(crate) soname: &'a str,
    pub(crate) rpath: &'a str,
    pub(crate) runpath: &'a str,
}

pub(crate) const X86_64: u16 = 62;
pub(crate) const AARCH64: u16 = 183;

const HEADER: u64 = 64;
const SEGMENT: u64 = 56;

impl Object<'_> {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut strings = vec![0];
        let mut add = |text: &str| {
            let offset = strings.len() as u64;
            strings.extend_from_slice(text.as_bytes());
            strings.push(0);
            offset
        };
        let interpreter = add(self.interpreter);
        let mut dynamic: Vec<(u64, u64)> = self.needed.iter().map(|name| (1, add(name))).collect();
        for (tag, text) in [(14, self.soname), (15, self.rpath), (29, self.runpath)] {
            if !text.is_empty() {
                dynamic.push((tag, add(text)));
            }
        }
        let table = HEADER + 3 * SEGMENT;
        let dynamic_at = (table + strings.len() as u64).next_multiple_of(8);
        dynamic.extend([(5, table), (10, strings.len() as u64), (0, 0)]);
        let end = dynamic_at + 16 * dynamic.len() as u64;

        let mut file = self.header();
        file.extend(segment(1, 0, end));
        file.extend(segment(2, dynamic_at, end - dynamic_at));
        // Type 0 is no segment at all.
        let kind = if self.interpreter.is_empty() { 0 } else { 3 };
        file.extend(segment(kind, table + interpreter, self.interpreter.len() as u64 + 1));
        file.extend(&strings);
        file.resize(usize::try_from(dynamic_at).unwrap(), 0);
        file.extend(dynamic.iter().flat_map(|(tag, value)| [tag.to_le_bytes(), value.to_le_bytes()].concat()));
        file
    }

    fn header(&self) -> Vec<u8> {
        let mut header = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
        header.extend(3_u16.to_le_bytes());
        header.extend(self.machine.to_le_bytes());
        header.extend(1_u32.to_le_bytes());
        for word in [0, HEADER, 0] {
            header.extend(word.to_le_bytes());
        }
        header.extend(0_u32.to_le_bytes());
        for half in [64_u16, 56, 3, 64, 0, 0] {
            header.extend(half.to_le_bytes());
        }
        header
    }
}

fn segment(kind: u32, offset: u64, length: u64) -> Vec<u8> {
    let mut segment = [kind.to_le_bytes(), 4_u32.to_le_bytes()].concat();
    segment.extend([offset, offset, offset, length, length, 8].into_iter().flat_map(u64::to_le_bytes));
    segment
}
