//! An engine on a machine that is reached by the user's `ssh`: as Docker's own client does it, each connection is a `docker system dial-stdio` there.

use std::path::PathBuf;
use std::sync::Arc;

use openssh::{Session, SessionBuilder, Stdio};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::{UnixListener, UnixStream};

/// A socket of this machine that leads to the other's engine. It goes when this is dropped, the session with the connection's thread.
#[derive(Debug)]
pub(crate) struct Tunnel {
    directory: TempDir,
}

impl Tunnel {
    /// Logs in at `[USER@]HOST[:PORT]`, without asking anybody anything.
    pub(crate) async fn open(address: &str) -> Result<Self, String> {
        let told = |error: std::io::Error| error.to_string();
        let session = SessionBuilder::default().connect(format!("ssh://{address}")).await.map_err(|error| causes(&error))?;
        // Only this user can look into it.
        let tunnel = Self { directory: tempfile::Builder::new().prefix("rootfs-gen-ssh").tempdir().map_err(told)? };
        let listener = UnixListener::bind(tunnel.socket()).map_err(told)?;
        tokio::spawn(serve(listener, Arc::new(session)));
        Ok(tunnel)
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.path().join("docker.sock")
    }
}

fn causes(error: &openssh::Error) -> String {
    crate::error::chain(error)
}

async fn serve(listener: UnixListener, session: Arc<Session>) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(pass(client, Arc::clone(&session)));
    }
}

/// Whatever fails here, the client sees the end of its connection.
async fn pass(client: UnixStream, session: Arc<Session>) {
    let mut command = session.command("docker");
    let command = command.args(["system", "dial-stdio"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let Ok(mut far) = command.spawn().await else { return };
    let (Some(mut input), Some(mut output)) = (far.stdin().take(), far.stdout().take()) else { return };
    let (mut from, mut to) = client.into_split();
    let there = async move {
        // The pipe's end is the far side's.
        let _ = tokio::io::copy(&mut from, &mut input).await;
    };
    let back = async move {
        let _ = tokio::io::copy(&mut output, &mut to).await;
        let _ = to.shutdown().await;
    };
    tokio::join!(there, back);
    let _ = far.wait().await;
}
