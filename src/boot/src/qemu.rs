use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use rootfs_guest::names::AGENT_PORT;
use rootfs_plugin::Architecture;

use crate::{Accelerator, Disk, Forward};

/// A command line of QEMU. As text it is quoted for a shell; numbers after `fd=` and `/proc/self/fd/` are files that only a boot has open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QemuCommand {
    /// On the host.
    pub program: PathBuf,
    /// What follows.
    pub arguments: Vec<OsString>,
}

/// How a disk is attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DiskInterface {
    Nvme,
    Virtio,
    Nvdimm,
}

/// A machine, ready to be put into words.
#[derive(Debug)]
pub(crate) struct MachineDescription<'a> {
    pub(crate) architecture: Architecture,
    pub(crate) accelerator: Accelerator,
    pub(crate) processors: u32,
    pub(crate) memory_mib: u32,
    /// None: firmware starts what is on the disk.
    pub(crate) kernel: Option<Loaded<'a>>,
    /// With its bytes.
    pub(crate) disk: Option<(&'a Disk, DiskInterface, u64)>,
    /// None: there is no network.
    pub(crate) forwards: Option<&'a [Forward]>,
    pub(crate) channels: &'a Channels,
}

/// What QEMU itself loads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Loaded<'a> {
    pub(crate) kernel: &'a Path,
    pub(crate) initrd: Option<&'a Path>,
    pub(crate) command_line: &'a str,
}

/// Numbers of connected sockets, as QEMU has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Channels {
    pub(crate) console: i32,
    pub(crate) monitor: i32,
    /// None: nobody will speak with the agent.
    pub(crate) agent: Option<i32>,
}

/// The program's name.
pub(crate) fn program_name(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::X86_64 => "qemu-system-x86_64",
        Architecture::Aarch64 => "qemu-system-aarch64",
        Architecture::Armv7l => "qemu-system-arm",
        Architecture::I686 => "qemu-system-i386",
        Architecture::Ppc64le => "qemu-system-ppc64",
        Architecture::Riscv64 => "qemu-system-riscv64",
        Architecture::S390x => "qemu-system-s390x",
    }
}

impl MachineDescription<'_> {
    pub(crate) fn arguments(&self) -> Vec<OsString> {
        let mut arguments = Vec::new();
        let mut add = |words: &[&dyn AsRef<OsStr>]| arguments.extend(words.iter().map(|word| word.as_ref().to_owned()));
        let nvdimm = self.disk.filter(|(_, interface, _)| *interface == DiskInterface::Nvdimm);
        let machine = match self.architecture {
            Architecture::X86_64 | Architecture::I686 => "q35",
            Architecture::Aarch64 | Architecture::Armv7l | Architecture::Riscv64 => "virt",
            Architecture::Ppc64le => "pseries",
            Architecture::S390x => "s390-ccw-virtio",
        };
        let machine = format!("{machine}{}", if nvdimm.is_some() { ",nvdimm=on" } else { "" });
        // Room for the NVDIMM behind the memory.
        let more = nvdimm.map_or_else(String::new, |(_, _, size)| {
            format!(",slots=1,maxmem={}M", u64::from(self.memory_mib) + size.div_ceil(1 << 20).next_multiple_of(1 << 10) + (1 << 10))
        });
        let (accelerator, processor) = match self.accelerator {
            Accelerator::Kvm => ("kvm", "host"),
            Accelerator::Tcg => ("tcg,thread=multi", "max"),
        };
        add(&[&"-nodefaults", &"-no-user-config", &"-display", &"none", &"-no-reboot"]);
        add(&[&"-machine", &machine, &"-accel", &accelerator, &"-cpu", &processor]);
        add(&[&"-smp", &self.processors.to_string(), &"-m", &format!("{}M{more}", self.memory_mib)]);
        if let Some(Loaded { kernel, initrd, command_line }) = self.kernel {
            add(&[&"-kernel", &kernel]);
            initrd.iter().for_each(|initrd| add(&[&"-initrd", initrd]));
            add(&[&"-append", &command_line]);
        }
        let Channels { console, monitor, agent } = self.channels;
        add(&[&"-chardev", &format!("socket,id=console,fd={console}"), &"-serial", &"chardev:console"]);
        add(&[&"-chardev", &format!("socket,id=monitor,fd={monitor}"), &"-mon", &"chardev=monitor,mode=control"]);
        if let Some(agent) = agent {
            add(&[&"-device", &"virtio-serial-pci", &"-chardev", &format!("socket,id=agent,fd={agent}")]);
            add(&[&"-device", &format!("virtserialport,chardev=agent,name={AGENT_PORT}")]);
        }
        match self.disk {
            Some((disk, DiskInterface::Nvdimm, size)) => {
                add(&[&"-object", &memory(disk, size), &"-device", &"nvdimm,id=nvdimm,memdev=disk,unarmed=on"]);
            }
            Some((disk, DiskInterface::Nvme, _)) => add(&[&"-drive", &drive(disk), &"-device", &"nvme,drive=disk,serial=rootfs-gen"]),
            Some((disk, DiskInterface::Virtio, _)) => add(&[&"-drive", &drive(disk), &"-device", &"virtio-blk-pci,drive=disk"]),
            None => {}
        }
        if let Some(forwards) = self.forwards {
            add(&[&"-netdev", &network(forwards), &"-device", &"virtio-net-pci,netdev=net,romfile="]);
        }
        arguments
    }
}

