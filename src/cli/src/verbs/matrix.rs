use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rootfs_docker::{DockerError, EngineWishes};
use rootfs_sandbox::is_in_user_namespace;

use super::build::{host, now};
use super::{print, print_json};
use crate::args::MatrixArgs;
use crate::environment::Environment;
use crate::failure::{Exit, Failure};
use crate::invocation::Verbosity;
use crate::matrix::{self, Build, MatrixFile, Outcome, Place, Row};
use crate::prepared::{Needed, Prepared};
use crate::privilege::become_root;
use crate::progress::Screens;
use crate::registry::Registry;
use crate::report::{matrix_json, write_matrix, write_matrix_plan};
use crate::settings::engine::docker_environment;
use crate::settings::{Host, settle_wishes};
use crate::sourced::{Source, Sourced};
use crate::wishes::Wishes;

/// Builds everything that a table has.
pub(super) fn run(
    args: &MatrixArgs,
    registry: &Registry,
    environment: &Environment,
    interrupted: &Arc<AtomicBool>,
) -> Result<Exit, Failure> {
    let file = MatrixFile::read(&args.file, registry)?;
    let said = of_environment(environment)?;
    let (host, now) = (host(), now());
    let prepare = |row: &Row| {
        let prepared = prepare(row, args, &file.output_dir, &said, environment, &host, now);
        prepared.map_err(|failure| Failure { message: format!("{}: {}", row.name, failure.message), ..failure })
    };
    let mut builds = file.rows.iter().map(prepare).collect::<Result<Vec<_>, _>>()?;
    if args.dry_run {
        show(args, &builds)?;
        return Ok(Exit::Done);
    }
    become_who_is_needed(&mut builds, environment)?;
    let verbosity = match (args.quiet, args.verbose) {
        (true, _) => Verbosity::Quiet,
        (_, true) => Verbosity::Verbose,
        _ => Verbosity::Normal,
    };
    let screens = Screens::new(verbosity);
    let wished = places(args, &file, environment, said.docker.is_some())?;
    let (places, processors) = those_that_answer(wished, &screens, interrupted)?;
    let jobs = args.jobs.map(usize::from).or(file.jobs).map_or_else(|| Place::Here.processors(interrupted), Ok).map_err(of_engine)?;
    let outcomes = matrix::run(&builds, &places, processors, jobs, &screens, interrupted);
    screens.finish();
    report(args, &builds, &outcomes)?;
    Ok(exit(&outcomes, interrupted))
}

/// What variables say to a build, but for what the table decides.
fn of_environment(environment: &Environment) -> Result<Wishes, Failure> {
    Ok(Wishes { rootfs: None, release: None, arch: None, ..environment.wishes()? })
}

fn prepare(
    row: &Row,
    args: &MatrixArgs,
    output_dir: &Path,
    said: &Wishes,
    environment: &Environment,
    host: &Host,
    now: i64,
) -> Result<Build, Failure> {
    let flag = |name| Source::Flag(name);
    let path = row.path(args.output_dir.as_deref().unwrap_or(output_dir));
    let target = Some(Sourced::new(path, flag("output")));
    let (rootfs, output) = if row.is_directory() { (target, None) } else { (None, target) };
    let flags = Wishes {
        rootfs,
        output,
        force: args.force.then_some(true),
        mirrors: args.mirror.iter().map(|mirror| Sourced::new(mirror.clone(), flag("--mirror"))).collect(),
        store: args.store.clone().map(|store| Sourced::new(store, flag("--store"))),
        offline: args.offline.then_some(true),
        cache: args.no_cache.then_some(false),
        ..Wishes::default()
    };
    let options = environment.options(&row.distro.info().options)?;
    let said = Wishes { options, docker: None, docker_host: None, docker_image: None, ..said.clone() };
    // A mirror for all is weaker than that of one build.
    let mirrors = if row.wishes.mirrors.is_empty() { flags.mirrors.clone() } else { row.wishes.mirrors.clone() };
    let axes = Wishes {
        release: row.wishes.release.clone(),
        arch: row.wishes.arch.clone(),
        variant: row.wishes.variant.clone(),
        mirrors,
        ..flags
    };
    let wishes = axes.over(said).over(row.wishes.clone());
    let settled = settle_wishes(row.distro, wishes, environment, host, now)?;
    let prepared = Prepared::of(settled.request, settled.invocation)?;
    let image = row.wishes.docker_image.as_ref().map(|image| image.value.clone());
    let refused = prepared.needed().err();
    Ok(Build { name: row.name.clone(), prepared, image, refused })
}

