//! The tree crosses from the client's copy to this one, or back.

use std::fs::File;
use std::io::Write as _;

use rootfs_guest::mirror::Mirror;
use rootfs_guest::protocol::{Chunks, Event, Failure, InputReader, ProtocolError, Refusal, Stream};

use super::container::ContainerRoots;

/// Receives what the client's copy has that this one hasn't, or sends the other way. When that fails, the client is told, and the copy is useless.
pub(super) fn serve(
    id: u32,
    receive: bool,
    roots: &ContainerRoots,
    mirror: &mut Mirror,
    requests: &mut File,
    events: &mut File,
) -> Result<(), ProtocolError> {
    let done = match roots.enter() {
        Ok(()) if receive => take(id, mirror, requests)?,
        Ok(()) => give(id, mirror, events),
        Err(failure) => Err(failure),
    };
    match done.and_then(|()| roots.leave()) {
        Ok(()) => Event::done().send(id, events),
        Err(failure) => Event::Refused(Refusal::Other(failure)).send(id, events),
    }
}

fn take(id: u32, mirror: &mut Mirror, requests: &mut File) -> Result<Result<(), Failure>, ProtocolError> {
    let mut input = InputReader::new(requests, id);
    let received = mirror.receive(&mut input).map(drop).map_err(|error| error.failure());
    // Whatever went wrong: who sends must get rid of it all before they hear of it.
    input.finish()?;
    Ok(received)
}

fn give(id: u32, mirror: &mut Mirror, events: &mut File) -> Result<(), Failure> {
    let mut out = Chunks::new(|piece| Event::Output(Stream::Output, piece).send(id, events));
    let sent = mirror.send(&mut out).and_then(|_| Ok(out.flush()?));
    sent.map_err(|error| error.failure())
}
