use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rootfs_docker::{Cleaned, DockerError, Engine, EngineWishes, clean};

use super::print;
use crate::args::CleanArgs;
use crate::environment::Environment;
use crate::failure::{Exit, Failure};
use crate::settings::engine::docker_environment;

/// Removes what builds have left in a container engine.
pub(super) fn run(args: CleanArgs, environment: &Environment, interrupted: &Arc<AtomicBool>) -> Result<Exit, Failure> {
    let wishes = EngineWishes { host: args.docker_host, image: None, environment: docker_environment(environment)? };
    let failed = |error: DockerError| Failure::of(&error).hint(error.hint());
    let engine = Engine::connect(wishes, interrupted).map_err(failed)?;
    let Cleaned { containers, images } = clean(&engine, interrupted).map_err(failed)?;
    print(&format!("removed {containers} containers and {images} images at {}\n", engine.place()))?;
    Ok(Exit::Done)
}
