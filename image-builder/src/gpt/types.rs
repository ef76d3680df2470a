//! What partitions are for, as the Discoverable Partitions Specification of the UAPI Group and the UEFI specification number it.

use crate::guid::Guid;

/// The EFI system partition.
pub(crate) const ESP: Guid = Guid::new(0xC12A_7328_F81F_11D2_BA4B_00A0_C93E_C93B);
/// Where GRUB's core image lies on a disk that a BIOS starts.
pub(crate) const BIOS_BOOT: Guid = Guid::new(0x2168_6148_6449_6E6F_744E_6565_6445_4649);
/// Any Linux filesystem.
pub(crate) const LINUX: Guid = Guid::new(0x0FC6_3DAF_8483_4772_8E79_3D69_D847_7DE4);

/// The processor that a root filesystem is for: its partition says so, and firmware and systemd find the one that they can start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the specification")]
pub enum Architecture {
    Alpha,
    Arc,
    Arm,
    Arm64,
    Ia64,
    LoongArch64,
    MipsLe,
    Mips64Le,
    PaRisc,
    Ppc,
    Ppc64,
    Ppc64Le,
    RiscV32,
    RiscV64,
    S390,
    S390X,
    TileGx,
    X86,
    X86_64,
}

/// One architecture.
struct Row {
    architecture: Architecture,
    /// In the specification first, then in `uname -m` and distributions.
    names: &'static [&'static str],
    root: Guid,
    verity: Guid,
}

const TABLE: [Row; 19] = [
    Row {
        architecture: Architecture::Alpha,
        names: &["alpha"],
        root: Guid::new(0x6523_F8AE_3EB1_4E2A_A05A_18B6_95AE_656F),
        verity: Guid::new(0xFC56_D9E9_E6E5_4C06_BE32_E744_07CE_09A5),
    },
    Row {
        architecture: Architecture::Arc,
        names: &["arc"],
        root: Guid::new(0xD27F_46ED_2919_4CB8_BD25_9531_F3C1_6534),
        verity: Guid::new(0x24B2_D975_0F97_4521_AFA1_CD53_1E42_1B8D),
    },
    Row {
        architecture: Architecture::Arm,
        names: &["arm", "armv7l", "armhf", "armel"],
        root: Guid::new(0x69DA_D710_2CE4_4E3C_B16C_21A1_D49A_BED3),
        verity: Guid::new(0x7386_CDF2_203C_47A9_A498_F2EC_CE45_A2D6),
    },
    Row {
        architecture: Architecture::Arm64,
        names: &["arm64", "aarch64"],
        root: Guid::new(0xB921_B045_1DF0_41C3_AF44_4C6F_280D_3FAE),
        verity: Guid::new(0xDF33_00CE_D69F_4C92_978C_9BFB_0F38_D820),
    },
    Row {
        architecture: Architecture::Ia64,
        names: &["ia64"],
        root: Guid::new(0x993D_8D3D_F80E_4225_855A_9DAF_8ED7_EA97),
        verity: Guid::new(0x86ED_10D5_B607_45BB_8957_D350_F23D_0571),
    },
    Row {
        architecture: Architecture::LoongArch64,
        names: &["loongarch64", "loong64"],
        root: Guid::new(0x7705_5800_792C_4F94_B39A_98C9_1B76_2BB6),
        verity: Guid::new(0xF339_3B22_E9AF_4613_A948_9D3B_FBD0_C535),
    },
    Row {
        architecture: Architecture::MipsLe,
        names: &["mips-le", "mipsel"],
        root: Guid::new(0x37C5_8C8A_D913_4156_A25F_48B1_B64E_07F0),
        verity: Guid::new(0xD7D1_50D2_2A04_4A33_8F12_1665_1205_FF7B),
    },
    Row {
        architecture: Architecture::Mips64Le,
        names: &["mips64-le", "mips64el"],
        root: Guid::new(0x700B_DA43_7A34_4507_B179_EEB9_3D7A_7CA3),
        verity: Guid::new(0x16B4_17F8_3E06_4F57_8DD2_9B52_32F4_1AA6),
    },
    Row {
        architecture: Architecture::PaRisc,
        names: &["parisc", "hppa"],
        root: Guid::new(0x1AAC_DB3B_5444_4138_BD9E_E5C2_239B_2346),
        verity: Guid::new(0xD212_A430_FBC5_49F9_A983_A7FE_EF2B_8D0E),
    },
    Row {
        architecture: Architecture::Ppc,
        names: &["ppc", "powerpc"],
        root: Guid::new(0x1DE3_F1EF_FA98_47B5_8DCD_4A86_0A65_4D78),
        verity: Guid::new(0x98CF_E649_1588_46DC_B2F0_ADD1_4742_4925),
    },
    Row {
        architecture: Architecture::Ppc64,
        names: &["ppc64"],
        root: Guid::new(0x912A_DE1D_A839_4913_8964_A10E_EE08_FBD2),
        verity: Guid::new(0x9225_A9A3_3C19_4D89_B4F6_EEFF_88F1_7631),
    },
    Row {
        architecture: Architecture::Ppc64Le,
        names: &["ppc64-le", "ppc64le", "ppc64el"],
        root: Guid::new(0xC31C_45E6_3F39_412E_80FB_4809_C498_0599),
        verity: Guid::new(0x906B_D944_4589_4AAE_A4E4_DD98_3917_446A),
    },
    Row {
        architecture: Architecture::RiscV32,
        names: &["riscv32"],
        root: Guid::new(0x60D5_A7FE_8E7D_435C_B714_3DD8_1621_44E1),
        verity: Guid::new(0xAE02_53BE_1167_4007_AC68_4392_6C14_C5DE),
    },
    Row {
        architecture: Architecture::RiscV64,
        names: &["riscv64"],
        root: Guid::new(0x72EC_70A6_CF74_40E6_BD49_4BDA_08E8_F224),
        verity: Guid::new(0xB6ED_5582_440B_4209_B8DA_5FF7_C419_EA3D),
    },
    Row {
        architecture: Architecture::S390,
        names: &["s390"],
        root: Guid::new(0x08A7_ACEA_624C_4A20_91E8_6E0F_A67D_23F9),
        verity: Guid::new(0x7AC6_3B47_B25C_463B_8DF8_B4A9_4E6C_90E1),
    },
    Row {
        architecture: Architecture::S390X,
        names: &["s390x"],
        root: Guid::new(0x5EEA_D9A9_FE09_4A1E_A1D7_520D_0053_1306),
        verity: Guid::new(0xB325_BFBE_C7BE_4AB8_8357_139E_652D_2F6B),
    },
    Row {
        architecture: Architecture::TileGx,
        names: &["tilegx"],
        root: Guid::new(0xC50C_DD70_3862_4CC3_90E1_809A_8C93_EE2C),
        verity: Guid::new(0x9660_61EC_28E4_4B2E_B4A5_1F0A_825A_1D84),
    },
    Row {
        architecture: Architecture::X86,
        names: &["x86", "i386", "i686"],
        root: Guid::new(0x4447_9540_F297_41B2_9AF7_D131_D5F0_458A),
        verity: Guid::new(0xD13C_5D3B_B5D1_422A_B29F_9454_FDC8_9D76),
    },
    Row {
        architecture: Architecture::X86_64,
        names: &["x86-64", "x86_64", "amd64"],
        root: Guid::new(0x4F68_BCE3_E8CD_4DB1_96E7_FBCA_F984_B709),
        verity: Guid::new(0x2C73_57ED_EBD2_46D9_AEC1_23D4_37EC_2BF5),
    },
];

