use std::mem::offset_of;

use rootfs_plugin::abi::{self, Build, Plugin, Text};
use rootfs_tests::{Failed, Process, Workbench, ensure, words};

use super::HEADERS;

/// The offsets of a table's fields by their names, as C asserts.
macro_rules! offsets {
    ($c:literal, $table:ty, $($field:ident),+) => {
        vec![$(format!("_Static_assert(offsetof({}, {}) == {}, \"{}\");\n", $c, stringify!($field), offset_of!($table, $field), stringify!($field))),+]
    };
}

/// A compiler finds every field of every table where the crate has it.
pub(super) fn is_one(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let size = |name: &str, size: usize| format!("_Static_assert(sizeof({name}) == {size}, \"{name}\");\n");
    let mut asserts = vec![
        size("rootfs_gen_text", size_of::<Text>()),
        size("rootfs_gen_build", size_of::<Build>()),
        size("rootfs_gen_plugin", size_of::<Plugin>()),
        format!("_Static_assert(ROOTFS_GEN_VERSION == {}, \"version\");\n", abi::VERSION),
        format!("_Static_assert(ROOTFS_GEN_DONE == {} && ROOTFS_GEN_FAILED == {}, \"status\");\n", abi::DONE, abi::FAILED),
    ];
    asserts.extend(offsets!("rootfs_gen_text", Text, data, length));
    asserts.extend(offsets!("rootfs_gen_plugin", Plugin, version, size, plan, build_rootfs));
    asserts.extend(offsets!(
        "rootfs_gen_build",
        Build,
        size,
        engine,
        install,
        run,
        read,
        list,
        write,
        remove,
        symlink,
        progress,
        log,
        cancelled
    ));
    let compile = |more: &str| {
        let source = scratch.path().join("offsets.c");
        fs_err::write(&source, format!("#include \"rootfs_gen.h\"\n{}{more}", asserts.concat()))?;
        Process::judge("cc").args(words([&"-std=c11", &"-fsyntax-only", &"-I", &HEADERS, &source])).run()
    };
    compile("")?.success()?;
    // The compiler says no.
    let wrong = compile("_Static_assert(sizeof(rootfs_gen_text) == 1, \"wrong\");\n")?;
    ensure!(!wrong.status.success(), "{}", wrong.report("a wrong size was accepted"));
    Ok(())
}
