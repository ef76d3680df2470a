//! How long it takes to list what there is, with many plugins found.

use rootfs_tests::{Failed, Product, Workbench};

use crate::measure::{Series, measure};
use crate::say;

/// The programs that this measures with.
pub(crate) const NEEDS: [&str; 1] = ["time"];

/// Plugins of each kind.
const FILES: usize = 40;
const SHELL_DIRECTORIES: usize = 10;

pub(crate) fn bench(workbench: &Workbench, runs: usize) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let plugins = scratch.path().join("plugins");
    let write = |name: String, file: &str, text: String| -> Result<(), Failed> {
        let directory = plugins.join(name);
        fs_err::create_dir_all(&directory)?;
        Ok(fs_err::write(directory.join(file), text)?)
    };
    for number in 0..FILES {
        let name = format!("file-{number}");
        let text = format!("name = \"{name}\"\nbase = \"debian\"\nsummary = \"a relative of Debian's\"\n");
        write(name, "distro.toml", text)?;
    }
    for number in 0..SHELL_DIRECTORIES {
        write(format!("shell-{number}"), "config.sh", format!("OS_NAME=shell\nOS_VERSION={number}\nPACKAGES=\"systemd chrony\"\n"))?;
    }
    let (mut none, mut many) = (Series::default(), Series::default());
    for round in 0..=runs {
        let alone = measure(workbench, |time| Product::under(workbench, time).arg("list").run())?;
        let all = measure(workbench, |time| Product::under(workbench, time).args(["list", "--plugin-dir"]).arg(&plugins).run())?;
        if round > 0 {
            none.push(alone);
            many.push(all);
        }
    }
    say(&format!("The list of what can be built; median of {runs}, in turns"));
    say(&format!("built-in alone                                    {none}"));
    say(&format!("and {} plugins                                    {many}", FILES + SHELL_DIRECTORIES));
    Ok(())
}
