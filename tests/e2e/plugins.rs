//! Distributions that are found: files, libraries in C and in Rust, and libraries that mean harm.

mod built_in;
mod hostile;
mod interface;
mod trials;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use rootfs_tests::{AlpineArchive, Case, Failed, Need, PlainUser, Process, Product, Workbench, ensure, words};

use crate::build::BUILD;
use crate::{fedora, gentoo};

/// A release of Alpine's, rebuilt: a tree of it is there in a moment.
const RELEASE: &str = "fixtures/alpine/alpine-minirootfs-3.20.3-x86_64.tar.gz";

/// The guide for who writes a plugin.
const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/plugins.md");

/// The header for plugins in C.
const HEADERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../src/plugin/include");

pub(crate) fn cases() -> Vec<Case> {
    let needs = [BUILD, &[Need::Fixture(RELEASE), Need::Judge("openssl"), Need::Judge("tar")]].concat();
    let with = |judges: &[&'static str]| [&needs[..], &judges.iter().map(|judge| Need::Judge(judge)).collect::<Vec<_>>()].concat();
    let own = vec![
        Case::new("plugins::a file says what is other than in its base", &needs, file),
        Case::new("plugins::a library in C builds, as root and as a plain user", &with(&["cc", "unshare", "setpriv"]), library),
        Case::new("plugins::what new writes in Rust passes its tests and gives a tree", &with(&["cargo", "cc"]), rust),
        Case::new("plugins::the guide's lines go from nothing to a tree", &with(&["cargo", "cc"]), transcript).only_in_full(),
        Case::new("plugins::what new writes in C passes the trials", &with(&["cc", "make"]), in_c),
        Case::new("plugins::lists tell what is found, where, and what is wrong with it", &needs, lists),
        Case::new("plugins::a library that means harm is an error and no more", &with(&["cc"]), hostile::refused),
        Case::new("plugins::the built-in ones as plugins make the same plans", &[Need::Product], built_in::same_plans),
        Case::new("plugins::Alpine as a shared object is the same tree", &needs, built_in::alpine),
        Case::new("plugins::BusyBox as a shared object is the same tree", BUILD, built_in::busybox),
        Case::new("plugins::Debian as a shared object is the same tree", BUILD, built_in::debian),
        Case::new("plugins::Fedora as a shared object is the same tree", &fedora::needs(), built_in::fedora),
        Case::new("plugins::Gentoo as a shared object is the same tree", &gentoo::needs(), built_in::gentoo),
        Case::new("plugins::the header says what the crate says", &with(&["cc"]), interface::is_one),
    ];
    own.into_iter().chain(trials::cases(&needs)).collect()
}

/// A plugin over Alpine, in a directory of its own.
fn plugin(scratch: &Path, name: &str, more: &str) -> Result<PathBuf, Failed> {
    let directory = scratch.join("plugins").join(name);
    fs_err::create_dir_all(&directory)?;
    let text = format!("name = \"{name}\"\nbase = \"alpine\"\nsummary = \"a relative of Alpine's\"\n{more}");
    fs_err::write(directory.join("distro.toml"), text)?;
    Ok(directory)
}

/// A plugin with a library of this C source.
fn plugin_in_c(scratch: &Path, name: &str, source: &str) -> Result<PathBuf, Failed> {
    let directory = plugin(scratch, name, "library = \"lib.so\"\n")?;
    let (file, library) = (directory.join("plugin.c"), directory.join("lib.so"));
    fs_err::write(&file, source)?;
    let arguments = words([&"-std=c11", &"-Wall", &"-Werror", &"-fPIC", &"-shared", &"-I", &HEADERS, &"-o", &library, &file]);
    Process::judge("cc").args(arguments).run()?.success()?;
    Ok(directory)
}

fn found<'a>(product: Product<'a>, scratch: &Path) -> Product<'a> {
    product.arg("--plugin-dir").arg(scratch.join("plugins"))
}

fn file(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let archive = AlpineArchive::new(workbench, scratch.path(), &[])?;
    let more = "[[tweaks]]\ndo = \"write\"\npath = \"/etc/mine\"\ncontent = \"mine\\n\"\nmode = 0o640\n[[options]]\nname = \"colour\"\n\
                type = \"choice\"\nchoices = [\"red\", \"green\"]\nhelp = \"Which\"\n";
    plugin(scratch.path(), "mine", more)?;
    let out = scratch.path().join("out");
    let build = || found(archive.build_relative(workbench.product(), "mine"), scratch.path());
    build().args(["--colour", "red"]).into_directory(&out).run()?.success()?;
    ensure!(fs_err::read_to_string(out.join("etc/mine"))? == "mine\n", "the tweak was not made");
    ensure!(out.join("etc/inittab").exists(), "the base's tweaks are gone");
    build().args(["--colour", "blue"]).arg("--dry-run").run()?.exits_with(2)?.complains(&["--colour", "red, green"])?;
    // The judge says no: what the base has besides is not in its tree.
    let plain = scratch.path().join("plain");
    archive.build(workbench.product()).into_directory(&plain).run()?.success()?;
    ensure!(!plain.join("etc/mine").exists(), "Alpine has the tweak too");
    Ok(())
}

