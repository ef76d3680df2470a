//! Fetching, against a server that does what mirrors do on bad days.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may end where it likes, and looks at files behind the library's back"
)]

mod proxies;
mod server;

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rootfs_package::fetch::{Download, FetchError, FetchFault, FetchOptions, Fetcher};
use rootfs_package::observer::{Event, Observer, Silent};
use rootfs_package::store::Store;
use rootfs_tree::Digest;
use server::{Reply, Server};
use sha2::Digest as _;

/// Keeps what it is told.
#[derive(Default)]
struct Record {
    lines: Mutex<Vec<String>>,
    bytes: Mutex<u64>,
    cancelled: AtomicBool,
}

impl Observer for Record {
    fn event(&self, event: Event<'_>) {
        let line = match event {
            Event::Bytes(count) => {
                *self.bytes.lock().unwrap() += count;
                return;
            }
            Event::Expect { items, bytes } => format!("expect {items} {bytes}"),
            Event::Item(name) => format!("item {name}"),
            Event::Note(text) => format!("note {text}"),
            other => format!("{other:?}"),
        };
        self.lines.lock().unwrap().push(line);
    }

    fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

fn body() -> Vec<u8> {
    (0..300_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24).to_le_bytes()[0]).collect()
}

fn sha256(bytes: &[u8]) -> Digest {
    Digest(sha2::Sha256::digest(bytes).into())
}

fn download(urls: &[String]) -> Download {
    Download { name: "thing".to_owned(), urls: urls.to_vec(), size: body().len() as u64, sha256: sha256(&body()) }
}

fn options() -> FetchOptions {
    FetchOptions {
        attempts: 3,
        backoff: Duration::from_millis(10),
        longest_wait: Duration::from_millis(100),
        timeout: Duration::from_secs(5),
        ..FetchOptions::default()
    }
}

fn fetch_with(options: FetchOptions, store: &Store, observer: &dyn Observer, urls: &[String]) -> Result<(), FetchError> {
    Fetcher::new(store, options, observer).unwrap().fetch(&[download(urls)]).map(drop)
}

/// Fetches from one server into an empty store.
fn fetch(server: &Server) -> Result<(), FetchError> {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let result = fetch_with(options(), &store, &Silent, &[format!("{}/thing", server.url)]);
    assert_eq!(result.is_ok(), store.contains(&sha256(&body()), Some(body().len() as u64)));
    if result.is_ok() {
        assert_eq!(std::fs::read(store.blob(&sha256(&body()))).unwrap(), body());
        assert_eq!(count(&directory.path().join("parts")), 0);
    }
    assert_eq!(count(&directory.path().join("tmp")), 0);
    result
}

fn count(directory: &Path) -> usize {
    std::fs::read_dir(directory).unwrap().count()
}

