// Promise: `token/kinds-apart`
use doorward_core::{Digest, Reset, Session, SystemEntropy, Token};

fn session_of(_: &Digest<Session>) {}

fn main() {
    let link = Token::<Reset>::mint(&SystemEntropy);
    session_of(&link.digest());
    let session = Token::<Session>::mint(&SystemEntropy);
    let _same = session.digest().matches(&link.digest());
}
