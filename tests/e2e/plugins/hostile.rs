use std::path::Path;

use rootfs_tests::{AlpineArchive, Failed, Workbench, ensure};

use super::{found, plugin, plugin_in_c};

/// The end of a library whose functions are `plan` and `build_rootfs`.
const TABLE: &str = "
static const rootfs_gen_plugin plugin = {ROOTFS_GEN_VERSION, sizeof plugin, plan, build_rootfs};
const rootfs_gen_plugin *rootfs_gen_plugin_v1(void) { return &plugin; }
";

const HEAD: &str = "
#define _GNU_SOURCE
#include \"rootfs_gen.h\"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
";

/// A build that only installs.
const INSTALLS: &str = "
static int32_t build_rootfs(rootfs_gen_text plan, const rootfs_gen_build *build, rootfs_gen_text *error) {
    rootfs_gen_text none = {NULL, 0};
    (void)plan;
    return build->install(build->engine, none, error);
}
";

/// Functions of a library whose `plan` is this.
fn planning(body: &str) -> String {
    let plan = format!("static int32_t plan(rootfs_gen_text request, rootfs_gen_text *plan) {{ (void)request; {body} }}");
    [HEAD, &plan, INSTALLS, TABLE].concat()
}

/// The same of its `build_rootfs`; the plan is the file's.
fn building(body: &str) -> String {
    let build = format!(
        "#define plan NULL\nstatic int32_t build_rootfs(rootfs_gen_text p, const rootfs_gen_build *build, rootfs_gen_text *error) {{ (void)p; (void)build; {body} }}"
    );
    [HEAD, &build, TABLE].concat()
}

/// Each is an error that names the plugin, and what it wanted to do to the host is not done.
pub(super) fn refused(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let archive = AlpineArchive::new(workbench, scratch.path(), &[])?;
    let victim = scratch.path().join("victim");
    fs_err::write(&victim, "whole\n")?;
    let path = victim.display();
    let entry = |body: &str| format!("{HEAD}const rootfs_gen_plugin *rootfs_gen_plugin_v1(void) {{ {body} }}");
    let write = format!(
        "int f = open(\"{path}\", O_WRONLY | O_TRUNC); *plan = rootfs_gen_string(f < 0 ? \"it may not write\" : \"it wrote\"); return -1;"
    );
    let program = format!(
        "*plan = rootfs_gen_string(execl(\"/bin/sh\", \"sh\", \"-c\", \"echo x > {path}\", (char *)NULL) < 0 ? \"it may run nothing\" : \"\"); return -1;"
    );
    let cases: Vec<(&str, String, &[&str])> = vec![
        ("aborts", planning("(void)plan; abort();"), &["signal 6, SIGABRT", "made a plan"]),
        ("crashes", planning("(void)plan; volatile int *volatile nowhere = NULL; *nowhere = 1; return 0;"), &["signal 11, SIGSEGV"]),
        ("exits", planning("(void)plan; fputs(\"so long\\n\", stderr); exit(0);"), &["exit 0", "so long"]),
        ("loops", planning("(void)plan; volatile int on = 1; while (on) {} return 0;"), &["no answer for 2 s", "--timeout"]),
        ("nonsense", planning("*plan = rootfs_gen_string(\"{]\"); return 0;"), &["is not understood"]),
        ("nothing", planning("(void)plan; return 0;"), &["is not understood"]),
        ("says-no", planning("*plan = rootfs_gen_string(\"not today\"); return -1;"), &["not today"]),
        ("prints", planning("puts(\"to standard output\"); *plan = rootfs_gen_string(\"as it should\"); return -1;"), &["as it should"]),
        ("writes", planning(&write), &["it may not write"]),
        ("runs", planning(&program), &["it may run nothing"]),
        (
            "kills",
            planning("*plan = rootfs_gen_string(kill(getppid(), SIGKILL) < 0 ? \"it may kill nobody\" : \"\"); return -1;"),
            &["may kill nobody"],
        ),
        ("no-table", entry("return NULL;"), &["gave no table"]),
        ("old", entry("static const rootfs_gen_plugin p = {99, sizeof p, NULL, NULL}; return &p;"), &["version 99", "compile it with"]),
        ("short", entry("static const rootfs_gen_plugin p = {ROOTFS_GEN_VERSION, 8, NULL, NULL}; return &p;"), &["8 bytes"]),
        ("no-entry", "int other;\n".to_owned(), &["does not export `rootfs_gen_plugin_v1`"]),
        (
            "half",
            building("rootfs_gen_text none = {NULL, 0}; build->install(build->engine, none, error); abort();"),
            &["SIGABRT", "built the root"],
        ),
        (
            "escapes",
            building(&format!(
                "return build->write(build->engine, rootfs_gen_string(\"../../../../../../../..{path}\"), rootfs_gen_string(\"x\"), 0644, error);"
            )),
            &[],
        ),
    ];
    for (name, source, texts) in &cases {
        plugin_in_c(scratch.path(), name, source)?;
        let out = scratch.path().join(format!("out-{name}"));
        let build = found(archive.build_relative(workbench.product(), name), scratch.path()).args(["--timeout", "2"]);
        let ended = build.into_directory(&out).run()?;
        ensure!(fs_err::read_to_string(&victim)? == "whole\n", "{}", ended.report("the host was written to"));
        if *name == "escapes" {
            // The root's parent is the root: the file is in it, and the check finds a root with nothing else.
            let inside = out.join(victim.strip_prefix("/").unwrap_or(&victim));
            ensure!(ended.status.code() == Some(3) && fs_err::read_to_string(inside)? == "x", "{}", ended.report("it is not in the root"));
            continue;
        }
        ensure!(ended.status.code().is_some_and(|code| code == 1 || code == 2), "{}", ended.report("it was not refused"));
        ensure!(!out.exists() && !beside(&out).exists(), "{}", ended.report("something is left under the final name"));
        ended.complains(texts)?;
    }
    let garbage = plugin(scratch.path(), "garbage", "library = \"lib.so\"\n")?;
    fs_err::write(garbage.join("lib.so"), b"\x7fELF and no more")?;
    let ended = found(archive.build_relative(workbench.product(), "garbage"), scratch.path()).run()?;
    ended.exits_with(1)?.complains(&["the plugin garbage", "is no shared object"])?;
    Ok(())
}

fn beside(directory: &Path) -> std::path::PathBuf {
    directory.with_extension("rootfs-gen")
}