fn fault(result: Result<(), FetchError>) -> (FetchFault, u32) {
    match result {
        Err(FetchError::Failed { source, attempts, .. }) => (*source, attempts),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_file_comes_once_and_is_told_of() {
    let server = Server::start(|_| Reply::whole(&body()));
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let record = Record::default();
    let urls = [format!("{}/thing", server.url)];
    fetch_with(options(), &store, &record, &urls).unwrap();
    assert_eq!(*record.lines.lock().unwrap(), ["expect 1 300000", "item thing"]);
    assert_eq!(*record.bytes.lock().unwrap(), 300_000);
    fetch_with(options(), &Store::open(directory.path()).unwrap(), &Silent, &urls).unwrap();
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_damaged_file_of_the_store_is_fetched_again() {
    let server = Server::start(|_| Reply::whole(&body()));
    let directory = tempfile::tempdir().unwrap();
    let urls = [format!("{}/thing", server.url)];
    fetch_with(options(), &Store::open(directory.path()).unwrap(), &Silent, &urls).unwrap();
    let store = Store::open(directory.path()).unwrap();
    let mut damaged = body();
    damaged[1000] ^= 1;
    std::fs::write(store.blob(&sha256(&body())), damaged).unwrap();
    fetch_with(options(), &store, &Silent, &urls).unwrap();
    assert_eq!(server.requests().len(), 2);
    assert_eq!(std::fs::read(store.blob(&sha256(&body()))).unwrap(), body());
}

#[test]
fn what_is_cut_off_goes_on_where_it_was() {
    let server = Server::start(|request| {
        let reply = Reply::ranged(request, &body(), "\"one\"");
        if request.number < 2 { Reply { cut: Some(100_000), ..reply } } else { reply }
    });
    fetch(&server).unwrap();
    let requests = server.requests();
    assert_eq!(requests.iter().map(server::Request::from).collect::<Vec<_>>(), [0, 100_000, 200_000]);
    assert_eq!(requests[2].header("if-range"), Some("\"one\""));
}

#[test]
fn another_process_goes_on_too() {
    let server = Server::start(|request| {
        let reply = Reply::ranged(request, &body(), "\"one\"");
        if request.number == 0 { Reply { cut: Some(100_000), ..reply } } else { reply }
    });
    let directory = tempfile::tempdir().unwrap();
    let urls = [format!("{}/thing", server.url)];
    let once = FetchOptions { attempts: 1, ..options() };
    let store = Store::open(directory.path()).unwrap();
    let (fault, _) = fault(fetch_with(once.clone(), &store, &Silent, &urls));
    assert!(matches!(fault, FetchFault::Truncated { received: 100_000, size: 300_000 }), "{fault:?}");
    assert!(!store.contains(&sha256(&body()), None));
    let record = Record::default();
    fetch_with(once, &Store::open(directory.path()).unwrap(), &record, &urls).unwrap();
    assert_eq!(server.requests()[1].from(), 100_000);
    assert_eq!(server.requests()[1].header("if-range"), Some("\"one\""));
    assert_eq!(*record.bytes.lock().unwrap(), 300_000);
    assert_eq!(count(&directory.path().join("parts")), 0);
}

#[test]
fn a_file_that_changed_meanwhile_is_fetched_whole() {
    let server = Server::start(|request| match request.number {
        0 => Reply { cut: Some(100_000), ..Reply::ranged(request, &vec![7; 300_000], "\"old\"") },
        _ => Reply::ranged(request, &body(), "\"new\""),
    });
    fetch(&server).unwrap();
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_part_of_another_file_is_dropped_and_the_url_tried_again() {
    let server = Server::start(|request| match request.number {
        0 => Reply { cut: Some(100_000), ..Reply::ranged(request, &vec![7; 300_000], "\"same\"") },
        _ => Reply::ranged(request, &body(), "\"same\""),
    });
    fetch(&server).unwrap();
    assert_eq!(server.requests().iter().map(server::Request::from).collect::<Vec<_>>(), [0, 100_000, 0]);
}

#[test]
fn a_server_without_ranges_starts_again() {
    let server = Server::start(|request| match request.number {
        0 => Reply { cut: Some(100_000), ..Reply::whole(&body()) },
        _ => Reply::whole(&body()),
    });
    fetch(&server).unwrap();
}

#[test]
fn a_range_that_is_refused_starts_again() {
    let server = Server::start(|request| match request.number {
        0 => Reply { cut: Some(100_000), ..Reply::whole(&body()) },
        1 => Reply::status(416),
        _ => Reply::whole(&body()),
    });
    fetch(&server).unwrap();
    assert_eq!(server.requests()[2].from(), 0);
}

#[test]
fn wrong_bytes_are_refused_at_once() {
    let server = Server::start(|_| Reply::whole(&vec![7; 300_000]));
    let (fault, attempts) = fault(fetch(&server));
    assert!(matches!(fault, FetchFault::Hash { found, .. } if found == sha256(&vec![7; 300_000])), "{fault:?}");
    assert_eq!((attempts, server.requests().len()), (1, 1));
}

#[test]
fn the_next_mirror_is_asked_and_the_user_told() {
    let bad = Server::start(|_| Reply::whole(&vec![7; 300_000]));
    let missing = Server::start(|_| Reply::status(404));
    let good = Server::start(|_| Reply::whole(&body()));
    let directory = tempfile::tempdir().unwrap();
    let record = Record::default();
    let urls = [&bad, &missing, &good].map(|server| format!("{}/thing", server.url));
    fetch_with(options(), &Store::open(directory.path()).unwrap(), &record, &urls).unwrap();
    let lines = record.lines.lock().unwrap();
    assert!(lines[1].starts_with(&format!("note can't fetch thing from {} in 1 attempt: its SHA-256 is ", urls[0])), "{lines:?}");
    assert!(lines[2].contains("404"), "{lines:?}");
    assert_eq!(*record.bytes.lock().unwrap(), 300_000);
}

#[test]
fn a_server_in_trouble_is_asked_again_when_it_says() {
    let server = Server::start(|request| match request.number {
        0 => Reply { headers: vec![("Retry-After", "3600".to_owned())], ..Reply::status(503) },
        1 => Reply::status(429),
        _ => Reply::whole(&body()),
    });
    let start = Instant::now();
    fetch(&server).unwrap();
    assert!((Duration::from_millis(100)..Duration::from_secs(20)).contains(&start.elapsed()), "{:?}", start.elapsed());
}

#[test]
fn attempts_end() {
    let server = Server::start(|_| Reply::status(500));
    let (fault, attempts) = fault(fetch(&server));
    assert!(matches!(fault, FetchFault::Status { code: 500 }));
    assert_eq!((attempts, server.requests().len()), (3, 3));
}

#[test]
fn what_is_not_there_is_not_asked_for_again() {
    let server = Server::start(|_| Reply::status(404));
    let error = fetch(&server).unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(error.to_string(), format!("can't fetch thing from {}/thing in 1 attempt", server.url));
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn other_lengths_are_refused_before_they_come() {
    for length in [1, 299_999, 300_001] {
        let server = Server::start(move |_| Reply::whole(&vec![7; length]));
        let (fault, _) = fault(fetch(&server));
        assert!(matches!(fault, FetchFault::Size { announced, size: 300_000 } if announced == length as u64), "{fault:?}");
    }
}

#[test]
fn what_goes_on_and_on_is_cut_off() {
    let server = Server::start(|_| Reply { chunked: true, ..Reply::whole(&vec![7; 400_000]) });
    let (fault, _) = fault(fetch(&server));
    assert!(matches!(fault, FetchFault::TooLong { limit: 300_000 }), "{fault:?}");
}

#[test]
fn an_unannounced_length_is_fine() {
    fetch(&Server::start(|_| Reply { chunked: true, ..Reply::whole(&body()) })).unwrap();
}

#[test]
fn redirects_are_followed_so_far() {
    let near = Server::start(|request| match request.target.as_str() {
        "/thing" => Reply { headers: vec![("Location", "other/place".to_owned())], ..Reply::status(302) },
        "/other/place" => Reply::whole(&body()),
        _ => Reply::status(404),
    });
    fetch(&near).unwrap();
    let round = Server::start(|_| Reply { headers: vec![("Location", "/thing".to_owned())], ..Reply::status(301) });
    let (fault, _) = fault(fetch(&round));
    assert!(matches!(fault, FetchFault::Redirects { limit: 10 }), "{fault:?}");
    assert_eq!(round.requests().len(), 11);
    assert_eq!(round.connections(), 1);
}

#[test]
fn redirects_to_files_are_not_followed() {
    let server = Server::start(|_| Reply { headers: vec![("Location", "file:///etc/passwd".to_owned())], ..Reply::status(302) });
    let (fault, _) = fault(fetch(&server));
    assert!(matches!(fault, FetchFault::Redirect { .. }), "{fault:?}");
}

#[test]
fn nobody_listens() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://user:secret@{}/thing", listener.local_addr().unwrap());
    drop(listener);
    let directory = tempfile::tempdir().unwrap();
    let error = fetch_with(options(), &Store::open(directory.path()).unwrap(), &Silent, &[url]).unwrap_err();
    assert!(!error.to_string().contains("secret"), "{error}");
    assert!(error.hint().is_some());
    let (fault, attempts) = fault(Err(error));
    assert!(matches!(fault, FetchFault::Connection(_)), "{fault:?}");
    assert_eq!(attempts, 3);
}

#[test]
fn a_dead_mirror_is_asked_once_for_many_files() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let dead = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let good = Server::start(|request| Reply::whole(request.target.as_bytes()));
    let downloads: Vec<_> = (0..20)
        .map(|n| {
            let path = format!("/{n}");
            let urls = [&dead, &good.url].map(|server| format!("{server}{path}"));
            Download { name: path.clone(), urls: urls.into(), size: path.len() as u64, sha256: sha256(path.as_bytes()) }
        })
        .collect();
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let record = Record::default();
    let options = FetchOptions { connections: 1, ..options() };
    Fetcher::new(&store, options, &record).unwrap().fetch(&downloads).unwrap();
    let lines = record.lines.lock().unwrap();
    assert_eq!(lines.iter().filter(|line| line.starts_with("note")).count(), 1, "{lines:?}");
    assert_eq!(good.connections(), 1);
}

#[test]
fn many_files_come_at_the_same_time() {
    let server = Server::start(|request| Reply { pause: Duration::from_millis(200), ..Reply::whole(request.target.as_bytes()) });
    let downloads: Vec<_> = (0..16)
        .map(|n| {
            let path = format!("/{n}");
            Download { urls: vec![format!("{}{path}", server.url)], size: path.len() as u64, sha256: sha256(path.as_bytes()), name: path }
        })
        .collect();
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let start = Instant::now();
    Fetcher::new(&store, options(), &Silent).unwrap().fetch(&[downloads.clone(), downloads].concat()).unwrap();
    // One after the other they would take 3.2 s.
    assert!(start.elapsed() < Duration::from_millis(2500), "{:?}", start.elapsed());
    assert_eq!(server.requests().len(), 16);
    assert!(server.connections() <= 8, "{}", server.connections());
}

#[test]
fn a_user_who_goes_need_not_wait() {
    let server = Server::start(|_| Reply { pause: Duration::from_secs(60), ..Reply::whole(&body()) });
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let record = Record::default();
    let urls = [format!("{}/thing", server.url)];
    let (result, waited) = std::thread::scope(|scope| {
        let fetching = scope.spawn(|| fetch_with(options(), &store, &record, &urls));
        while server.requests().is_empty() {
            std::thread::sleep(Duration::from_millis(5));
        }
        record.cancelled.store(true, Ordering::Relaxed);
        let start = Instant::now();
        (fetching.join().unwrap(), start.elapsed())
    });
    assert!(matches!(result, Err(FetchError::Cancelled)), "{result:?}");
    assert!(waited < Duration::from_millis(200), "{waited:?}");
}

#[test]
fn silence_is_not_waited_for_long() {
    let server = Server::start(|_| Reply { pause: Duration::from_secs(60), ..Reply::whole(&body()) });
    let directory = tempfile::tempdir().unwrap();
    let options = FetchOptions { timeout: Duration::from_millis(300), attempts: 2, ..options() };
    let start = Instant::now();
    let urls = [format!("{}/thing", server.url)];
    let (fault, attempts) = fault(fetch_with(options, &Store::open(directory.path()).unwrap(), &Silent, &urls));
    assert!(matches!(fault, FetchFault::Connection(_)), "{fault:?}");
    assert_eq!(attempts, 2);
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn without_a_network_nothing_is_asked() {
    let server = Server::start(|_| Reply::whole(&body()));
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let offline = FetchOptions { offline: true, ..options() };
    let urls = [format!("{}/thing", server.url)];
    let error = fetch_with(offline.clone(), &store, &Silent, &urls).unwrap_err();
    assert!(matches!(&error, FetchError::Offline { missing } if *missing == ["thing"]), "{error:?}");
    assert_eq!(server.requests().len(), 0);
    fetch_with(options(), &store, &Silent, &urls).unwrap();
    fetch_with(offline, &store, &Silent, &urls).unwrap();
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn files_of_this_machine_need_no_network() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&directory.path().join("store")).unwrap();
    let offline = FetchOptions { offline: true, ..options() };
    let path = directory.path().join("a thing");
    let urls = [format!("file://{}", path.display()).replace(' ', "%20")];
    assert!(fetch_with(offline.clone(), &store, &Silent, &urls).unwrap_err().is_not_found());
    for (content, good) in [(vec![7; 300_000], false), (vec![7; 299_999], false), (vec![7; 300_001], false), (body(), true)] {
        std::fs::write(&path, content).unwrap();
        assert_eq!(fetch_with(offline.clone(), &store, &Silent, &urls).is_ok(), good);
    }
}

#[test]
fn documents_are_kept_for_later() {
    let server = Server::start(|request| match request.number {
        0 => Reply::whole(b"first"),
        1 => Reply::whole(b"second"),
        _ => Reply::status(404),
    });
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let url = format!("{}/InRelease", server.url);
    let urls = [url.clone()];
    let online = Fetcher::new(&store, options(), &Silent).unwrap();
    let offline = Fetcher::new(&store, FetchOptions { offline: true, ..options() }, &Silent).unwrap();
    assert!(matches!(offline.document(&urls, 100), Err(FetchError::Offline { .. })));
    assert_eq!(online.document(&urls, 100).unwrap(), (b"first".to_vec(), url.clone()));
    assert_eq!(offline.document(&urls, 100).unwrap(), (b"first".to_vec(), url.clone()));
    assert_eq!(online.document(&urls, 100).unwrap(), (b"second".to_vec(), url.clone()));
    assert_eq!(offline.document(&urls, 100).unwrap(), (b"second".to_vec(), url));
    assert!(online.document(&urls, 100).unwrap_err().is_not_found());
}

#[test]
fn documents_have_a_limit_and_a_second_mirror() {
    let long = Server::start(|_| Reply { chunked: true, ..Reply::whole(&[7; 101]) });
    let good = Server::start(|_| Reply::whole(&[7; 100]));
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let fetcher = Fetcher::new(&store, options(), &Silent).unwrap();
    let urls = [&long, &good].map(|server| format!("{}/x", server.url));
    assert_eq!(fetcher.document(&urls, 100).unwrap(), (vec![7; 100], urls[1].clone()));
    let error = fetcher.document(&urls[..1], 100).unwrap_err();
    let (fault, _) = fault(Err(error));
    assert!(matches!(fault, FetchFault::TooLong { limit: 100 }), "{fault:?}");
}

#[test]
fn two_builds_fetch_the_same_at_once() {
    let server = Server::start(|_| Reply { pause: Duration::from_millis(100), ..Reply::whole(&body()) });
    let directory = tempfile::tempdir().unwrap();
    let urls = [format!("{}/thing", server.url)];
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| fetch_with(options(), &Store::open(directory.path()).unwrap(), &Silent, &urls).unwrap());
        }
    });
    let store = Store::open(directory.path()).unwrap();
    assert!(store.contains(&sha256(&body()), Some(300_000)));
    assert_eq!((count(&directory.path().join("parts")), count(&directory.path().join("tmp"))), (0, 0));
}

#[test]
fn a_store_that_cannot_be_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = Store::open(&file.join("store")).unwrap_err();
    assert!(error.hint().is_some(), "{error:?}");
    assert!(error.to_string().starts_with("can't write `"), "{error}");
}
