use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

macro_rules! feature_word {
    ($(#[$doc:meta])* $name:ident { $($feature:ident = $bit:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromBytes, Immutable, IntoBytes, KnownLayout)]
        #[repr(transparent)]
        pub(crate) struct $name(U32);

        impl $name {
            $(pub(crate) const $feature: Self = Self(U32::new($bit));)*

            /// These, or none.
            pub(crate) fn when(self, condition: bool) -> Self {
                if condition { self } else { Self::default() }
            }

            /// All bits of the word.
            pub(crate) const fn bits(self) -> u32 {
                self.0.get()
            }

            /// Whether all of these are set.
            pub(crate) const fn has(self, other: Self) -> bool {
                self.bits() & other.bits() == other.bits()
            }

            /// Both sets.
            pub(crate) const fn and(self, other: Self) -> Self {
                Self(U32::new(self.0.get() | other.0.get()))
            }
        }
    };
}

feature_word! {
    /// `s_feature_compat`: whoever doesn't know a bit may still write.
    Compat { HAS_JOURNAL = 0x4, EXT_ATTR = 0x8, RESIZE_INODE = 0x10, DIR_INDEX = 0x20, ORPHAN_FILE = 0x1000 }
}

feature_word! {
    /// `s_feature_incompat`: whoever doesn't know a bit must not mount.
    Incompat {
        FILETYPE = 0x2,
        RECOVER = 0x4,
        EXTENTS = 0x40,
        BIT64 = 0x80,
        FLEX_BG = 0x200,
        EA_INODE = 0x400,
        CSUM_SEED = 0x2000,
        LARGEDIR = 0x4000,
    }
}

feature_word! {
    /// `s_feature_ro_compat`: whoever doesn't know a bit must not write.
    RoCompat {
        SPARSE_SUPER = 0x1,
        LARGE_FILE = 0x2,
        HUGE_FILE = 0x8,
        GDT_CSUM = 0x10,
        DIR_NLINK = 0x20,
        EXTRA_ISIZE = 0x40,
        QUOTA = 0x100,
        METADATA_CSUM = 0x400,
    }
}
