use zstd::zstd_safe::{CCtx, CParameter, ErrorCode, get_error_name};

use crate::erofs::ErofsError;

/// What zstd calls a cluster that did not fit.
const TOO_SMALL: &str = "Destination buffer is too small";
/// How often one cluster is tried: from there on little more goes into it.
const TRIES: usize = 12;

/// The logarithm of how far back is looked: eight times the room, up to what the kernel takes.
pub(super) fn window_log(room: usize) -> u32 {
    (room * 8).clamp(32 << 10, 1 << 20).ilog2()
}

/// A frame for each cluster, with neither length nor checksum.
pub(super) struct Filler {
    context: CCtx<'static>,
    buffer: Vec<u8>,
}

impl std::fmt::Debug for Filler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Filler").finish_non_exhaustive()
    }
}

impl Filler {
    pub(super) fn new(level: u32, room: usize) -> Result<Self, ErofsError> {
        let mut context = CCtx::create();
        let level = i32::try_from(level).unwrap_or(i32::MAX);
        for parameter in [CParameter::CompressionLevel(level), CParameter::WindowLog(window_log(room)), CParameter::ContentSizeFlag(false)]
        {
            context.set_parameter(parameter).map_err(failed)?;
        }
        Ok(Self { context, buffer: vec![0; room] })
    }

    /// The most that fits is searched for: zstd says only whether so much does.
    pub(super) fn fill(&mut self, input: &[u8], last: usize, room: usize, output: &mut Vec<u8>) -> Result<usize, ErofsError> {
        // What fits, what does not, and what is tried next.
        let (mut fits, mut too_much) = (0, input.len() + 1);
        let least = (room + room / 16).min(input.len());
        let mut next = if last > room { last } else { room * 3 };
        for _ in 0..TRIES {
            let taken = next.clamp(fits + 1, too_much - 1);
            match self.context.compress2(&mut self.buffer[..room], &input[..taken]) {
                Ok(length) => {
                    fits = taken;
                    output.clear();
                    output.extend_from_slice(&self.buffer[..length]);
                    if too_much - fits <= 1 || length + 16 >= room {
                        break;
                    }
                    next = taken.saturating_mul(room) / length.max(1);
                }
                Err(code) if get_error_name(code) == TOO_SMALL => {
                    too_much = taken;
                    if too_much - fits <= 1 || taken <= least {
                        break;
                    }
                    // Where hardly anything is gained, that is seen at once.
                    next = if fits == 0 { least } else { usize::midpoint(fits, too_much) };
                }
                Err(code) => return Err(failed(code)),
            }
        }
        Ok(fits)
    }
}

fn failed(code: ErrorCode) -> ErofsError {
    ErofsError::Compressor { compressor: "zstd", reason: get_error_name(code).to_owned() }
}
