use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use rootfs_plugin::{RpmRepository, RpmSource};
use sha2::{Digest as _, Sha256};

use super::{Index, fetch_index};
use crate::fetch::{FetchOptions, Fetcher};
use crate::observer::Silent;
use crate::store::Store;

/// A web server of these files; its URL.
fn serve(files: BTreeMap<String, Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut first, mut line) = (String::new(), String::from("x"));
            let _asked = reader.read_line(&mut first);
            while !line.trim().is_empty() {
                line.clear();
                if reader.read_line(&mut line).unwrap_or(0) == 0 {
                    break;
                }
            }
            let path = first.split(' ').nth(1).unwrap_or_default();
            let answer = match files.get(path) {
                Some(body) => {
                    [format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len()).as_bytes(), body].concat()
                }
                None => b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec(),
            };
            let _sent = stream.write_all(&answer);
        }
    });
    url
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn repomd(primary: &[u8]) -> Vec<u8> {
    format!(
        "<repomd xmlns=\"http://linux.duke.edu/metadata/repo\"><revision>1</revision><data type=\"primary\"><checksum type=\"sha256\">{}</checksum>\
         <location href=\"repodata/primary.xml\"/><size>{}</size></data></repomd>",
        hex(primary),
        primary.len()
    )
    .into_bytes()
}

fn metalink(repomd: &[u8], mirrors: &[String]) -> String {
    let urls: String =
        mirrors.iter().map(|mirror| format!("<url protocol=\"http\" preference=\"9\">{mirror}/repodata/repomd.xml</url>")).collect();
    format!(
        "<metalink version=\"3.0\" xmlns=\"http://www.metalinker.org/\"><files><file name=\"repomd.xml\"><size>{}</size><verification>\
         <hash type=\"sha256\">{}</hash></verification><resources>{urls}</resources></file></files></metalink>",
        repomd.len(),
        hex(repomd)
    )
}

fn through(mirrors: &[String], promised: &[u8], look: impl FnOnce(Result<Index<'_>, rootfs_plugin::BuildError>, &Fetcher<'_>, &Store)) {
    let directory = tempfile::tempdir().unwrap();
    let list = directory.path().join("metalink.xml");
    fs_err::write(&list, metalink(promised, mirrors)).unwrap();
    let source = RpmSource::Metalink(format!("file://{}", list.display()));
    let repository = RpmRepository { name: "fedora".to_owned(), mirrors: Vec::new(), source, keys: Vec::new() };
    let store = Store::open(&directory.path().join("store")).unwrap();
    let options =
        FetchOptions { attempts: 1, backoff: Duration::from_millis(1), timeout: Duration::from_secs(5), ..FetchOptions::default() };
    let fetcher = Fetcher::new(&store, options, &Silent).unwrap();
    look(fetch_index(&repository, &fetcher, 0), &fetcher, &store);
}

#[test]
fn a_mirror_that_lags_lies_or_is_gone_is_passed_over() {
    let primary = b"<metadata/>".to_vec();
    let good = repomd(&primary);
    let place = |name: &str| format!("/repodata/{name}");
    let lying = serve([(place("repomd.xml"), repomd(b"<other/>"))].into());
    let sound = serve([(place("repomd.xml"), good.clone()), (place("primary.xml"), primary.clone())].into());
    let mirrors = ["http://127.0.0.1:1".to_owned(), lying.clone(), sound];
    through(&mirrors, &good, |index, fetcher, store| {
        let index = index.unwrap();
        assert_eq!(index.bases.len(), 3);
        let mut read = Vec::new();
        index.open(index.repomd.file("primary").unwrap(), fetcher, store).unwrap().read_to_end(&mut read).unwrap();
        assert_eq!(read, primary);
    });
    through(&[lying], &good, |index, _, _| {
        let error = index.map(|index| index.bases).unwrap_err();
        assert_eq!(error.message, "can't get the index of the repository `fedora`");
        assert!(error.cause.unwrap().message.starts_with("none of its mirrors has the index"));
    });
}
