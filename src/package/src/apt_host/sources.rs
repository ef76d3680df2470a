//! sources.list(5), in both of its forms.

use super::HostSource;

/// The one-line form: `deb [options] uri suite component…`.
pub(super) fn parse_list(text: &str) -> Vec<HostSource> {
    text.lines().filter_map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<HostSource> {
    let line = line.split('#').next().unwrap_or_default().trim();
    let rest = line.strip_prefix("deb").filter(|rest| rest.starts_with([' ', '\t', '[']))?.trim_start();
    let (options, rest) = match rest.strip_prefix('[') {
        Some(options) => options.split_once(']')?,
        None => ("", rest),
    };
    let mut words = rest.split_ascii_whitespace().map(str::to_owned);
    let uri = words.next()?;
    let suite = words.next()?;
    let signed_by = options
        .split_ascii_whitespace()
        .filter_map(|option| option.split_once('='))
        .filter(|(name, _)| name.trim_end_matches(['+', '-']).eq_ignore_ascii_case("signed-by"))
        .flat_map(|(_, value)| value.split(',').map(str::to_owned));
    Some(HostSource {
        uri: without_slash(&uri),
        suites: vec![suite],
        components: words.collect(),
        signed_by: signed_by.collect(),
        enabled: true,
    })
}

/// The deb822 form: stanzas of fields.
pub(super) fn parse_stanzas(text: &str) -> Vec<HostSource> {
    let mut found = Vec::new();
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.lines().chain([""]) {
        if line.starts_with('#') {
            continue;
        }
        if line.trim().is_empty() {
            found.extend(stanza(&std::mem::take(&mut fields)));
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push('\n');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    found
}

fn stanza(fields: &[(String, String)]) -> Vec<HostSource> {
    let field = |name: &str| fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str());
    let words = |name: &str| field(name).split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>();
    if !words("types").iter().any(|kind| kind == "deb") {
        return Vec::new();
    }
    let disabled = ["no", "false", "without", "off", "disable", "0"].contains(&field("enabled").to_ascii_lowercase().as_str());
    let template = HostSource {
        uri: String::new(),
        suites: words("suites"),
        components: words("components"),
        signed_by: signed_by(field("signed-by")),
        enabled: !disabled,
    };
    words("uris").iter().map(|uri| HostSource { uri: without_slash(uri), ..template.clone() }).collect()
}

/// Key files and fingerprints; a key that is there in full is one word, its first line.
fn signed_by(value: &str) -> Vec<String> {
    if value.contains("-----BEGIN") {
        return value.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned).into_iter().collect();
    }
    value.split([',', ' ', '\n', '\t']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// apt-transport-mirror(1): a URI per line, and what it is good for behind a tab.
pub(super) fn parse_mirrors(text: &str) -> impl Iterator<Item = String> {
    let words = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_ascii_whitespace().next());
    words.map(without_slash)
}

fn without_slash(uri: &str) -> String {
    uri.trim_end_matches('/').to_owned()
}
