//! Real guests in QEMU, the agent over a socket, and foreign judges of what is made for them.
//!
//! What a test needs (QEMU, BusyBox, cpio, e2fsprogs, a kernel package that apt can download) may be missing: it shows as ignored then, and fails under
//! `ROOTFS_TEST_STRICT=1`.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "these are tests, though without the attribute that says so")]

use libtest_mimic::{Arguments, Failed, Trial};

mod agent;
mod archive;
mod disk;
mod ends;
mod guest;
mod kernel;
mod needs;
mod sessions;

use needs::Need;

macro_rules! tests {
    ($($module:ident::$name:ident: $needs:expr),* $(,)?) => {
        [$((concat!(stringify!($module), "::", stringify!($name)), $module::$name as fn(), &$needs[..])),*]
    };
}

/// What every boot needs.
const BOOT: [Need; 3] = [Need::Program("qemu-system-x86_64"), Need::BusyBox, Need::Kernel];

/// What a boot from a disk needs.
const DISK: [Need; 5] =
    [Need::Program("qemu-system-x86_64"), Need::BusyBox, Need::Kernel, Need::Program("mke2fs"), Need::Program("e2fsck")];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, verb] = arguments.as_slice()
        && verb == ends::CLIENT
    {
        return ends::be_a_client();
    }
    let tests = tests![
        agent::commands_run_side_by_side: [],
        agent::input_comes_as_it_is_sent: [],
        agent::input_that_nobody_reads_is_settled: [],
        agent::a_terminal_has_a_size_and_keys: [],
        agent::what_is_left_behind_does_not_hold_the_end_back: [],
        agent::a_client_that_leaves_hangs_up: [],
        agent::a_command_is_killed_by_request: [],
        agent::what_can_not_start_is_told: [],
        archive::gnu_cpio_unpacks_it: [Need::Program("cpio")],
        archive::gnu_cpio_refuses_a_damaged_one: [Need::Program("cpio")],
        kernel::debians_cloud_kernel_is_understood: [Need::Kernel],
        kernel::its_elf_file_is_inside: [Need::Kernel, Need::Program("readelf")],
        kernel::modules_come_after_what_they_need: [Need::Kernel, Need::Program("modinfo")],
        sessions::status_and_streams_come_back: BOOT,
        sessions::a_signal_comes_back: BOOT,
        sessions::input_is_passed_on: BOOT,
        sessions::a_missing_program_is_told: BOOT,
        sessions::a_shell_has_a_terminal: BOOT,
        sessions::the_console_is_passed_on: BOOT,
        sessions::the_init_has_prepared_the_guest: BOOT,
        ends::a_panic_is_told_as_one: BOOT,
        ends::a_time_limit_ends_it: BOOT,
        ends::a_guest_that_ends_too_early_is_told: BOOT,
        ends::cancelling_ends_it_at_once: BOOT,
        ends::a_root_that_is_missing_is_told: BOOT,
        ends::a_port_in_use_is_told: BOOT,
        ends::killing_the_client_kills_qemu: BOOT,
        disk::writes_are_forgotten: DISK,
        disk::writes_are_kept_and_the_filesystem_is_clean: DISK,
        disk::a_label_and_a_partition_id_find_the_root: DISK,
    ];
    let mut arguments = Arguments::from_args();
    // Each guest has two processors of its own, and its time is limited.
    arguments.test_threads = Some(1);
    libtest_mimic::run(&arguments, tests.into_iter().map(trial).collect()).exit();
}

#[expect(clippy::disallowed_methods, reason = "CI says in the environment that nothing may be left out")]
fn trial((name, test, needs): (&'static str, fn(), &[Need])) -> Trial {
    let strict = std::env::var("ROOTFS_TEST_STRICT").is_ok_and(|value| value == "1");
    match needs.iter().find_map(Need::missing) {
        None => Trial::test(name, move || {
            test();
            Ok(())
        }),
        Some(missing) => Trial::test(name, move || Err(Failed::from(missing))).with_ignored_flag(!strict),
    }
}
