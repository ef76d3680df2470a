//! The end-to-end suite: each case is a real run of rootfs-gen, judged by the distribution's own tools.

mod alpine;
mod bios;
mod build;
mod busybox;
mod busybox_source;
mod command_line;
mod concurrency;
mod container_sources;
mod containers;
mod customise;
mod damaged_packages;
mod damaged_trees;
mod disk;
mod docker;
mod engine;
mod erofs;
mod fedora;
mod formats;
mod gentoo;
mod host;
mod hostile_packages;
mod hostile_scripts;
mod images;
mod inspect;
mod installed;
mod interrupt;
mod kata;
mod keys;
mod lock;
mod lxc;
mod matrix;
mod mirrors;
mod never_half;
mod output;
mod plain_user;
mod plugins;
mod read_back;
mod reproducible;
mod reuse;
mod sets;
mod shell_directories;
mod signatures;
mod small_repositories;
mod support;
mod ubuntu;
mod write_disk;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::Arguments;
use rootfs_tests::{Case, Settings, Workbench, judge, slowest};

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Builds use every core by themselves; two at once hide the waiting for scripts.
    arguments.test_threads = arguments.test_threads.or(Some(2));
    let settings = Settings::from_environment();
    let full = settings.full;
    let workbench = match Workbench::new(settings) {
        Ok(workbench) => Arc::new(workbench),
        Err(failed) => {
            let _closed = writeln!(std::io::stderr(), "error: {}", failed.message().unwrap_or_default());
            return ExitCode::from(101);
        }
    };
    let trials = cases().into_iter().filter(|case| case.is_selected(full)).map(|case| case.into_trial(&workbench)).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !arguments.list {
        let _closed = writeln!(std::io::stdout(), "{}\nslowest:\n{}", judge::summary(), slowest());
    }
    conclusion.exit_code()
}

/// Every case of the suite.
fn cases() -> Vec<Case> {
    [
        sets::cases(),
        damaged_trees::cases(),
        small_repositories::cases(),
        engine::cases(),
        erofs::cases(),
        customise::cases(),
        lock::cases(),
        reproducible::cases(),
        reuse::cases(),
        output::cases(),
        mirrors::cases(),
        damaged_packages::cases(),
        signatures::cases(),
        disk::cases(),
        formats::cases(),
        bios::cases(),
        images::cases(),
        busybox::cases(),
        busybox_source::cases(),
        alpine::cases(),
        fedora::cases(),
        gentoo::cases(),
        docker::cases(),
        lxc::cases(),
        inspect::cases(),
        read_back::cases(),
        containers::cases(),
        container_sources::cases(),
        write_disk::cases(),
        host::cases(),
        hostile_scripts::cases(),
        plain_user::cases(),
        plugins::cases(),
        interrupt::cases(),
        never_half::cases(),
        concurrency::cases(),
        matrix::cases(),
        ubuntu::cases(),
        hostile_packages::cases(),
        kata::cases(),
        shell_directories::cases(),
        keys::cases(),
        support::cases(),
        command_line::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
