//! What a mirror does wrong when a case asks for it.

/// One way to answer badly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// This status and no file.
    Status(u16),
    /// The connection ends after so many bytes of the body.
    Cut(u64),
    /// One bit of the byte at this position is wrong; the length is right.
    Alter(u64),
    /// Another file altogether.
    Replace(Vec<u8>),
    /// The body's bytes come this slowly, per second.
    Slow(u64),
}

/// For which paths, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// A part of the path.
    pub path: String,
    /// What happens.
    pub fault: Fault,
    /// How many times; none means always.
    pub times: Option<u32>,
}

impl Rule {
    /// A fault that happens each time.
    #[must_use]
    pub fn always(path: &str, fault: Fault) -> Self {
        Self { path: path.to_owned(), fault, times: None }
    }

    /// A fault that happens the first time only.
    #[must_use]
    pub fn once(path: &str, fault: Fault) -> Self {
        Self { path: path.to_owned(), fault, times: Some(1) }
    }
}

/// The fault of the first rule that holds for a path, which then has happened once more.
pub(crate) fn next_fault(rules: &mut [Rule], path: &str) -> Option<Fault> {
    let rule = rules.iter_mut().find(|rule| path.contains(&rule.path) && rule.times != Some(0))?;
    rule.times = rule.times.map(|times| times - 1);
    Some(rule.fault.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_happens_as_often_as_said() {
        let mut rules = [Rule::once("a.deb", Fault::Status(503)), Rule::always(".deb", Fault::Cut(1))];
        assert_eq!(next_fault(&mut rules, "pool/a.deb"), Some(Fault::Status(503)));
        assert_eq!(next_fault(&mut rules, "pool/a.deb"), Some(Fault::Cut(1)));
        assert_eq!(next_fault(&mut rules, "pool/a.txt"), None);
    }
}
