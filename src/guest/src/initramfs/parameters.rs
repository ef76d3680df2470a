/// The kernel's command line: `name` or `name=value`, apart by spaces that are not in double quotes.
#[derive(Debug)]
pub(super) struct Parameters(Vec<(String, Option<String>)>);

impl Parameters {
    pub(super) fn parse(text: &str) -> Self {
        let mut quoted = false;
        let words = text.split(|letter: char| {
            quoted ^= letter == '"';
            letter.is_whitespace() && !quoted
        });
        let split = |word: &str| match word.split_once('=') {
            Some((name, value)) => (unquoted(name), Some(unquoted(value))),
            None => (unquoted(word), None),
        };
        // What follows `--` is for init.
        Self(words.filter(|word| !word.is_empty()).take_while(|word| *word != "--").map(split).collect())
    }

    /// The last value that was given, as the kernel takes it.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(given, _)| given == name)?.1.as_deref()
    }

    /// Whether the first word was given after the second, or the second not at all.
    pub(super) fn prefers(&self, word: &str, other: &str) -> bool {
        let last = |name: &str| self.0.iter().rposition(|(given, value)| given == name && value.is_none());
        last(word) > last(other)
    }

    /// What `MODULE.parameter=value` says to a module, as finit_module(2) takes it. `-` and `_` are one in a module's name.
    pub(super) fn for_module(&self, module: &str) -> String {
        let plain = |name: &str| name.replace('-', "_");
        let options = self.0.iter().filter_map(|(name, value)| {
            let (_, parameter) = name.split_once('.').filter(|(of, _)| plain(of) == plain(module))?;
            Some(value.as_ref().map_or(parameter.to_owned(), |value| format!("{parameter}={value}")))
        });
        options.collect::<Vec<_>>().join(" ")
    }
}

fn unquoted(word: &str) -> String {
    word.replace('"', "")
}

#[cfg(test)]
mod tests {
    use super::Parameters;

    #[test]
    fn words_are_split_as_the_kernel_splits_them() {
        let parameters = Parameters::parse("root=/dev/vda1 quiet root=LABEL=\"a b\" rootflags= \"x=y z\" -- root=no\n");
        assert_eq!(parameters.value("root"), Some("LABEL=a b"));
        assert_eq!(parameters.value("rootflags"), Some(""));
        assert_eq!(parameters.value("x"), Some("y z"));
        assert_eq!(parameters.value("quiet"), None);
    }

    #[test]
    fn of_two_opposites_the_last_wins() {
        assert!(Parameters::parse("ro rw").prefers("rw", "ro"));
        assert!(!Parameters::parse("rw ro").prefers("rw", "ro"));
        assert!(!Parameters::parse("").prefers("rw", "ro"));
    }

    #[test]
    fn modules_get_their_own() {
        let parameters = Parameters::parse("virtio_mmio.device=4K@0x1:5 virtio-mmio.device=4K@0x2:6 other.x a.flag");
        assert_eq!(parameters.for_module("virtio_mmio"), "device=4K@0x1:5 device=4K@0x2:6");
        assert_eq!(parameters.for_module("a"), "flag");
        assert_eq!(parameters.for_module("b"), "");
    }
}
