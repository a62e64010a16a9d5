// Promise: `token/unprintable`
use doorward_core::{Reset, Secret, Session, SystemEntropy, Token};

fn main() {
    let token = Token::<Session>::mint(&SystemEntropy);
    println!("{token:?}");
    println!("{token}");
    let _copy = token.clone();
    let link = Token::<Reset>::mint(&SystemEntropy);
    let _equal = link == link;
    println!("{:?}", Secret::new(Vec::new()));
}
