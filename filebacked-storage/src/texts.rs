//! [`Texts`]: many strings in one buffer.

/// Strings as they come out of a file: their bytes one after another, not yet checked to be UTF-8.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Texts {
    /// The bytes of all strings.
    pub bytes: Vec<u8>,
    /// Where each string ends in `bytes`; the next one starts there.
    pub ends: Vec<usize>,
}

impl Texts {
    /// Appends a string.
    pub fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len());
    }

    /// The bytes of the strings one by one.
    pub fn cells(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let cell = self.bytes.get(start..*end).unwrap_or_default();
            start = *end;
            cell
        })
    }
}

/// The strings one by one, if all of them are UTF-8.
pub fn text_pieces(texts: &Texts) -> Option<Vec<&str>> {
    let mut start = 0;
    let piece = |end: &usize| {
        let piece = texts.bytes.get(start..*end)?;
        start = *end;
        std::str::from_utf8(piece).ok()
    };
    texts.ends.iter().map(piece).collect()
}