/// One user for all builds, so the one who can do most. Those that need what the system doesn't give fail, and the others are built.
fn become_who_is_needed(builds: &mut [Build], environment: &Environment) -> Result<(), Failure> {
    let needed: Vec<Needed> = builds.iter().map(|build| build.prepared.needed().unwrap_or(Needed::Nothing)).collect();
    if needed.iter().all(|needed| *needed == Needed::Nothing) {
        return Ok(());
    }
    let Err(failure) = become_root(environment) else { return Ok(()) };
    if is_in_user_namespace() {
        return Err(failure);
    }
    for (build, needed) in builds.iter_mut().zip(needed) {
        if needed == Needed::Root {
            build.refused.get_or_insert_with(|| failure.clone());
        }
    }
    Ok(())
}

/// This machine first, then engines in the order in which they are said.
fn places(args: &MatrixArgs, file: &MatrixFile, environment: &Environment, docker_is_wished: bool) -> Result<Vec<Place>, Failure> {
    let settings = docker_environment(environment)?;
    let engine = |host: Option<String>| Place::Engine(EngineWishes { host, image: None, environment: settings.clone() });
    let here = (file.sandbox && !args.no_sandbox).then_some(Place::Here);
    let default = (args.docker || docker_is_wished).then(|| engine(None));
    let hosts = if args.docker_host.is_empty() { &file.docker_hosts } else { &args.docker_host };
    let places: Vec<Place> = here.into_iter().chain(default).chain(hosts.iter().cloned().map(|host| engine(Some(host)))).collect();
    if places.is_empty() {
        let hint = "name an engine with --docker-host or --docker, or leave --no-sandbox out".to_owned();
        return Err(Failure::new("there is no place to build").hint(Some(hint)).exit(Exit::Usage));
    }
    Ok(places)
}

fn of_engine(error: DockerError) -> Failure {
    let exit = if matches!(error, DockerError::Cancelled) { Exit::Interrupted } else { Exit::Failed };
    Failure::of(&error).hint(error.hint()).exit(exit)
}

/// The places that answer, with their processors. Of the others there is a note; when none is left, an error.
fn those_that_answer(wished: Vec<Place>, screens: &Screens, interrupted: &AtomicBool) -> Result<(Vec<Place>, Vec<usize>), Failure> {
    let ask = |place: &Place| place.processors(interrupted);
    let answers: Vec<Result<usize, DockerError>> = std::thread::scope(|scope| {
        let asked: Vec<_> = wished.iter().map(|place| scope.spawn(move || ask(place))).collect();
        asked.into_iter().map(|asked| asked.join().unwrap_or(Err(DockerError::Cancelled))).collect()
    });
    let (mut places, mut processors, mut last) = (Vec::new(), Vec::new(), None);
    for (place, answer) in wished.into_iter().zip(answers) {
        match answer {
            Ok(count) => {
                processors.push(count);
                places.push(place);
            }
            Err(error) => {
                let failure = of_engine(error);
                screens.note("note", &format!("not building at {}: {}", place.name(), failure.message));
                last = Some(failure);
            }
        }
    }
    match last {
        Some(failure) if places.is_empty() || failure.exit == Exit::Interrupted => Err(failure),
        _ => Ok((places, processors)),
    }
}

fn show(args: &MatrixArgs, builds: &[Build]) -> Result<(), Failure> {
    if args.json {
        let plans = builds.iter().map(|build| {
            let Prepared { request, invocation, plan } = &build.prepared;
            crate::report::plan_json(invocation, request, plan).map_err(|error| Failure::of(&error))
        });
        return print_json(&serde_json::Value::Array(plans.collect::<Result<_, _>>()?));
    }
    print(&write_matrix_plan(builds))
}

fn report(args: &MatrixArgs, builds: &[Build], outcomes: &[Outcome]) -> Result<(), Failure> {
    if args.json { print_json(&matrix_json(builds, outcomes)) } else { print(&write_matrix(builds, outcomes)) }
}

/// The worst of all.
fn exit(outcomes: &[Outcome], interrupted: &AtomicBool) -> Exit {
    if interrupted.load(Ordering::Relaxed) {
        Exit::Interrupted
    } else if outcomes.iter().any(|outcome| outcome.result.is_err()) {
        Exit::Failed
    } else if outcomes.iter().any(|outcome| outcome.result.as_ref().is_ok_and(crate::report::Summary::has_errors)) {
        Exit::Findings
    } else {
        Exit::Done
    }
}
