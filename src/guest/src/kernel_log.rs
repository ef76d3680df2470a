use std::io::Write;

/// Writes a line to the kernel's log as an error, so that it is seen on the console of even a `quiet` guest. Where there is no log, nobody reads it.
pub(crate) fn error(line: &str) {
    if let Ok(mut log) = std::fs::OpenOptions::new().write(true).open("/dev/kmsg") {
        let _ = log.write_all(format!("<3>rootfs-gen: {line}\n").as_bytes());
    }
}
