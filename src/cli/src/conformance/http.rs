//! As much of HTTP/1.1 as is needed of a mirror: one request on each connection.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

/// The longest request, in bytes.
const REQUEST_LIMIT: u64 = 64 << 10;

/// How many bytes a slow mirror sends one by one, and how long it rests after each.
const SLOW_BYTES: usize = 25;
const REST: Duration = Duration::from_millis(20);

/// What a mirror says.
pub(super) enum Answer {
    /// The file.
    File(Vec<u8>),
    /// The file, but it takes a while.
    Slowly(Vec<u8>),
    /// It has no such file.
    Missing,
    /// It is there, by this path.
    Moved(String),
    /// The mirror behind doesn't answer.
    Unavailable,
}

/// The path that is asked for, as it was written; none when nothing was.
pub(super) fn read_path(stream: &TcpStream) -> io::Result<Option<String>> {
    let mut lines = BufReader::new(stream.take(REQUEST_LIMIT)).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            let mut words = first.split(' ');
            return Ok((words.next() == Some("GET")).then(|| words.next()).flatten().map(str::to_owned));
        }
    }
    Ok(None)
}

/// Answers, and ends the connection.
pub(super) fn write(answer: &Answer, mut stream: &TcpStream) -> io::Result<()> {
    let (status, field, content): (&str, String, &[u8]) = match answer {
        Answer::File(content) | Answer::Slowly(content) => ("200 OK", String::new(), content),
        Answer::Missing => ("404 Not Found", String::new(), &[]),
        Answer::Moved(path) => ("302 Found", format!("Location: {path}\r\n"), &[]),
        Answer::Unavailable => ("503 Service Unavailable", String::new(), &[]),
    };
    let length = content.len();
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{field}\r\n")?;
    let slow = if matches!(answer, Answer::Slowly(_)) { SLOW_BYTES.min(length) } else { 0 };
    let (slowly, at_once) = content.split_at(slow);
    for byte in slowly {
        stream.write_all(&[*byte])?;
        thread::sleep(REST);
    }
    stream.write_all(at_once)
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::TcpListener;

    use super::*;

    fn exchange(request: &str, answer: Answer) -> (Option<String>, String) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        client.write_all(request.as_bytes()).unwrap();
        client.shutdown(std::net::Shutdown::Write).unwrap();
        let path = read_path(&server).unwrap();
        write(&answer, &server).unwrap();
        drop(server);
        let mut answered = String::new();
        client.read_to_string(&mut answered).unwrap();
        (path, answered)
    }

    #[test]
    fn one_request_has_one_answer() {
        let request = "GET /1/a%20b HTTP/1.1\r\nHost: x\r\n\r\n";
        let (path, answered) = exchange(request, Answer::Slowly(b"content that is longer than what is slow".to_vec()));
        assert_eq!(path.as_deref(), Some("/1/a%20b"));
        assert!(
            answered.starts_with("HTTP/1.1 200 OK\r\nContent-Length: 40\r\n")
                && answered.ends_with("\r\n\r\ncontent that is longer than what is slow")
        );
        assert!(exchange(request, Answer::Moved("/x".to_owned())).1.contains("302 Found"));
        for odd in ["", "GET", "POST / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n"] {
            assert_eq!(exchange(odd, Answer::Missing).0, None, "{odd}");
        }
    }
}
