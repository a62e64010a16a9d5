//! The texts of secrets and of new ids.

use doorward_core::{ClientId, ClientSecret, Entropy, Token};

/// The text of a secret, shown once.
pub struct ClientSecretText(Token<ClientSecret>);

impl ClientSecretText {
    /// Makes a new one.
    pub fn mint(entropy: &dyn Entropy) -> Self {
        Self(Token::mint(entropy))
    }

    /// Reads one: the prefix, and a token.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Token::parse(text.strip_prefix(PREFIX)?).map(Self)
    }

    pub(super) fn token(&self) -> &Token<ClientSecret> {
        &self.0
    }

    /// Gives the text to the one answer that carries it.
    pub fn reveal(self) -> String {
        format!("{PREFIX}{}", self.0.reveal())
    }
}

/// Makes up the name of a client: 60 random bits, in small letters of base32.
pub(super) fn new_id(entropy: &dyn Entropy) -> ClientId {
    let mut bytes = [0; 12];
    entropy.fill(&mut bytes);
    let letters: String = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    format!("app-{letters}").parse().expect("such a text is the name of a client")
}

/// Tells scanners of source code and logs what they have found.
const PREFIX: &str = "dws_";
/// RFC 4648 section 6.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
