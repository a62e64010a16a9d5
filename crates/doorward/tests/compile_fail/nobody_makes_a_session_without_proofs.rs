// Promise: `ladder/proofs-only`
use doorward::ladder::Done;
use doorward::sessions::open;

fn main() {}
