//! What a plugin's process sends to the builder: any bytes are messages or an error, and a message that is sent again is the same.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    rootfs_loader::worker::receive_all(bytes);
});
