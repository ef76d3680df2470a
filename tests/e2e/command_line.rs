//! The command line by itself: no network, no root.

use rootfs_tests::{Case, Failed, Need, Workbench, ensure};

const NEEDS: &[Need] = &[Need::Product];

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("command line::the list names what can be built", NEEDS, list),
        Case::new("command line::help names releases and variants", NEEDS, |workbench| {
            let run = workbench.product().args(["debian", "--help"]).run()?.success()?;
            for word in ["trixie", "bookworm", "minbase", "guest", "standard", "--extra-pkg", "--locked", "--overlay"] {
                ensure!(run.output.contains(word), "{}", run.report(&format!("help does not say {word}")));
            }
            Ok(())
        }),
        Case::new("command line::an unknown release is answered with those there are", NEEDS, |workbench| {
            let run = workbench.product().args(["debian", "--release", "woody", "-r", "unused"]).run()?;
            run.exits_with(2)?.complains(&["woody", "hint: ", "trixie", "bookworm"]).map(drop)
        }),
        Case::new("command line::an unknown variant is answered with those there are", NEEDS, |workbench| {
            let run = workbench.product().args(["debian", "--variant", "huge", "-r", "unused"]).run()?;
            run.exits_with(2)?.complains(&["huge", "hint: ", "minbase"]).map(drop)
        }),
        Case::new("command line::an unknown flag is a usage error", NEEDS, |workbench| {
            workbench.product().args(["debian", "--frobnicate"]).run()?.exits_with(2)?.complains(&["--frobnicate"]).map(drop)
        }),
        Case::new("command line::no target is a usage error", NEEDS, |workbench| {
            workbench.product().args(["debian"]).run()?.exits_with(2)?.complains(&["-r"]).map(drop)
        }),
        Case::new("command line::flag before environment before file before default", NEEDS, precedence),
        Case::new("command line::an unknown key of a configuration file is named", NEEDS, |workbench| {
            let scratch = workbench.scratch()?;
            let file = scratch.path().join("guest.toml");
            fs_err::write(&file, "relaese = \"trixie\"\n")?;
            let run = workbench.product().args(["debian", "-r", "unused", "--config"]).arg(&file).run()?;
            run.exits_with(2)?.complains(&["relaese", "guest.toml"]).map(drop)
        }),
        Case::new("command line::a dry run touches nothing", NEEDS, dry_run),
    ]
}

fn list(workbench: &Workbench) -> Result<(), Failed> {
    let words = workbench.product().arg("list").run()?.success()?;
    ensure!(words.output.contains("debian"), "{}", words.report("debian is not listed"));
    let json = workbench.product().args(["list", "--json"]).run()?.success()?;
    let json: serde_json::Value = serde_json::from_str(&json.output)?;
    let text = json.to_string();
    for word in ["debian", "trixie", "bookworm", "minbase", "guest"] {
        ensure!(text.contains(&format!("\"{word}\"")), "the list as JSON lacks {word}: {text}");
    }
    Ok(())
}

/// The plan of a dry run.
fn plan(product: rootfs_tests::Product<'_>) -> Result<serde_json::Value, Failed> {
    let run = product.args(["--dry-run", "--json", "-r", "unused"]).run()?.success()?;
    Ok(serde_json::from_str(&run.output)?)
}

fn precedence(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let file = scratch.path().join("guest.toml");
    fs_err::write(&file, "release = \"bookworm\"\nvariant = \"minbase\"\n")?;
    let product = || workbench.product().arg("debian");
    let of = |product: rootfs_tests::Product<'_>| -> Result<(String, String), Failed> {
        let plan = plan(product)?;
        let word = |key: &str| plan["plan"][key].as_str().unwrap_or("missing").to_owned();
        Ok((word("release"), word("variant")))
    };
    let expected = |release: &str, variant: &str| (release.to_owned(), variant.to_owned());
    let found = of(product())?;
    ensure!(found == expected("trixie", "guest"), "by default {found:?}");
    let found = of(product().arg("--config").arg(&file))?;
    ensure!(found == expected("bookworm", "minbase"), "by file {found:?}");
    let found = of(product().arg("--config").arg(&file).env("OS_VERSION", "sid"))?;
    ensure!(found == expected("sid", "minbase"), "by environment {found:?}");
    let found = of(product().arg("--config").arg(&file).env("OS_VERSION", "sid").args(["--release", "13", "--variant", "standard"]))?;
    ensure!(found == expected("trixie", "standard"), "by flag {found:?}");
    Ok(())
}

fn dry_run(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let arguments = ["debian", "--dry-run", "--extra-pkg", "vim-tiny,curl", "-r", "out"];
    let product = || workbench.product().args(arguments).directory(scratch.path()).store(&scratch.path().join("store"));
    let run = product().run()?.success()?;
    for word in ["vim-tiny", "curl", "trixie"] {
        ensure!((run.output.clone() + &run.error).contains(word), "{}", run.report(&format!("the plan does not say {word}")));
    }
    let left = fs_err::read_dir(scratch.path())?.count();
    ensure!(left == 0, "{left} entries were made");
    Ok(())
}
