// Promise: `token/unprintable`
use doorward::{
    core::{Reset, SystemEntropy, Token},
    operate::Bind,
};

fn store(_: &dyn Bind) {}

fn main() {
    let token = Token::<Reset>::mint(&SystemEntropy);
    store(&token.digest());
    store(&token);
    store(token.expose());
    let _ = serde_json::to_string(&token);
}
