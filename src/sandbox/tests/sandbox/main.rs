//! The sandbox, with the embedded runner, on this machine's kernel. Needs root; without it every test shows as ignored, and fails under
//! `ROOTFS_TEST_STRICT=1`.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "these are tests, though without the attribute that says so")]

use libtest_mimic::{Arguments, Failed, Trial};

mod commands;
mod ends;
mod stage;
mod view;
mod wire;
mod workshop;

/// The first argument of this program when it is to be a client that gets killed.
const CLIENT: &str = "--be-a-client";

macro_rules! tests {
    ($($module:ident::$name:ident),* $(,)?) => {
        [$((concat!(stringify!($module), "::", stringify!($name)), $module::$name as fn())),*]
    };
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, verb, stage, script] = arguments.as_slice()
        && verb == CLIENT
    {
        return ends::be_a_client(stage.as_ref(), script);
    }
    let tests = tests![
        view::process_1_is_the_runner,
        view::the_network_is_empty,
        view::a_command_is_in_a_chroot,
        view::host_files_are_out_of_reach,
        view::nothing_is_written_outside_of_the_tree,
        view::a_program_beside_the_tree_works_on_the_tree,
        view::devices_are_the_harmless_ones,
        view::device_nodes_in_the_tree_are_data,
        view::the_kernel_can_not_be_changed,
        view::identity_and_limits_are_fixed,
        view::the_environment_is_exactly_what_was_said,
        view::syncing_succeeds_at_once,
        commands::exits_and_signals_come_back,
        commands::streams_are_told_apart_and_come_whole,
        commands::output_comes_while_the_command_runs,
        commands::input_comes_whole_and_ends,
        commands::arguments_and_directory_are_taken_as_they_are,
        commands::what_can_not_start_is_told_by_name,
        commands::a_program_without_its_loader_is_told_so,
        commands::a_command_line_too_long_is_refused,
        commands::what_a_command_leaves_behind_is_killed_and_named,
        ends::the_host_sees_no_mount,
        ends::the_tree_keeps_no_trace,
        ends::mount_points_that_the_tree_adopts_stay,
        ends::a_link_is_no_mount_point,
        ends::cancelling_kills_at_once,
        ends::a_fork_bomb_ends_with_its_command,
        ends::a_fork_bomb_ends_with_its_sandbox,
        ends::the_runners_death_is_noticed,
        ends::killing_the_client_kills_everything,
        wire::a_command_is_killed_by_request,
        wire::closing_the_requests_ends_the_runner,
        wire::nonsense_ends_the_runner,
        wire::who_may_not_is_told_what_it_takes,
        workshop::the_host_is_seen_and_not_changed,
        workshop::the_network_is_the_hosts,
        workshop::the_tree_is_shared_and_the_folder_is_not,
        workshop::device_nodes_are_recorded,
        workshop::what_a_chroot_needs_can_be_mounted,
        workshop::everything_ends_with_it,
    ];
    let mut arguments = Arguments::from_args();
    // Two of them watch this process's own children.
    arguments.test_threads = Some(1);
    libtest_mimic::run(&arguments, tests.into_iter().map(trial).collect()).exit();
}

#[expect(clippy::disallowed_methods, reason = "CI says in the environment that nothing may be left out")]
fn trial((name, test): (&'static str, fn())) -> Trial {
    let strict = std::env::var("ROOTFS_TEST_STRICT").is_ok_and(|value| value == "1");
    if rustix::process::geteuid().is_root() {
        return Trial::test(name, move || {
            test();
            Ok(())
        });
    }
    Trial::test(name, || Err(Failed::from("not root"))).with_ignored_flag(!strict)
}
