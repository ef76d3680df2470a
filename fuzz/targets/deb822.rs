//! Control files, and the relations in them.
#![no_main]

use rootfs_package::apt::{deb822, relation};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = relation::parse(text);
    let _ = relation::parse_provides(text);
    for (_, stanza) in deb822::Stanzas::new(text) {
        for field in ["Depends", "Provides"] {
            let _ = stanza.get(field).map(relation::parse);
        }
    }
});
