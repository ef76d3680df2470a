use rootfs_package::fetch::{FetchError, FetchOptions, Fetcher, Proxies, Route};
use rootfs_package::observer::Silent;
use rootfs_package::store::Store;

use crate::server::{Reply, Server};
use crate::{body, fetch_with, options};

#[test]
fn a_proxy_is_asked_for_the_whole_url() {
    let proxy = Server::start(|_| Reply::whole(&body()));
    let directory = tempfile::tempdir().unwrap();
    let through = Route::Proxy(proxy.url.replace("http://", "http://me:s%65cret@"));
    let options = FetchOptions { proxies: Proxies { http: Some(through), ..Proxies::default() }, ..options() };
    let urls = ["http://mirror.invalid:8080/debian/thing".to_owned()];
    fetch_with(options, &Store::open(directory.path()).unwrap(), &Silent, &urls).unwrap();
    let requests = proxy.requests();
    assert_eq!(requests[0].target, "http://mirror.invalid:8080/debian/thing");
    assert_eq!(requests[0].header("host"), Some("mirror.invalid:8080"));
    assert_eq!(requests[0].header("proxy-authorization"), Some("Basic bWU6c2VjcmV0"));
}

#[test]
fn a_proxy_is_passed_by_where_it_must_be() {
    let server = Server::start(|_| Reply::whole(&body()));
    let nowhere = Some(Route::Proxy("http://127.0.0.1:9".to_owned()));
    for proxies in [
        Proxies { http: nowhere.clone(), no_proxy: vec!["127.0.0.1".to_owned()], ..Proxies::default() },
        Proxies { http: nowhere, hosts: [("127.0.0.1".to_owned(), Route::Direct)].into(), ..Proxies::default() },
    ] {
        let directory = tempfile::tempdir().unwrap();
        let urls = [format!("{}/thing", server.url)];
        fetch_with(FetchOptions { proxies, ..options() }, &Store::open(directory.path()).unwrap(), &Silent, &urls).unwrap();
    }
    assert_eq!(server.requests()[0].target, "/thing");
}

#[test]
fn a_proxy_that_is_none_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let proxies = Proxies { https: Some(Route::Proxy("http://".to_owned())), ..Proxies::default() };
    let error = Fetcher::new(&store, FetchOptions { proxies, ..options() }, &Silent).unwrap_err();
    assert!(matches!(error, FetchError::Proxy { .. }), "{error:?}");
}
