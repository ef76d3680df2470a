//! A container's standard streams as a pair of this process's own files, which the blocking side can wait for.

use std::os::unix::net::UnixStream as Pair;
use std::sync::{Arc, Mutex};

use bollard::container::{AttachContainerResults, LogOutput};
use futures_util::StreamExt;
use rootfs_sandbox::FarStreams;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::{DockerError, Engine};

/// How much of a container's last words is kept.
const REPORT_LIMIT: usize = 16 << 10;

/// What the container has said on its standard error.
pub(crate) type Report = Arc<Mutex<Vec<u8>>>;

/// Has the streams pass to and fro until either side closes its own.
pub(crate) fn connect(engine: &Engine, attached: AttachContainerResults) -> Result<(FarStreams, Report), DockerError> {
    let failed = |source| DockerError::Local { step: "make a pair of sockets", source };
    let ((requests, from), (events, to)) = (Pair::pair().map_err(failed)?, Pair::pair().map_err(failed)?);
    let report = Report::default();
    from.set_nonblocking(true).and_then(|()| to.set_nonblocking(true)).map_err(failed)?;
    let (from, to) = engine.within(|| Ok((UnixStream::from_std(from)?, UnixStream::from_std(to)?))).map_err(failed)?;
    let AttachContainerResults { output, input } = attached;
    engine.spawn(pass_requests(from, input));
    engine.spawn(pass_events(output, to, Arc::clone(&report)));
    Ok((FarStreams { requests: requests.into(), events: events.into() }, report))
}

/// Whatever fails here, the side that reads sees the end.
async fn pass_requests(mut from: UnixStream, mut input: std::pin::Pin<Box<dyn tokio::io::AsyncWrite + Send>>) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(count) = from.read(&mut buffer).await {
        if count == 0 || input.write_all(&buffer[..count]).await.is_err() || input.flush().await.is_err() {
            break;
        }
    }
    let _ = input.shutdown().await;
}

async fn pass_events(
    mut output: std::pin::Pin<Box<dyn futures_util::Stream<Item = Result<LogOutput, bollard::errors::Error>> + Send>>,
    mut to: UnixStream,
    report: Report,
) {
    while let Some(Ok(piece)) = output.next().await {
        match piece {
            LogOutput::StdErr { message } => {
                if let Ok(mut report) = report.lock() {
                    let room = REPORT_LIMIT.saturating_sub(report.len()).min(message.len());
                    report.extend_from_slice(&message[..room]);
                }
            }
            LogOutput::StdOut { message } | LogOutput::Console { message } => {
                if to.write_all(&message).await.is_err() {
                    break;
                }
            }
            LogOutput::StdIn { .. } => {}
        }
    }
    let _ = to.shutdown().await;
}
