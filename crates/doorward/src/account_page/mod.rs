//! What a person sees of their own account, and where they change it. It owns no table; it shows what others keep.
//!
//! - `account_page/own`: The page shows the account of the session, and nobody else's.
//! - `account_page/escapes`: What somebody typed is shown as text, whatever it looks like.

pub(crate) mod http;

#[cfg(test)]
mod tests;