impl Architecture {
    /// By one of its names: `x86-64`, `x86_64` or `amd64`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.names.contains(&name)).map(|row| row.architecture)
    }

    /// The type of a partition with a root filesystem.
    #[must_use]
    pub fn root(self) -> Guid {
        self.row().map_or(LINUX, |row| row.root)
    }

    /// The type of a partition with the hashes of one.
    #[must_use]
    pub fn root_verity(self) -> Guid {
        self.row().map_or(LINUX, |row| row.verity)
    }

    fn row(self) -> Option<&'static Row> {
        TABLE.iter().find(|row| row.architecture == self)
    }
}

/// What a type is called.
pub(crate) fn type_name(guid: Guid) -> Option<String> {
    let fixed = [(ESP, "esp"), (BIOS_BOOT, "bios-boot"), (LINUX, "linux-generic")];
    let fixed = fixed.iter().find(|(known, _)| *known == guid).map(|(_, name)| (*name).to_owned());
    let root = || TABLE.iter().find(|row| row.root == guid).map(|row| format!("root-{}", row.names[0]));
    let verity = || TABLE.iter().find(|row| row.verity == guid).map(|row| format!("root-{}-verity", row.names[0]));
    fixed.or_else(root).or_else(verity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_one_of_its_own() {
        let mut guids: Vec<Guid> = TABLE.iter().flat_map(|row| [row.root, row.verity]).chain([ESP, BIOS_BOOT, LINUX]).collect();
        let mut names: Vec<&str> = TABLE.iter().flat_map(|row| row.names).copied().collect();
        let counts = (guids.len(), names.len());
        guids.sort_unstable();
        guids.dedup();
        names.sort_unstable();
        names.dedup();
        assert_eq!((guids.len(), names.len()), counts);
        for row in &TABLE {
            assert_eq!(Architecture::named(row.names[0]).unwrap().root(), row.root);
        }
    }

    #[test]
    fn types_of_the_specification() {
        let amd64 = Architecture::named("amd64").unwrap();
        assert_eq!(amd64.root().to_string(), "4f68bce3-e8cd-4db1-96e7-fbcaf984b709");
        assert_eq!(Architecture::Arm64.root().to_string(), "b921b045-1df0-41c3-af44-4c6f280d3fae");
        assert_eq!(type_name(amd64.root_verity()).unwrap(), "root-x86-64-verity");
        assert_eq!(type_name(Guid([1; 16])), None);
        assert_eq!(Architecture::named("z80"), None);
    }
}
