//! A web server on 127.0.0.1 that answers as the test says.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What a client asked for.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// What the request line names.
    pub(crate) target: String,
    /// Lower-case names.
    pub(crate) headers: Vec<(String, String)>,
    /// How many requests came before.
    pub(crate) number: usize,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Where the wanted range begins; 0 without one.
    pub(crate) fn from(&self) -> usize {
        self.header("range").map_or(0, |range| range.strip_prefix("bytes=").unwrap().strip_suffix('-').unwrap().parse().unwrap())
    }
}

/// What the server says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    /// The connection is closed after so many bytes of the body, whatever was announced.
    pub(crate) cut: Option<usize>,
    /// The length isn't announced.
    pub(crate) chunked: bool,
    /// The wait before the body.
    pub(crate) pause: Duration,
}

impl Reply {
    pub(crate) fn status(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub(crate) fn whole(body: &[u8]) -> Self {
        Self { body: body.to_vec(), ..Self::status(200) }
    }

    /// What was asked for of a file, with its ETag.
    pub(crate) fn ranged(request: &Request, body: &[u8], etag: &str) -> Self {
        let same = request.header("if-range").is_none_or(|wanted| wanted == etag);
        let from = request.from();
        let etag = ("ETag", etag.to_owned());
        if from == 0 || !same {
            return Self { headers: vec![etag], ..Self::whole(body) };
        }
        if from >= body.len() {
            return Self::status(416);
        }
        let range = ("Content-Range", format!("bytes {from}-{}/{}", body.len() - 1, body.len()));
        Self { headers: vec![etag, range], body: body[from..].to_vec(), ..Self::status(206) }
    }
}

pub(crate) struct Server {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
    connections: Arc<AtomicUsize>,
}

impl Server {
    /// Answers until the process ends.
    pub(crate) fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = Self { url, requests: Arc::default(), connections: Arc::default() };
        let (requests, connections) = (Arc::clone(&server.requests), Arc::clone(&server.connections));
        let answer = Arc::new(answer);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                connections.fetch_add(1, Ordering::Relaxed);
                let (requests, answer) = (Arc::clone(&requests), Arc::clone(&answer));
                thread::spawn(move || serve(&stream, &requests, &*answer));
            }
        });
        server
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

fn serve(stream: &TcpStream, requests: &Mutex<Vec<Request>>, answer: &dyn Fn(&Request) -> Reply) {
    let mut lines = BufReader::new(stream).lines();
    while let Some(Ok(first)) = lines.next() {
        let target = first.split(' ').nth(1).unwrap().to_owned();
        let mut headers = Vec::new();
        while let Some(Ok(line)) = lines.next() {
            let Some((name, value)) = line.split_once(": ") else { break };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let request = {
            let mut requests = requests.lock().unwrap();
            let request = Request { target, headers, number: requests.len() };
            requests.push(request.clone());
            request
        };
        if !matches!(write_reply(stream, &answer(&request)), Ok(true)) {
            return;
        }
    }
}

/// Tells whether the connection stays open.
fn write_reply(mut stream: &TcpStream, reply: &Reply) -> std::io::Result<bool> {
    let mut head = format!("HTTP/1.1 {} Word\r\n", reply.status);
    for (name, value) in &reply.headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += &if reply.chunked {
        "Transfer-Encoding: chunked\r\n\r\n".to_owned()
    } else {
        format!("Content-Length: {}\r\n\r\n", reply.body.len())
    };
    stream.write_all(head.as_bytes())?;
    thread::sleep(reply.pause);
    if reply.chunked {
        for piece in reply.body.chunks(1000) {
            stream.write_all(format!("{:x}\r\n", piece.len()).as_bytes())?;
            stream.write_all(piece)?;
            stream.write_all(b"\r\n")?;
        }
        stream.write_all(b"0\r\n\r\n")?;
        return Ok(true);
    }
    stream.write_all(&reply.body[..reply.cut.unwrap_or(reply.body.len())])?;
    Ok(reply.cut.is_none())
}
