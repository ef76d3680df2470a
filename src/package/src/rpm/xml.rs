//! XML as repositories use it, read as a stream: elements, attributes, text, and the five entities that XML itself has.
//!
//! Whatever else XML can do is refused: document types of its own (and with them every entity that could grow), deep nesting, and single tags or texts of a
//! size that no repository needs. Memory is bounded by the largest of those, not by the file.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, BufRead, Read};

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use super::MetadataFault;

/// A tag, or the text before it. The longest in Fedora's repositories is a description of some 20 KiB.
const LONGEST: usize = 4 << 20;

/// Repositories have six levels.
const DEEPEST: usize = 32;

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// An element begins: [`Xml::name`], [`Xml::attribute`].
    Open,
    /// One ends: [`Xml::leaf`] has gone beyond it already.
    Close,
    /// The file ends.
    End,
}

/// A reader of XML.
pub(super) struct Xml<R> {
    reader: Reader<Bounded<R>>,
    buffer: Vec<u8>,
    /// The last start tag: `name attribute="value" …`.
    tag: String,
    /// How long its name is.
    name: usize,
    text: String,
    depth: usize,
    /// What the record being read calls itself, for errors.
    within: String,
}

impl<R: BufRead> Xml<R> {
    /// Reads a root element of this name, and stands in it.
    pub(super) fn new(reader: R, root: &str) -> Result<Self, MetadataFault> {
        let mut reader = Reader::from_reader(Bounded { reader, taken: 0 });
        reader.config_mut().expand_empty_elements = true;
        let (buffer, tag, text) = (Vec::new(), String::new(), String::new());
        let mut xml = Self { reader, buffer, tag, name: 0, text, depth: 0, within: String::new() };
        match xml.step()? {
            Step::Open if xml.name() == root => Ok(xml),
            _ => Err(xml.refuse(&format!("it is not a file of `{root}`"))),
        }
    }

    /// Goes on to the next tag.
    pub(super) fn step(&mut self) -> Result<Step, MetadataFault> {
        self.text.clear();
        loop {
            self.buffer.clear();
            self.reader.get_mut().taken = 0;
            let event = self.reader.read_event_into(&mut self.buffer);
            let found = match event {
                Ok(event) => take(event, &mut self.tag, &mut self.name, &mut self.text),
                Err(quick_xml::Error::Io(source)) => {
                    let source = io::Error::new(source.kind(), source.to_string());
                    return Err(MetadataFault::Read { offset: self.reader.buffer_position(), source });
                }
                Err(error) => Err(Cow::Owned(error.to_string())),
            };
            if self.buffer.len().max(self.text.len()) > LONGEST {
                return Err(self.refuse("a tag or a text in it is too long"));
            }
            match found {
                Ok(None) => {}
                Ok(Some(step)) => return self.enter(step),
                Err(reason) => return Err(self.refuse(&reason)),
            }
        }
    }

    fn enter(&mut self, step: Step) -> Result<Step, MetadataFault> {
        match step {
            Step::Open => self.depth += 1,
            Step::Close => self.depth = self.depth.saturating_sub(1),
            Step::End if self.depth > 0 => return Err(self.refuse("it ends too early")),
            Step::End => {}
        }
        if self.depth > DEEPEST { Err(self.refuse("its elements are nested too deeply")) } else { Ok(step) }
    }

    /// The name of the element that began last.
    pub(super) fn name(&self) -> &str {
        self.tag.get(..self.name).unwrap_or_default()
    }

    /// Gives each attribute of the element that began last to `each`, in their order; one that occurs twice is given twice.
    pub(super) fn attributes<E>(&self, mut each: impl FnMut(&str, &str) -> Result<(), E>) -> Result<Result<(), E>, MetadataFault> {
        // Its own search for duplicates is quadratic.
        let tag = BytesStart::from_content(self.tag.as_str(), self.name);
        for attribute in tag.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| self.refuse(&error.to_string()))?;
            let (Ok(key), Ok(value)) = (str::from_utf8(attribute.key.as_ref()), str::from_utf8(&attribute.value)) else {
                return Err(self.refuse(NOT_UTF8));
            };
            let value = unescape(value).map_err(|error| self.refuse(&error.to_string()))?;
            if let Err(error) = each(key, &value) {
                return Ok(Err(error));
            }
        }
        Ok(Ok(()))
    }

    /// One attribute of the element that began last.
    pub(super) fn attribute(&self, wanted: &str) -> Result<Option<String>, MetadataFault> {
        let mut found = None;
        let unique =
            self.attributes(|key, value| if key == wanted && found.replace(value.to_owned()).is_some() { Err(()) } else { Ok(()) })?;
        unique.map_err(|()| self.refuse(&format!("its attribute `{wanted}` is there twice")))?;
        Ok(found)
    }

    /// The text of the element that began last, which has no elements in it; afterwards it has ended.
    pub(super) fn leaf(&mut self) -> Result<&str, MetadataFault> {
        match self.step()? {
            Step::Close => Ok(self.text.trim()),
            _ => Err(self.refuse("an element is where only text is meant to be")),
        }
    }

    /// A number that is the text of the element that began last.
    pub(super) fn leaf_number(&mut self) -> Result<u64, MetadataFault> {
        let text = self.leaf()?;
        let number = text.parse().ok();
        number.ok_or_else(|| self.refuse("a number is missing in it, or is none"))
    }

    /// Leaves out the rest of the element that began last.
    pub(super) fn skip(&mut self) -> Result<(), MetadataFault> {
        let mut open = 1_usize;
        while open > 0 {
            match self.step()? {
                Step::Open => open += 1,
                Step::Close => open -= 1,
                Step::End => break,
            }
        }
        Ok(())
    }

    /// Goes to the next element in the one that began last; none when that one ends.
    pub(super) fn child(&mut self) -> Result<bool, MetadataFault> {
        Ok(self.step()? == Step::Open)
    }

    /// From here on errors say that they are in this.
    pub(super) fn set_within(&mut self, within: &str) {
        within.clone_into(&mut self.within);
    }

    /// An error with its place.
    pub(super) fn refuse(&self, reason: &str) -> MetadataFault {
        let reason = reason.chars().take(300).collect();
        MetadataFault::Malformed { offset: self.reader.buffer_position(), within: self.within.clone(), reason }
    }
}

