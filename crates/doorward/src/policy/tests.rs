//! What policy promises.
