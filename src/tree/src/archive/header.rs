use tar::{EntryType, Header};

use super::pax::{Records, format_time};
use crate::node::Time;

/// Largest number of a field with seven, and with eleven octal digits.
const SEVEN: u64 = 0o777_7777;
const ELEVEN: u64 = 0o777_7777_7777;
/// Bytes of a name or a link's target.
const NAME: usize = 100;

/// A ustar header whose fields go into an extended header when they don't fit.
#[derive(Debug)]
pub(super) struct Ustar {
    header: Header,
    /// What didn't fit.
    pub(super) records: Records,
}

impl Ustar {
    /// All fields zero.
    pub(super) fn new(kind: EntryType, mode: u16) -> Self {
        let mut header = Header::new_ustar();
        header.set_entry_type(kind);
        header.set_mode(mode.into());
        Self { header, records: Records::default() }
    }

    /// The entry's name, as bytes; `./` and a directory's last slash are part of it.
    pub(super) fn name(&mut self, name: &[u8]) {
        fill(&mut self.header.as_old_mut().name, name);
        if name.len() > NAME {
            self.records.push(b"path", name);
        }
    }

    /// What a link says.
    pub(super) fn target(&mut self, target: &[u8]) {
        fill(&mut self.header.as_old_mut().linkname, target);
        if target.len() > NAME {
            self.records.push(b"linkpath", target);
        }
    }

    /// The content's length.
    pub(super) fn size(&mut self, size: u64) {
        let fits = size <= ELEVEN;
        self.header.set_size(if fits { size } else { 0 });
        if !fits {
            self.records.push(b"size", size.to_string().as_bytes());
        }
    }

    /// Numbers of owner and group; no names, which mean something on a host only.
    pub(super) fn owner(&mut self, uid: u32, gid: u32) {
        let short = |id: u32| if u64::from(id) <= SEVEN { u64::from(id) } else { 0 };
        self.header.set_uid(short(uid));
        self.header.set_gid(short(gid));
        for (key, id) in [(b"uid", uid), (b"gid", gid)] {
            if u64::from(id) > SEVEN {
                self.records.push(key, id.to_string().as_bytes());
            }
        }
    }

    /// The time, to the nanosecond.
    pub(super) fn mtime(&mut self, mtime: Time) {
        let short = u64::try_from(mtime.seconds).ok().filter(|seconds| *seconds <= ELEVEN);
        self.header.set_mtime(short.unwrap_or(0));
        if short.is_none() || mtime.nanoseconds != 0 {
            self.records.push(b"mtime", format_time(mtime).as_bytes());
        }
    }

    /// A device's numbers; false when no field can hold them, for there is no record either.
    #[must_use]
    pub(super) fn device(&mut self, major: u32, minor: u32) -> bool {
        u64::from(major.max(minor)) <= SEVEN && self.header.set_device_major(major).is_ok() && self.header.set_device_minor(minor).is_ok()
    }

    /// The header's block.
    pub(super) fn finish(mut self) -> Header {
        self.header.set_cksum();
        self.header
    }
}

/// The header of an extended header for the entry of this name.
pub(super) fn extended(name: &[u8], size: u64) -> Header {
    let last = name.strip_suffix(b"/").unwrap_or(name).rsplit(|byte| *byte == b'/').next().unwrap_or(b"");
    let mut ustar = Ustar::new(EntryType::XHeader, 0o644);
    // Cut to what fits: nobody reads it.
    fill(&mut ustar.header.as_old_mut().name, &[b"./PaxHeaders/", last].concat());
    ustar.size(size);
    ustar.owner(0, 0);
    ustar.mtime(Time::default());
    ustar.finish()
}

fn fill(field: &mut [u8; NAME], bytes: &[u8]) {
    field.fill(0);
    for (slot, byte) in field.iter_mut().zip(bytes) {
        *slot = *byte;
    }
}
