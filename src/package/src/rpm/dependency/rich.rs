//! Rich dependencies: `(A and B)`, `(A or B)`, `(A if B else C)`, `(A unless B else C)`, `(A with B)`, `(A without B)`, in parentheses within each other.
//!
//! The grammar is rpm's (doc/manual/boolean_dependencies.md); a chain has one operator only, and `if` and `unless` are not chained.

use super::{Operator, Sense};

/// Deeper than any that is of use, and nothing to the stack.
const DEEPEST: usize = 32;

/// More operands than any that is of use, and nothing to the stack either.
const MOST_OPERANDS: usize = 512;

/// What a rich dependency says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RichSyntax {
    /// One dependency.
    Plain {
        /// What it asks for.
        name: String,
        /// In which versions: `[EPOCH:]VERSION[-RELEASE]`.
        range: Option<(Sense, String)>,
    },
    /// Two of them; chains are joined from the right.
    Joined {
        /// How.
        operator: Operator,
        /// Before the word.
        left: Box<RichSyntax>,
        /// Behind it.
        right: Box<RichSyntax>,
    },
}

/// A text in parentheses that is no dependency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a dependency: {reason}")]
pub struct RichError {
    /// As read, its beginning.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// Reads a dependency in parentheses.
///
/// # Errors
/// When it is malformed.
pub fn parse_rich(text: &str) -> Result<RichSyntax, RichError> {
    let refuse = |reason| RichError { text: text.chars().take(200).collect(), reason };
    let mut reader = Reader { rest: text, operands: 0 };
    let syntax = reader.group(DEEPEST).map_err(refuse)?;
    if reader.rest.is_empty() { Ok(syntax) } else { Err(refuse("there is more behind its last parenthesis")) }
}

struct Reader<'a> {
    rest: &'a str,
    /// How many were read, of all groups.
    operands: usize,
}

impl Reader<'_> {
    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start_matches(' ');
    }

    fn take(&mut self, sign: char) -> bool {
        let rest = self.rest.strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// `(OPERAND [WORD OPERAND]…)`
    fn group(&mut self, depth: usize) -> Result<RichSyntax, &'static str> {
        let depth = depth.checked_sub(1).ok_or("its parentheses are nested too deeply")?;
        if !self.take('(') {
            return Err("it doesn't begin with a parenthesis");
        }
        let mut operands = vec![self.operand(depth)?];
        let mut operators: Vec<Operator> = Vec::new();
        loop {
            self.skip_spaces();
            if self.take(')') {
                break;
            }
            let next = self.operator()?;
            if !may_follow(&operators, next) {
                return Err("its words can't be mixed without parentheses");
            }
            operators.push(next);
            operands.push(self.operand(depth)?);
        }
        join(operands, operators).ok_or("it is empty")
    }

    fn operator(&mut self) -> Result<Operator, &'static str> {
        let (word, rest) = self.rest.split_once(' ').ok_or("it has no last parenthesis")?;
        let operator = Operator::ALL.into_iter().find(|operator| operator.word() == word);
        self.rest = rest;
        operator.ok_or("a word in it is none of and, or, if, unless, else, with, without")
    }

    fn operand(&mut self, depth: usize) -> Result<RichSyntax, &'static str> {
        self.skip_spaces();
        self.operands += 1;
        if self.operands > MOST_OPERANDS {
            return Err("it has too many parts");
        }
        if self.rest.starts_with('(') {
            return self.group(depth);
        }
        let name = self.word()?;
        self.skip_spaces();
        let signs = self.rest.len() - self.rest.trim_start_matches(['<', '=', '>']).len();
        let (signs, rest) = self.rest.split_at(signs);
        let Some(sense) = Sense::from_signs(signs) else { return Ok(RichSyntax::Plain { name, range: None }) };
        self.rest = rest;
        self.skip_spaces();
        let version = self.word()?;
        let version = version.strip_prefix("0:").filter(|rest| !rest.is_empty()).map_or(version.clone(), str::to_owned);
        Ok(RichSyntax::Plain { name, range: Some((sense, version)) })
    }

    /// Up to a space or comma, or to a parenthesis that isn't opened in it: `libc.so.6(GLIBC_2.4)(64bit)`.
    fn word(&mut self) -> Result<String, &'static str> {
        let mut open = 0_usize;
        let end = self.rest.bytes().position(|byte| match byte {
            b' ' | b',' => true,
            b'(' => {
                open += 1;
                false
            }
            b')' if open == 0 => true,
            b')' => {
                open -= 1;
                false
            }
            _ => false,
        });
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        if word.is_empty() { Err("a name or a version is missing in it") } else { Ok(word.to_owned()) }
    }
}

/// Whether a chain may go on so.
fn may_follow(chain: &[Operator], next: Operator) -> bool {
    match chain {
        [] => next != Operator::Else,
        [Operator::If | Operator::Unless] => next == Operator::Else,
        [.., Operator::If | Operator::Unless] => false,
        [.., Operator::Without] | [.., Operator::Else] => false,
        [.., last] => *last == next,
    }
}

fn join(mut operands: Vec<RichSyntax>, operators: Vec<Operator>) -> Option<RichSyntax> {
    let mut joined = operands.pop()?;
    for operator in operators.into_iter().rev() {
        joined = RichSyntax::Joined { operator, left: Box::new(operands.pop()?), right: Box::new(joined) };
    }
    Some(joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_ones_are_refused() {
        let deep = format!("{}a{}", "(".repeat(40), ")".repeat(40));
        for text in [
            "",
            "a",
            "(",
            "()",
            "(a",
            "(a)b",
            "(a and)",
            "(a and b or c)",
            "(a if b if c)",
            "(a else b)",
            "(a xor b)",
            "(a >= )",
            "(a,b)",
            &deep,
            "(a if b else c else d)",
            "(a without b without c)",
        ] {
            assert!(parse_rich(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_may_have_parentheses() {
        let RichSyntax::Joined { operator: Operator::If, left, right } =
            parse_rich("(libc.so.6(GLIBC_2.4)(64bit) >= 0:1 if glibc(x86-64))").unwrap()
        else {
            panic!()
        };
        let range = Sense::from_signs(">=").map(|sense| (sense, "1".to_owned()));
        assert_eq!(*left, RichSyntax::Plain { name: "libc.so.6(GLIBC_2.4)(64bit)".to_owned(), range });
        assert_eq!(*right, RichSyntax::Plain { name: "glibc(x86-64)".to_owned(), range: None });
    }

    #[test]
    fn long_chains_are_no_matter() {
        assert!(parse_rich(&format!("(a{})", " or b".repeat(500))).is_ok());
        assert!(parse_rich(&format!("(a{})", " or b".repeat(512))).is_err());
    }
}