/// A library that does something with every call of the engine.
const LIBRARY: &str = r#"
#include "rootfs_gen.h"
#include <stdio.h>
static int32_t build_rootfs(rootfs_gen_text plan, const rootfs_gen_build *build, rootfs_gen_text *error) {
    rootfs_gen_text none = {NULL, 0}, got;
    (void)plan;
    if (build->install(build->engine, none, error) != 0) return ROOTFS_GEN_FAILED;
    if (build->read(build->engine, rootfs_gen_string("/etc/hostname"), &got) != 0) { *error = got; return ROOTFS_GEN_FAILED; }
    char copy[64];
    rootfs_gen_text content = {copy, (size_t)snprintf(copy, sizeof copy, "%.*s", (int)got.length, got.data)};
    if (build->write(build->engine, rootfs_gen_string("/etc/mine/release"), content, 0600, error) != 0) return ROOTFS_GEN_FAILED;
    if (build->symlink(build->engine, rootfs_gen_string("release"), rootfs_gen_string("/etc/mine/link"), error) != 0) return ROOTFS_GEN_FAILED;
    if (build->remove(build->engine, rootfs_gen_string("/etc/motd"), error) != 0) return ROOTFS_GEN_FAILED;
    if (build->list(build->engine, rootfs_gen_string("/etc/mine"), &got) != 0) { *error = got; return ROOTFS_GEN_FAILED; }
    build->log(build->engine, got);
    build->progress(build->engine, rootfs_gen_string("mine"), 1, 2);
    if (build->cancelled(build->engine)) return ROOTFS_GEN_FAILED;
    if (build->read(build->engine, rootfs_gen_string("/nothing"), &got) == 0) return ROOTFS_GEN_FAILED;
    return ROOTFS_GEN_DONE;
}
static const rootfs_gen_plugin plugin = {ROOTFS_GEN_VERSION, sizeof plugin, NULL, build_rootfs};
const rootfs_gen_plugin *rootfs_gen_plugin_v1(void) { return &plugin; }
"#;

fn library(workbench: &Workbench) -> Result<(), Failed> {
    // Nobody but root may look into the workbench.
    let scratch = tempfile::tempdir_in("/var/tmp")?;
    let archive = AlpineArchive::new(workbench, scratch.path(), &[])?;
    plugin_in_c(scratch.path(), "mine", LIBRARY)?;
    let image = scratch.path().join("out.tar");
    let build = |product| found(archive.build_relative(product, "mine"), scratch.path());
    let built = build(workbench.product()).arg("-o").arg(&image).run()?.success()?;
    ensure!(built.error.contains("[\"link\",\"release\"]"), "{}", built.report("the library's line is not shown"));
    let listed = Process::judge("tar").args(words([&"-xOf", &image, &"./etc/mine/release"])).run()?.success()?;
    ensure!(listed.output == "localhost\n", "{}", listed.report("the library's file is another"));
    let names = Process::judge("tar").args(words([&"-tf", &image])).run()?.success()?.output;
    ensure!(names.contains("./etc/mine/link") && !names.contains("./etc/motd"), "{names}");
    let user = PlainUser::new(workbench, 65_536)?;
    let theirs = user.home().join("theirs.tar");
    build(user.product(workbench)).arg("-o").arg(&theirs).run()?.success()?;
    ensure!(fs_err::read(&theirs)? == fs_err::read(&image)?, "a plain user's tree is another");
    Ok(())
}

fn rust(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let directory = scratch.path().join("my-os");
    workbench.product().args(["new", "my-os", "--dir"]).arg(&directory).run()?.success()?;
    let cargo = |arguments: &[&str]| {
        let cargo = Process::judge("cargo").args(arguments).arg("--offline").directory(&directory);
        cargo.env("CARGO_TARGET_DIR", directory.join("target")).run()?.success()
    };
    // One profile for both: nothing is compiled twice.
    cargo(&["test", "--release", "--quiet"])?;
    cargo(&["build", "--release", "--quiet"])?;
    let own = || workbench.product().directory(&directory);
    let help = own().args(["my-os", "--plugin-dir", ".", "--help"]).run()?.success()?;
    ensure!(help.output.contains("--greeting <TEXT>"), "{}", help.report("its option is not in the help"));
    let url = workbench.mirror()?.url();
    let build = own().args(["my-os", "--plugin-dir", ".", "--variant", "minbase", "--agent", "none", "--greeting", "Hello"]).mirror(&url);
    build.into_directory(Path::new("out")).run()?.success()?;
    let read = |path: &str| fs_err::read_to_string(directory.join("out").join(path));
    ensure!(read("etc/issue")? == "Hello\n" && read("etc/my-os-release")? == "my-os trixie\n", "its files are others");
    own().args(["my-os", "--plugin-dir", ".", "--release", "woody", "-r", "x"]).run()?.exits_with(2)?.complains(&["no release `woody`"])?;
    workbench.product().args(["new", "my-os", "--dir"]).arg(&directory).run()?.exits_with(2)?.complains(&["is not empty"])?;
    workbench.product().args(["new", "debian"]).run()?.exits_with(2)?.complains(&["is taken"])?;
    Ok(())
}

