//! What is written down about this crate, held against the code.

mod cross_use;
mod forged_tokens;
mod golden;
mod matrix;
mod openapi;
mod work;
