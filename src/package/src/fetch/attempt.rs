use std::io::{self, Read};
use std::path::Path;

use fs_err as fs;
use ureq::Body;
use ureq::http::Response;
use ureq::http::header::{ETAG, LAST_MODIFIED};

use super::agents::{Agents, Wanted, content_range, header, retry_after};
use super::crew::Line;
use super::location::{Location, WebLocation};
use super::retry::Problem;
use super::{FetchError, FetchFault};
use crate::store::Part;

const BUFFER: usize = 64 << 10;

/// An attempt that brings so many bytes isn't counted: a large file on a bad line comes in the end.
const PROGRESS: u64 = 1 << 20;

/// Fills a part from one URL, from where it ends, until it is complete and has the right hash.
pub(super) fn attempt_download(agents: &Agents, part: &mut Part, location: &Location, line: &Line) -> Result<(), Problem> {
    part.read_back(|bytes| {
        line.bytes(bytes);
        line.check()
    })?;
    let before = part.length();
    if before < part.size() {
        let filled = match location {
            Location::File(path) => fill_from_file(part, path, line),
            Location::Web(location) => fill_from_web(agents, part, location, line),
        };
        filled.map_err(|problem| count_progress(problem, part.length().saturating_sub(before)))?;
    }
    match part.check() {
        Ok(()) => Ok(()),
        Err(found) => {
            let fault = FetchFault::Hash { expected: part.sha256(), found };
            part.clear()?;
            // The bytes of an earlier attempt may have been another file's.
            Err(Problem::Fault { fault, again: before > 0, after: None, progress: false })
        }
    }
}

fn count_progress(problem: Problem, came: u64) -> Problem {
    match problem {
        Problem::Fault { fault, again, after, .. } => Problem::Fault { fault, again, after, progress: came >= PROGRESS },
        fatal @ Problem::Fatal(_) => fatal,
    }
}

/// Reads a document of at most `limit` bytes.
pub(super) fn attempt_document(agents: &Agents, limit: u64, location: &Location, line: &Line) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let mut take = |piece: &[u8]| {
        bytes.extend_from_slice(piece);
        if bytes.len() as u64 > limit { Err(Problem::new(FetchFault::TooLong { limit })) } else { Ok(()) }
    };
    match location {
        Location::File(path) => {
            let file = fs::File::open(path).map_err(file_fault)?;
            each_piece(file, line, file_fault, &mut take)?;
        }
        Location::Web(location) => {
            let response = agents.get(location, &Wanted::default()).map_err(Problem::new)?;
            if response.status() != 200 {
                return Err(status_problem(&response));
            }
            each_piece(response.into_body().into_reader(), line, |error| Problem::new(FetchFault::Connection(Box::new(error))), &mut take)?;
        }
    }
    Ok(bytes)
}

fn fill_from_file(part: &mut Part, path: &Path, line: &Line) -> Result<(), Problem> {
    part.clear()?;
    let file = fs::File::open(path).map_err(file_fault)?;
    each_piece(file, line, file_fault, &mut |piece| append(part, piece, line))?;
    expect_whole(part)
}

fn file_fault(error: io::Error) -> Problem {
    Problem::new(FetchFault::File(error))
}

fn fill_from_web(agents: &Agents, part: &mut Part, location: &WebLocation, line: &Line) -> Result<(), Problem> {
    let url = location.url();
    let validator = part.validator(&url);
    let wanted = Wanted { from: part.length(), validator: validator.as_deref() };
    let response = agents.get(location, &wanted).map_err(Problem::new)?;
    match response.status().as_u16() {
        200 => part.clear()?,
        206 if goes_on(&response, part) => {}
        206 | 416 => {
            // What is here is longer than, or not the beginning of, what the server has.
            let again = part.length() > 0;
            part.clear()?;
            let fault = FetchFault::Status { code: response.status().as_u16() };
            return Err(Problem::Fault { fault, again, after: None, progress: false });
        }
        _ => return Err(status_problem(&response)),
    }
    check_announced(&response, part)?;
    part.set_validator(&url, strong_validator(&response));
    let received = each_piece(response.into_body().into_reader(), line, body_problem, &mut |piece| append(part, piece, line));
    match received {
        Err(Problem::Fault { fault: FetchFault::Truncated { .. }, .. }) => expect_whole(part),
        Err(problem) => Err(problem),
        Ok(()) => expect_whole(part),
    }
}

fn goes_on(response: &Response<Body>, part: &Part) -> bool {
    content_range(response).is_some_and(|(first, total)| first == part.length() && total.is_none_or(|total| total == part.size()))
}

/// What a server will give must be what is missing: an error page that calls itself a success ends here.
fn check_announced(response: &Response<Body>, part: &Part) -> Result<(), Problem> {
    let Some(announced) = response.body().content_length() else { return Ok(()) };
    let missing = part.size() - part.length();
    if announced == missing {
        Ok(())
    } else {
        Err(Problem::new(FetchFault::Size { announced: part.length().saturating_add(announced), size: part.size() }))
    }
}

/// `If-Range` takes a strong ETag, or a date.
fn strong_validator(response: &Response<Body>) -> Option<String> {
    let etag = header(response, &ETAG).filter(|etag| !etag.starts_with("W/"));
    etag.or_else(|| header(response, &LAST_MODIFIED)).map(str::to_owned)
}

fn status_problem(response: &Response<Body>) -> Problem {
    match Problem::new(FetchFault::Status { code: response.status().as_u16() }) {
        Problem::Fault { fault, again, progress, .. } => Problem::Fault { fault, again, after: retry_after(response), progress },
        fatal @ Problem::Fatal(_) => fatal,
    }
}

fn body_problem(error: io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Problem::new(FetchFault::Truncated { received: 0, size: 0 }),
        _ => Problem::new(FetchFault::Connection(Box::new(error))),
    }
}

fn append(part: &mut Part, piece: &[u8], line: &Line) -> Result<(), Problem> {
    if part.size() - part.length() < piece.len() as u64 {
        let limit = part.size();
        part.clear()?;
        return Err(Problem::new(FetchFault::TooLong { limit }));
    }
    line.bytes(part.append(piece)?);
    Ok(())
}

fn expect_whole(part: &Part) -> Result<(), Problem> {
    if part.length() == part.size() {
        Ok(())
    } else {
        Err(Problem::new(FetchFault::Truncated { received: part.length(), size: part.size() }))
    }
}

/// Reads to the end, unless somebody ends it before.
fn each_piece(
    mut input: impl Read,
    line: &Line,
    failed: impl Fn(io::Error) -> Problem,
    take: &mut dyn FnMut(&[u8]) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let mut buffer = vec![0; BUFFER];
    loop {
        line.check().map_err(|stopped: FetchError| Problem::Fatal(stopped))?;
        let read = input.read(&mut buffer).map_err(&failed)?;
        if read == 0 {
            return Ok(());
        }
        take(&buffer[..read])?;
    }
}
