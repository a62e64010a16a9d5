// Promise: `guard/every-route-guarded`
use doorward::{Reauthenticated, SignedIn};

fn promoted(person: SignedIn) -> Reauthenticated {
    Reauthenticated(person)
}

fn kept(person: &SignedIn) -> SignedIn {
    let _ = &person.live;
    person.clone()
}

fn main() {
    let _ = SignedIn::default();
}
