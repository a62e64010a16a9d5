// Promise: `audit/no-secrets`
use doorward::{
    Doorward,
    core::{Reset, Token, password::Guess},
    operate::{Recorded, note},
};

async fn noted(doorward: &Doorward, token: Token<Reset>, guess: Guess, read: Recorded) {
    let _ = note(doorward, token).await;
    let _ = note(doorward, guess).await;
    let _ = note(doorward, read).await;
    let _ = note(doorward, "a word of one's own").await;
}

fn main() {}
