//! A web server on this machine's own address, for one archive or directory, that can be told to misbehave.

use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use libtest_mimic::Failed;

use crate::fault::{Fault, Rule, next_fault};
use crate::forward::{Body, Forward};
use crate::http::Asked as HttpRequest;

/// Where a mirror's files come from.
#[derive(Debug, Clone)]
pub enum Origin {
    /// Below this directory.
    Directory(PathBuf),
    /// Debian's archive: `/debian/…` and `/debian-security/…`.
    Archive(Arc<Forward>),
}

/// One request that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Without the first slash.
    pub path: String,
    /// The first byte that was wanted, when not the whole file.
    pub from: Option<u64>,
}

#[derive(Debug)]
struct Shared {
    origin: Origin,
    rules: Mutex<Vec<Rule>>,
    asked: Mutex<Vec<Asked>>,
    stopped: AtomicBool,
}

/// A server that runs until it is dropped.
#[derive(Debug)]
pub struct Mirror {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Mirror {
    /// Starts a server on a free port.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn start(origin: Origin) -> Result<Self, Failed> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { origin, rules: Mutex::default(), asked: Mutex::default(), stopped: AtomicBool::new(false) });
        let server = Arc::clone(&shared);
        thread::spawn(move || server.accept(&listener));
        Ok(Self { address, shared })
    }

    /// Its URL, without a final slash.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Adds a fault; the first that holds for a path counts.
    pub fn misbehave(&self, rule: Rule) {
        self.shared.rules.lock().unwrap_or_else(PoisonError::into_inner).push(rule);
    }

    /// What was asked for so far, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the server up, so that it sees that it is stopped.
        let _refused = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for connection in listener.incoming() {
            if self.stopped.load(Ordering::SeqCst) {
                return;
            }
            let Ok(connection) = connection else { continue };
            let shared = Arc::clone(self);
            // A client that goes away in the middle is the client's business.
            thread::spawn(move || shared.serve(&connection).ok());
        }
    }

    fn serve(&self, connection: &TcpStream) -> io::Result<()> {
        connection.set_nodelay(true)?;
        let mut input = BufReader::new(connection);
        let mut output = connection;
        while let Some(asked) = HttpRequest::read(&mut input)? {
            let entry = Asked { path: asked.path.clone(), from: asked.from };
            self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
            let fault = next_fault(&mut self.rules.lock().unwrap_or_else(PoisonError::into_inner), &asked.path);
            if !self.answer(&asked, fault, &mut output)? || asked.close {
                break;
            }
        }
        Ok(())
    }

    /// Answers one request; false when the connection must end.
    fn answer(&self, asked: &HttpRequest, fault: Option<Fault>, output: &mut dyn Write) -> io::Result<bool> {
        let body = match &fault {
            Some(Fault::Status(status)) => return write_status(output, *status),
            Some(Fault::Replace(bytes)) => Some(Body::Bytes(bytes.as_slice().into())),
            // The archive behind doesn't answer: that is not to look as if it had no such file.
            _ => match self.find(&asked.path) {
                Ok(found) => found,
                Err(_) => return write_status(output, 503),
            },
        };
        let Some(body) = body else { return write_status(output, 404) };
        let mut content = Content::open(&body)?;
        let tag = format!("\"{}-{}\"", asked.path.len(), content.length);
        let fits = asked.if_range.as_ref().is_none_or(|wanted| *wanted == tag);
        let from = asked.from.filter(|&from| fits && from > 0 && from < content.length);
        write_head(output, content.length, from, &tag)?;
        if asked.method == "HEAD" {
            return Ok(true);
        }
        content.write_from(from.unwrap_or(0), fault.as_ref(), output)
    }

    fn find(&self, path: &str) -> io::Result<Option<Body>> {
        match &self.origin {
            Origin::Archive(forward) => forward.body(path),
            Origin::Directory(directory) => {
                let inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
                let file = directory.join(path);
                Ok((inside && file.is_file()).then_some(Body::File(file)))
            }
        }
    }
}

fn write_status(output: &mut dyn Write, status: u16) -> io::Result<bool> {
    write!(output, "HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n")?;
    Ok(true)
}

fn write_head(output: &mut dyn Write, length: u64, from: Option<u64>, tag: &str) -> io::Result<()> {
    let (status, range) = match from {
        None => ("200 OK", String::new()),
        Some(from) => ("206 Partial Content", format!("Content-Range: bytes {from}-{}/{length}\r\n", length - 1)),
    };
    let left = length - from.unwrap_or(0);
    write!(output, "HTTP/1.1 {status}\r\nContent-Length: {left}\r\nAccept-Ranges: bytes\r\nETag: {tag}\r\n{range}\r\n")
}

trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

struct Content {
    reader: Box<dyn ReadSeek>,
    length: u64,
}

impl Content {
    fn open(body: &Body) -> io::Result<Self> {
        let mut reader: Box<dyn ReadSeek> = match body {
            Body::File(path) => Box::new(fs_err::File::open(path)?),
            Body::Bytes(bytes) => Box::new(io::Cursor::new(Arc::clone(bytes))),
        };
        let length = reader.seek(SeekFrom::End(0))?;
        Ok(Self { reader, length })
    }

    /// Writes the body from a position, with the fault's damage; false when the connection must end.
    fn write_from(&mut self, from: u64, fault: Option<&Fault>, output: &mut dyn Write) -> io::Result<bool> {
        let end = match fault {
            Some(Fault::Cut(bytes)) => (from + bytes).min(self.length),
            _ => self.length,
        };
        let mut position = from;
        self.reader.seek(SeekFrom::Start(from))?;
        let mut buffer = vec![0; 64 << 10];
        while position < end {
            let wanted = piece(fault, end - position, buffer.len());
            let count = self.reader.read(&mut buffer[..wanted])?;
            if count == 0 {
                return Ok(false);
            }
            alter(&mut buffer[..count], position, fault);
            output.write_all(&buffer[..count])?;
            position += u64::try_from(count).map_err(io::Error::other)?;
            if matches!(fault, Some(Fault::Slow(_))) {
                output.flush()?;
                thread::sleep(Duration::from_millis(50));
            }
        }
        Ok(end == self.length)
    }
}

/// How many bytes go out at once.
fn piece(fault: Option<&Fault>, left: u64, room: usize) -> usize {
    let wanted = match fault {
        Some(Fault::Slow(rate)) => (rate / 20).max(1).min(left),
        _ => left,
    };
    usize::try_from(wanted).unwrap_or(usize::MAX).min(room)
}

fn alter(bytes: &mut [u8], position: u64, fault: Option<&Fault>) {
    let Some(Fault::Alter(at)) = fault else { return };
    let offset = at.checked_sub(position).and_then(|offset| usize::try_from(offset).ok());
    if let Some(byte) = offset.and_then(|offset| bytes.get_mut(offset)) {
        *byte ^= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(content: &[u8]) -> (tempfile::TempDir, Mirror) {
        let directory = tempfile::tempdir().unwrap();
        fs_err::write(directory.path().join("file"), content).unwrap();
        let mirror = Mirror::start(Origin::Directory(directory.path().to_path_buf())).unwrap();
        (directory, mirror)
    }

    fn fetch(mirror: &Mirror, path: &str, from: Option<u64>) -> Result<(u16, Vec<u8>), ureq::Error> {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().into();
        let mut request = agent.get(format!("{}/{path}", mirror.url()));
        if let Some(from) = from {
            request = request.header("Range", format!("bytes={from}-"));
        }
        let mut answer = request.call()?;
        Ok((answer.status().as_u16(), answer.body_mut().read_to_vec()?))
    }

    #[test]
    fn files_are_served_whole_and_in_part() {
        let (_directory, mirror) = served(b"0123456789");
        assert_eq!(fetch(&mirror, "file", None).unwrap(), (200, b"0123456789".to_vec()));
        assert_eq!(fetch(&mirror, "file", Some(7)).unwrap(), (206, b"789".to_vec()));
        assert_eq!(fetch(&mirror, "none", None).unwrap().0, 404);
        assert_eq!(fetch(&mirror, "../file", None).unwrap().0, 404);
        assert_eq!(mirror.asked()[1], Asked { path: "file".to_owned(), from: Some(7) });
    }

    #[test]
    fn it_misbehaves_as_told() {
        let (_directory, mirror) = served(b"0123456789");
        for fault in [Fault::Status(503), Fault::Alter(2), Fault::Replace(b"other".to_vec()), Fault::Cut(4)] {
            mirror.misbehave(Rule::once("file", fault));
        }
        assert_eq!(fetch(&mirror, "file", None).unwrap(), (503, Vec::new()));
        assert_eq!(fetch(&mirror, "file", None).unwrap().1, b"0133456789");
        assert_eq!(fetch(&mirror, "file", None).unwrap().1, b"other");
        assert!(fetch(&mirror, "file", None).is_err(), "a cut body must not look whole");
        assert_eq!(fetch(&mirror, "file", None).unwrap().1, b"0123456789");
    }
}