fn drive(disk: &Disk) -> OsString {
    let format = if disk.qcow2 { "qcow2" } else { "raw" };
    with_path(&format!("if=none,id=disk,format={format},file="), disk, if disk.write { ",discard=unmap" } else { ",snapshot=on" })
}

/// The image as memory of the machine: it can't be written to, as Kata has it.
fn memory(disk: &Disk, size: u64) -> OsString {
    with_path("memory-backend-file,id=disk,share=off,readonly=on,mem-path=", disk, &format!(",size={size}"))
}

/// A comma in a path is said twice.
fn with_path(before: &str, disk: &Disk, behind: &str) -> OsString {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let path = disk.path.as_os_str().as_bytes().iter().flat_map(|byte| std::iter::repeat_n(*byte, if *byte == b',' { 2 } else { 1 }));
    OsString::from_vec(before.bytes().chain(path).chain(behind.bytes()).collect())
}

fn network(forwards: &[Forward]) -> String {
    let rule = |Forward { protocol, host, guest }: &Forward| format!(",hostfwd={protocol}:127.0.0.1:{host}-:{guest}");
    format!("user,id=net{}", forwards.iter().map(rule).collect::<String>())
}

impl fmt::Display for QemuCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", quoted(self.program.as_os_str()))?;
        self.arguments.iter().try_for_each(|argument| write!(f, " {}", quoted(argument)))
    }
}

fn quoted(word: &OsStr) -> String {
    let text = word.to_string_lossy();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=+.,/:@%".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) { text.into_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Protocol;

    #[test]
    fn a_whole_machine_in_words() {
        let disk = Disk { path: "a,b.img".into(), write: false, nvdimm: false, qcow2: false };
        let description = MachineDescription {
            architecture: Architecture::X86_64,
            accelerator: Accelerator::Tcg,
            processors: 2,
            memory_mib: 512,
            kernel: Some(Loaded {
                kernel: Path::new("/proc/self/fd/6"),
                initrd: Some(Path::new("it's")),
                command_line: "root=/dev/vda1 rw",
            }),
            disk: Some((&disk, DiskInterface::Virtio, 1 << 20)),
            forwards: Some(&[Forward { protocol: Protocol::Tcp, host: 2222, guest: 22 }]),
            channels: &Channels { console: 3, monitor: 4, agent: Some(5) },
        };
        let command = QemuCommand { program: "/usr/bin/qemu-system-x86_64".into(), arguments: description.arguments() };
        let expected = "/usr/bin/qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot -machine q35 -accel tcg,thread=multi \
            -cpu max -smp 2 -m 512M -kernel /proc/self/fd/6 -initrd 'it'\\''s' -append 'root=/dev/vda1 rw' -chardev socket,id=console,fd=3 \
            -serial chardev:console -chardev socket,id=monitor,fd=4 -mon chardev=monitor,mode=control -device virtio-serial-pci \
            -chardev socket,id=agent,fd=5 -device virtserialport,chardev=agent,name=org.rootfs-gen.agent \
            -drive if=none,id=disk,format=raw,file=a,,b.img,snapshot=on -device virtio-blk-pci,drive=disk \
            -netdev user,id=net,hostfwd=tcp:127.0.0.1:2222-:22 -device virtio-net-pci,netdev=net,romfile=";
        assert_eq!(command.to_string(), expected);
        let by_firmware = MachineDescription { kernel: None, ..description }.arguments();
        let loaded = ["-kernel", "/proc/self/fd/6", "-initrd", "it's", "-append", "root=/dev/vda1 rw"];
        let others: Vec<_> = command.arguments.iter().filter(|argument| !loaded.iter().any(|word| argument == word)).cloned().collect();
        assert_eq!(by_firmware, others);
    }

    #[test]
    fn a_disk_is_written_to_only_when_asked() {
        let disk = Disk { path: "x".into(), write: true, nvdimm: true, qcow2: false };
        assert_eq!(drive(&disk), "if=none,id=disk,format=raw,file=x,discard=unmap");
        let disk = Disk { qcow2: true, ..disk };
        assert_eq!(drive(&disk), "if=none,id=disk,format=qcow2,file=x,discard=unmap");
        assert_eq!(memory(&disk, 4096), "memory-backend-file,id=disk,share=off,readonly=on,mem-path=x,size=4096");
    }
}
