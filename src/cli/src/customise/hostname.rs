use super::CustomiseError;
use super::edit::Editor;

/// Writes `/etc/hostname`, and the name's line in `/etc/hosts`, so that it resolves without a network.
pub(super) fn set(editor: &mut Editor<'_>, name: &str) -> Result<(), CustomiseError> {
    editor.rewrite(b"/etc/hostname", format!("{name}\n").into_bytes(), 0o644)?;
    let hosts = editor.read(b"/etc/hosts")?.unwrap_or_else(|| b"127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n".to_vec());
    editor.rewrite(b"/etc/hosts", hosts_with(&hosts, name), 0o644)
}

/// 127.0.1.1 is where Debian puts a name that has no address of its own.
fn hosts_with(hosts: &[u8], name: &str) -> Vec<u8> {
    let own = match name.split_once('.') {
        Some((short, _)) => format!("127.0.1.1 {name} {short}"),
        None => format!("127.0.1.1 {name}"),
    };
    let mut lines: Vec<&[u8]> = hosts.split(|byte| *byte == b'\n').filter(|line| address(line) != b"127.0.1.1").collect();
    while lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    let place = lines.iter().position(|line| address(line) == b"127.0.0.1").map_or(lines.len(), |position| position + 1);
    lines.insert(place, own.as_bytes());
    let mut text = lines.join(&b'\n');
    text.push(b'\n');
    text
}

fn address(line: &[u8]) -> &[u8] {
    line.split(u8::is_ascii_whitespace).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_has_one_line_after_localhost() {
        let hosts = b"# mine\n127.0.0.1\tlocalhost\n127.0.1.1\told\n::1 localhost\n";
        let expected = "# mine\n127.0.0.1\tlocalhost\n127.0.1.1 web.example web\n::1 localhost\n";
        assert_eq!(String::from_utf8(hosts_with(hosts, "web.example")).unwrap(), expected);
        assert_eq!(hosts_with(b"", "web"), b"127.0.1.1 web\n");
    }
}
