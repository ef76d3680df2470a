//! apt.conf(5): values by name. `#include` and `#clear` are not followed.

use std::collections::BTreeMap;

/// What apt's configuration files say, the last one winning. Names are compared without case.
#[derive(Debug, Default)]
pub(super) struct Configuration {
    values: BTreeMap<String, String>,
}

impl Configuration {
    /// The value of a lower-case name, `acquire::http::proxy`.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Names that begin so, without their beginning, and their values.
    pub(super) fn below<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let pairs = self.values.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        pairs.filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value)))
    }

    /// Takes a file's settings; what isn't understood is passed over.
    pub(super) fn read(&mut self, text: &str) {
        let mut scopes: Vec<String> = Vec::new();
        let mut words: Vec<String> = Vec::new();
        for token in tokens(text) {
            let scope = scopes.last().map_or("", String::as_str);
            match token {
                Token::Word(word) => words.push(word),
                Token::Open => {
                    let name = joined(scope, words.first().map_or("", String::as_str));
                    scopes.push(name);
                    words.clear();
                }
                Token::End | Token::Close => {
                    if let [name, value] = words.as_slice() {
                        self.values.insert(joined(scope, name), value.clone());
                    }
                    words.clear();
                    if token == Token::Close {
                        scopes.pop();
                    }
                }
            }
        }
    }
}

fn joined(scope: &str, name: &str) -> String {
    let name = name.to_ascii_lowercase();
    if scope.is_empty() { name } else { format!("{scope}::{name}") }
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Open,
    Close,
    End,
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '{' => (Some(Token::Open), 1),
            '}' => (Some(Token::Close), 1),
            ';' => (Some(Token::End), 1),
            '"' => {
                let length = rest[1..].find('"').unwrap_or(rest.len() - 1);
                (Some(Token::Word(rest[1..=length].to_owned())), (length + 2).min(rest.len()))
            }
            '#' => (None, line(rest)),
            _ if rest.starts_with("//") => (None, line(rest)),
            _ if rest.starts_with("/*") => (None, rest.find("*/").map_or(rest.len(), |end| end + 2)),
            _ if first.is_whitespace() => (None, first.len_utf8()),
            _ => {
                let length = rest.find(|next: char| next.is_whitespace() || "{};\"".contains(next)).unwrap_or(rest.len());
                (Some(Token::Word(rest[..length].to_owned())), length)
            }
        };
        tokens.extend(token);
        rest = &rest[length..];
    }
    tokens
}

fn line(text: &str) -> usize {
    text.find('\n').unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(text: &str, name: &str) -> Option<String> {
        let mut configuration = Configuration::default();
        configuration.read(text);
        configuration.get(name).map(str::to_owned)
    }

    #[test]
    fn both_ways_to_nest_mean_the_same() {
        for text in [
            "Acquire::http::Proxy \"http://p:1\";",
            "Acquire { http { Proxy \"http://p:1\"; }; };",
            "acquire::HTTP\n{\n\tproxy \"http://p:1\";\n}",
            "Acquire { http::Proxy http://p:1; }",
            "/* Acquire::http::Proxy \"x\"; */ Acquire::http::Proxy \"http://p:1\"; // Acquire::http::Proxy \"y\";",
            "Acquire::http::Proxy \"x\";\n# a comment; with { signs \"\nAcquire::http::Proxy \"http://p:1\";",
            "APT { List { \"a\"; \"b\"; }; };\nAcquire::http::Proxy \"http://p:1\";",
        ] {
            assert_eq!(get(text, "acquire::http::proxy").as_deref(), Some("http://p:1"), "{text}");
        }
    }

    #[test]
    fn a_slash_in_a_word_begins_no_comment() {
        assert_eq!(get("Dir::Cache /var//cache;", "dir::cache").as_deref(), Some("/var//cache"));
    }

    #[test]
    fn broken_texts_end() {
        for text in ["\"", "a \"", "{{{", "}}}", "/*", "a b", "é { \"ü", ";;;"] {
            assert_eq!(get(text, "x"), None, "{text}");
        }
    }
}