impl<R> fmt::Debug for Xml<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Xml").field("tag", &self.tag).field("within", &self.within).finish_non_exhaustive()
    }
}

const NOT_UTF8: &str = "it is not UTF-8";

/// Keeps what an event says; none when reading goes on.
fn take(event: Event<'_>, tag: &mut String, name: &mut usize, text: &mut String) -> Result<Option<Step>, Cow<'static, str>> {
    let utf8 = |bytes| str::from_utf8(bytes).map_err(|_not| Cow::Borrowed(NOT_UTF8));
    match event {
        Event::Start(start) => {
            *name = start.name().as_ref().len();
            tag.clear();
            tag.push_str(utf8(&start)?);
            Ok(Some(Step::Open))
        }
        Event::End(_) => Ok(Some(Step::Close)),
        Event::Eof => Ok(Some(Step::End)),
        Event::Text(part) => {
            text.push_str(utf8(&part)?);
            Ok(None)
        }
        Event::CData(part) => {
            text.push_str(utf8(&part)?);
            Ok(None)
        }
        Event::GeneralRef(reference) => {
            let reference = format!("&{};", utf8(&reference)?);
            text.push_str(&unescape(&reference).map_err(|error| Cow::Owned(error.to_string()))?);
            Ok(None)
        }
        // Groups name a document type, which is never fetched; one written out may have entities that grow.
        Event::DocType(kind) if kind.contains(&b'[') => Err(Cow::Borrowed("it has a document type of its own, which no repository needs")),
        Event::DocType(_) | Event::Empty(_) | Event::Decl(_) | Event::PI(_) | Event::Comment(_) => Ok(None),
    }
}

/// Ends with an error when one tag or text takes more than it may.
#[derive(Debug)]
struct Bounded<R> {
    reader: R,
    taken: usize,
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken > LONGEST {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "a tag or a text in it is too long"));
        }
        self.reader.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.taken += amount;
        self.reader.consume(amount);
    }
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let amount = self.fill_buf()?.read(buffer)?;
        self.consume(amount);
        Ok(amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(Step, String)>, MetadataFault> {
        let mut xml = Xml::new(text.as_bytes(), "r")?;
        let mut steps = Vec::new();
        loop {
            match xml.step()? {
                Step::Open => steps.push((Step::Open, format!("{} {:?}", xml.name(), xml.attribute("k")?))),
                Step::Close => steps.push((Step::Close, xml.text.clone())),
                Step::End => return Ok(steps),
            }
        }
    }

    #[test]
    fn elements_attributes_and_texts_are_read() {
        let steps = read("<?xml version=\"1.0\"?><!DOCTYPE r PUBLIC \"-//X\" \"x.dtd\"><!-- x --><r><a k='1 &lt;&#65;'>b &amp; <![CDATA[<c>]]></a><p:e/></r>\n").unwrap();
        let shown: Vec<_> = steps.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(shown, ["a Some(\"1 <A\")", "b & <c>", "p:e None", "", ""]);
    }

    #[test]
    fn what_no_repository_needs_is_refused() {
        let deep = format!("<r>{}", "<a>".repeat(40));
        let huge = format!("<r><a k='{}'/></r>", "x".repeat(LONGEST));
        for bad in [
            "",
            "<s/>",
            "<r>",
            "<r><a></r>",
            "<r></s>",
            "<r>&x;</r>",
            "<r k='1' k='2'>&#0;</r>",
            "<r><a k=\"&x;\"/></r>",
            "<r><a k=\"1\" k=\"2\"/></r>",
            "<r><a k=1/></r>",
            "<!DOCTYPE r [<!ENTITY x \"y\">]><r>&x;</r>",
            "<r/><r/",
            &deep,
            &huge,
        ] {
            assert!(read(bad).is_err(), "{}", &bad[..bad.len().min(80)]);
        }
    }
}
