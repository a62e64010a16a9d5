//! What travels and what rests: a [`Token`] is given to a person once; only its [`Digest`] is ever stored.
//!
//! Both carry the kind of thing they open, so a reset link cannot be redeemed as a session, neither in Rust (another
//! type) nor in the database (another digest of the same bytes).
//!
//! - `token/kinds-apart`: A token of one kind opens nothing of another kind, in Rust or in the database.
//! - `token/one-spelling`: A token has one spelling; anything else is refused, never a panic.
//! - `token/unprintable`: A token cannot be printed, copied, serialised or stored.

use std::marker::PhantomData;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::{Entropy, secret::same};

/// What a token opens.
pub trait Kind: Send + Sync + 'static {
    /// The name that is mixed into every digest of this kind; changing it invalidates all stored digests.
    const NAME: &'static str;
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub enum $kind {}
        impl Kind for $kind {
            const NAME: &'static str = $name;
        }
    )*};
}

kinds! {
    /// A link that lets its holder set a new password.
    Reset = "doorward/reset";
    /// A link that completes a sign-up.
    Signup = "doorward/signup";
    /// A link that confirms a changed mail address.
    EmailChange = "doorward/email-change";
    /// A link that lets the owner of an address join a tenant.
    Invitation = "doorward/invitation";
    /// The secret inside a session cookie.
    Session = "doorward/session";
    /// What a client exchanges for tokens after a person has let it in.
    AuthorizationCode = "doorward/authorization-code";
    /// Names an authorization request that a client has left with us beforehand.
    PushedRequest = "doorward/pushed-request";
    /// What a device polls with until a person has let it in.
    DeviceCode = "doorward/device-code";
    /// What a client renews its access with.
    Refresh = "doorward/refresh";
    /// What a program without a person proves itself with.
    ApiKey = "doorward/api-key";
    /// What a confidential client proves itself with.
    ClientSecret = "doorward/client-secret";
    /// What goes to a provider with a person and comes back with them.
    ProviderState = "doorward/provider-state";
    /// What the browser keeps in which somebody was sent to a provider.
    ProviderBrowser = "doorward/provider-browser";
}

/// A bearer value of 256 random bits on its way to or from a person.
///
/// It has no `Debug`, `Display`, `Clone` or `Serialize` and cannot be bound to a database statement. [`Token::reveal`]
/// gives the text away by value, once.
pub struct Token<K: Kind> {
    bytes: Zeroizing<[u8; 32]>,
    kind: PhantomData<K>,
}

impl<K: Kind> Token<K> {
    /// Makes a new token.
    pub fn mint(entropy: &dyn Entropy) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        entropy.fill(bytes.as_mut_slice());
        Self { bytes, kind: PhantomData }
    }

    /// Reads a token from text: 43 characters of unpadded base64url (RFC 4648 section 5) in canonical form.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        // The decoder wants room for a full last group and refuses stray trailing bits, so one token has one spelling.
        let mut room = Zeroizing::new([0; 33]);
        let length = (text.len() == 43).then(|| URL_SAFE_NO_PAD.decode_slice(text, room.as_mut_slice()).ok())??;
        (length == 32).then(|| bytes.copy_from_slice(&room[..32]))?;
        Some(Self { bytes, kind: PhantomData })
    }

    /// Restores a token from the raw bytes inside a sealed cookie.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self { bytes: Zeroizing::new(bytes), kind: PhantomData }
    }

    /// Lends the raw bytes to the code that seals them into a cookie.
    pub fn expose(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// Computes what may be stored.
    pub fn digest(&self) -> Digest<K> {
        Digest::of(self.bytes.as_slice())
    }

    /// Gives the text to the one letter or cookie that carries it.
    pub fn reveal(self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes.as_slice())
    }
}

/// The SHA-256 of a token under its kind's name; it opens nothing.
///
/// A fast hash is enough for 256 random bits (ASVS 5.0 6.5.2).
pub struct Digest<K: Kind> {
    bytes: [u8; 32],
    kind: PhantomData<K>,
}

impl<K: Kind> Digest<K> {
    /// Restores a digest from its stored bytes; `None` when they are not 32.
    pub fn stored(bytes: &[u8]) -> Option<Self> {
        Some(Self { bytes: bytes.try_into().ok()?, kind: PhantomData })
    }

    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Tells in constant time whether both are the digest of one token.
    pub fn matches(&self, other: &Self) -> bool {
        same(&self.bytes, &other.bytes)
    }

    fn of(token: &[u8]) -> Self {
        let hash = Sha256::new().chain_update(K::NAME).chain_update([0]).chain_update(token);
        Self { bytes: hash.finalize().into(), kind: PhantomData }
    }
}
