use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rootfs_docker::{DockerError, Engine, EngineSeats, EngineWishes};
use rootfs_sandbox::{Local, Seats};

/// Where builds can run.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// In sandboxes on this machine.
    Here,
    /// In an engine's containers.
    Engine(EngineWishes),
}

/// The seats of one build at a place.
#[derive(Debug)]
pub(super) struct Seated {
    pub(super) seats: Arc<dyn Seats>,
    engine: Option<Arc<EngineSeats>>,
}

impl Place {
    /// As results name it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Here => "here",
            Self::Engine(wishes) => wishes.host.as_deref().unwrap_or("docker"),
        }
    }

    /// How many processors it has.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub(crate) fn processors(&self, cancelled: &AtomicBool) -> Result<usize, DockerError> {
        match self {
            Self::Here => Ok(std::thread::available_parallelism().map_or(1, std::num::NonZero::get)),
            Self::Engine(wishes) => Engine::connect(wishes.clone(), cancelled)?.processors(cancelled),
        }
    }

    /// `image`: for a shell directory's scripts, in place of its own.
    pub(super) fn seat(&self, image: Option<&String>) -> Seated {
        match self {
            Self::Here => Seated { seats: Arc::new(Local), engine: None },
            Self::Engine(wishes) => {
                let engine = Arc::new(EngineSeats::new(EngineWishes { image: image.cloned(), ..wishes.clone() }));
                Seated { seats: engine.clone(), engine: Some(engine) }
            }
        }
    }
}

impl Seated {
    /// Whether another place may do better.
    pub(super) fn is_to_blame(&self) -> bool {
        self.engine.as_ref().is_some_and(|engine| engine.have_failed())
    }

    /// Whether the place had any part in it: what the store has needs none.
    pub(super) fn was_used(&self) -> bool {
        self.engine.as_ref().is_none_or(|engine| engine.were_used())
    }
}
