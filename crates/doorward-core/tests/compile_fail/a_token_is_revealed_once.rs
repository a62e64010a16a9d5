// Promise: `token/unprintable`
use doorward_core::{Reset, SystemEntropy, Token};

fn main() {
    let token = Token::<Reset>::mint(&SystemEntropy);
    let _letter = token.reveal();
    let _log_line = token.reveal();
}