/// Runs the first transcript of the guide, line by line, without a network but the mirror.
fn transcript(workbench: &Workbench) -> Result<(), Failed> {
    let guide = fs_err::read_to_string(GUIDE)?;
    let block = guide.split("```").nth(1).ok_or("the guide has no transcript")?;
    let (command, said) = block.trim_start().split_once('\n').ok_or("the transcript is one line")?;
    let first = command.strip_prefix("$ ").and_then(|line| line.split(" #").next()).ok_or("the transcript begins with no command")?;
    let then: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("  ")).collect();
    let scratch = workbench.scratch()?;
    let programs = workbench.settings().product.parent().ok_or("the program lies nowhere")?;
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin:{}", programs.display(), cargo_directory()?.display());
    let url = workbench.mirror()?.url();
    let begun = std::time::Instant::now();
    let script = [first.trim(), &then.join("\n")].join("\n");
    let run = Process::judge("sh").args(["-e", "-x", "-c", &script]).directory(scratch.path()).env("PATH", path);
    let run = run.env("ROOTFS_GEN_MIRROR", format!("{url}/debian security={url}/debian-security")).env("no_proxy", "127.0.0.1");
    let run = run
        .env("ROOTFS_GEN_STORE", workbench.store())
        .env("CARGO_NET_OFFLINE", "true")
        .env("CARGO_TARGET_DIR", "target")
        .run()?
        .success()?;
    let took = begun.elapsed();
    ensure!(run.output.starts_with(said), "{}", run.report("`new` says other lines than the guide"));
    let tree = scratch.path().join("my-os/out");
    ensure!(fs_err::read_to_string(tree.join("etc/my-os-release"))? == "my-os trixie\n", "the plugin's own file is not there");
    let _closed = writeln!(std::io::stdout(), "from `{}` to a tree: {:.1} s", first.trim(), took.as_secs_f64());
    Ok(())
}

/// Where cargo is, which need not be among the system's programs.
fn cargo_directory() -> Result<PathBuf, Failed> {
    let cargo = rootfs_tests::find_program("cargo").ok_or("there is no cargo")?;
    Ok(cargo.parent().map(Path::to_owned).unwrap_or_default())
}

fn in_c(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let directory = scratch.path().join("c-os");
    workbench.product().args(["new", "c-os", "--kind", "c", "--dir"]).arg(&directory).run()?.success()?;
    // Over Alpine, whose packages are there in a moment.
    let file = directory.join("distro.toml");
    let text = fs_err::read_to_string(&file)?.replace("\"debian\"", "\"alpine\"").replace("variants = [\"guest\", \"standard\"]\n", "");
    fs_err::write(&file, text)?;
    Process::judge("make").directory(&directory).run()?.success()?;
    trials::passes(workbench, scratch.path(), "c-os", &["--plugin-dir".as_ref(), directory.as_os_str()])
}

fn lists(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    plugin(scratch.path(), "mine", "")?;
    plugin(scratch.path(), "debian", "")?;
    plugin(scratch.path(), "list", "")?;
    let typo = plugin(scratch.path(), "typo", "sumary = \"x\"\n")?;
    plugin(scratch.path(), "gone", "library = \"gone.so\"\n")?;
    for number in 0..50 {
        plugin(scratch.path(), &format!("many-{number}"), "")?;
    }
    let listed = found(workbench.product().arg("list"), scratch.path()).run()?.success()?;
    for text in [
        "plugins/mine (file)",
        "another distribution is called `debian`: it is built in",
        "`list` is a verb of rootfs-gen",
        "unknown field `sumary`",
        "gone.so` is not there",
        "many-49",
        &typo.display().to_string(),
    ] {
        ensure!(listed.output.contains(text), "{}", listed.report(text));
    }
    let json = found(workbench.product().args(["list", "--json"]), scratch.path()).run()?.success()?;
    let list: serde_json::Value = serde_json::from_str(&json.output)?;
    let broken = list.as_array().into_iter().flatten().filter(|entry| entry["error"].is_string()).count();
    ensure!(broken == 4, "{}", json.report("four can't be used"));
    found(workbench.product().args(["typo", "-r", "x"]), scratch.path()).run()?.exits_with(1)?.complains(&["the plugin typo", "sumary"])?;
    let nowhere = workbench.product().args(["list", "--plugin-dir", "/nonexistent"]).run()?.exits_with(2)?;
    nowhere.complains(&["--plugin-dir /nonexistent"])?;
    let by_variable = workbench.product().arg("list").env("ROOTFS_GEN_PLUGIN_PATH", scratch.path().join("plugins")).run()?.success()?;
    ensure!(by_variable.output.contains("plugins/mine (file)"), "{}", by_variable.report("the variable does nothing"));
    Ok(())
}
