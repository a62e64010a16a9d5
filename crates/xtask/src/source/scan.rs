//! Splits Rust text into code, comments and string literals.

/// Holds Rust text, split into what the compiler acts on and what it does not.
pub(crate) struct RustText {
    /// The text with comments and the insides of literals blanked; offsets and lines are those of the original.
    pub(crate) code: String,
    /// Every comment with its marks, a run of `//` lines as one comment per line.
    pub(crate) comments: Vec<Passage>,
    /// Every string literal without its quotes.
    pub(crate) strings: Vec<Passage>,
    line_starts: Vec<usize>,
}

/// Holds a stretch of the text and where it begins.
pub(crate) struct Passage {
    /// The line on which it begins, counted from one.
    pub(crate) line: usize,
    /// The offset at which it begins.
    pub(crate) at: usize,
    /// What it says.
    pub(crate) text: String,
}

impl RustText {
    /// Scans a whole file.
    pub(crate) fn scan(text: &str) -> Self {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let mut found = Self { code: String::new(), comments: Vec::new(), strings: Vec::new(), line_starts };
        let mut code = text.as_bytes().to_vec();
        let mut at = 0;
        while at < text.len() {
            let piece = piece(text, at);
            let passage = Passage { line: found.line(at), at, text: text[piece.blank.clone()].to_owned() };
            blank(&mut code[piece.blank]);
            match piece.kind {
                Kind::Comment => found.comments.push(passage),
                Kind::Text => found.strings.push(passage),
                Kind::Code | Kind::Character => {}
            }
            at = piece.end;
        }
        found.code = String::from_utf8(code).expect("whole characters are blanked with spaces");
        found
    }

    /// Returns the line, counted from one, of an offset.
    pub(crate) fn line(&self, at: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= at)
    }
}

enum Kind {
    Code,
    Comment,
    Text,
    Character,
}

/// One lexical piece: what it is, what of it to blank, and where it ends.
struct Piece {
    kind: Kind,
    blank: std::ops::Range<usize>,
    end: usize,
}

fn piece(text: &str, at: usize) -> Piece {
    let rest = &text[at..];
    let first = rest.chars().next().expect("the scanner stops at the end of the text");
    if rest.starts_with("//") {
        let end = at + rest.find('\n').unwrap_or(rest.len());
        return Piece { kind: Kind::Comment, blank: at..end, end };
    }
    if rest.starts_with("/*") {
        let end = at + block_comment(rest);
        return Piece { kind: Kind::Comment, blank: at..end, end };
    }
    match first {
        '"' => quoted(text, at),
        '\'' => character(rest).map_or_else(
            || code(at + 1),
            |length| Piece { kind: Kind::Character, blank: at..at + length, end: at + length },
        ),
        _ if super::is_word(first) => word(text, at),
        _ => code(at + first.len_utf8()),
    }
}

fn code(end: usize) -> Piece {
    Piece { kind: Kind::Code, blank: end..end, end }
}

/// An identifier, a number, or the prefix of a literal such as `br#"…"#`.
fn word(text: &str, at: usize) -> Piece {
    let prefix = super::leading_word(&text[at..]);
    let end = at + prefix.len();
    let hashes = text[end..].len() - text[end..].trim_start_matches('#').len();
    let opens = text[end + hashes..].starts_with('"');
    match prefix {
        "r" | "br" | "cr" if opens => raw(text, end, hashes),
        "b" | "c" if opens && hashes == 0 => quoted(text, end),
        _ => code(end),
    }
}

fn raw(text: &str, at: usize, hashes: usize) -> Piece {
    let start = at + hashes + 1;
    let close = format!("\"{}", "#".repeat(hashes));
    let stop = text[start..].find(&close).map_or(text.len(), |length| start + length);
    Piece { kind: Kind::Text, blank: start..stop, end: (stop + close.len()).min(text.len()) }
}

fn quoted(text: &str, at: usize) -> Piece {
    let start = at + 1;
    let mut escaped = false;
    for (offset, character) in text[start..].char_indices() {
        match character {
            '"' if !escaped => {
                return Piece { kind: Kind::Text, blank: start..start + offset, end: start + offset + 1 };
            }
            _ => escaped = character == '\\' && !escaped,
        }
    }
    Piece { kind: Kind::Text, blank: start..text.len(), end: text.len() }
}

/// The length of a character literal, or nothing where the quote begins a lifetime or a label.
fn character(rest: &str) -> Option<usize> {
    let mut inner = rest[1..].chars();
    let first = inner.next()?;
    if first == '\\' {
        let close = rest.get(3..)?.find('\'')?;
        return Some(3 + close + 1);
    }
    (inner.next()? == '\'').then(|| 1 + first.len_utf8() + 1)
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

fn blank(bytes: &mut [u8]) {
    for byte in bytes.iter_mut().filter(|byte| **byte != b'\n') {
        *byte = b' ';
    }
}
