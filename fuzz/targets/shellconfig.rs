//! A shell directory's `config.sh`, which is read as text: none is too odd, and what comes after it doesn't change what was said.
#![no_main]

use rootfs_loader::shell::ShellConfig;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let config = ShellConfig::parse(text);
    assert_eq!(ShellConfig::parse(text), config, "another answer the second time");
    if text.ends_with('\n') && !text.contains(['"', '\'', '(', '\\', '`', '$']) {
        let more = ShellConfig::parse(&format!("{text}\tOS_NAME=other\n# OS_NAME=other\n"));
        assert_eq!(more, config, "an indented line and a comment count");
    }
});
