//! Where the search for messages that break a plugin's worker begins: one of each kind.

/// Messages by name.
pub(crate) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("ready", frame(r#"{"Ready":{"plans":true,"builds":false}}"#, b"")),
        ("refused", frame(r#"{"Refused":"no such symbol"}"#, b"")),
        ("returned", frame(r#"{"Returned":-1}"#, br#"{"message":"no","hint":null,"cause":null}"#)),
        ("install", frame(r#"{"Call":"Install"}"#, b"")),
        ("read", frame(r#"{"Call":{"Read":"/etc/passwd"}}"#, b"")),
        ("write", frame(r#"{"Call":{"Write":{"path":"/etc/a","mode":420}}}"#, b"content")),
        ("run", frame(r#"{"Call":{"Run":{"program":"/bin/true","arguments":[],"environment":[],"input":[]}}}"#, b"")),
        ("two", [frame(r#"{"Call":{"Log":"one"}}"#, b""), frame(r#"{"Call":"Cancelled"}"#, b"")].concat()),
    ]
}

fn frame(header: &str, body: &[u8]) -> Vec<u8> {
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
    [&length(header.as_bytes())[..], &length(body), header.as_bytes(), body].concat()
}
