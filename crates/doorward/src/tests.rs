//! What is written down about this crate, held against the code.

mod golden;
mod matrix;
mod openapi;
mod work;
