//! What operators promises.
