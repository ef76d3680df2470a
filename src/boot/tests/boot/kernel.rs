//! A kernel package of Debian's, judged by the tools that know such files.

use std::collections::BTreeSet;

use rootfs_boot::{Availability, Driver};
use rootfs_plugin::Architecture;

use crate::needs::{kernel, output};

pub(crate) fn debians_cloud_kernel_is_understood() {
    let kernel = kernel();
    assert!(kernel.release().ends_with("-cloud-amd64"), "{}", kernel.release());
    let expected = [
        (Driver::Nvme, Availability::BuiltIn),
        (Driver::Ext4, Availability::BuiltIn),
        (Driver::VirtioBlk, Availability::Module),
        (Driver::VirtioPci, Availability::Module),
        (Driver::VirtioConsole, Availability::Module),
    ];
    for (driver, availability) in expected {
        assert_eq!(kernel.availability(driver), availability, "{driver:?}");
    }
    assert!(kernel.initramfs(&[Driver::Nvme, Driver::Ext4], Architecture::X86_64).unwrap().is_none(), "it needs none for its root");
}

pub(crate) fn its_elf_file_is_inside() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(file.path(), kernel().vmlinux().unwrap()).unwrap();
    let report = output("readelf", &["-hl", file.path().to_str().unwrap()]).unwrap();
    assert!(report.contains("X86-64") && report.contains("EXEC"), "{report}");
    assert!(!report.contains("Warning") && !report.contains("Error"), "{report}");
}

/// By what modinfo(8) says about each.
pub(crate) fn modules_come_after_what_they_need() {
    let initramfs = kernel().general_initramfs(Architecture::X86_64).unwrap().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let mut loaded = BTreeSet::new();
    let modules: Vec<_> = initramfs.modules().collect();
    for (name, content) in &modules {
        let path = directory.path().join(format!("{name}.ko"));
        fs_err::write(&path, content).unwrap();
        let depends = output("modinfo", &["-F", "depends", path.to_str().unwrap()]).unwrap();
        for needed in depends.trim().split(',').filter(|needed| !needed.is_empty()) {
            assert!(loaded.contains(needed), "{name} needs {needed} before it");
        }
        loaded.insert((*name).to_owned());
    }
    for driver in ["virtio_blk", "virtio_net", "virtio_console", "virtio_mmio", "virtio_ring", "net_failover"] {
        assert!(loaded.contains(driver), "{driver} is among {loaded:?}");
    }
}
