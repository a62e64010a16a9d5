// Promise: `guard/every-route-guarded`, `attempts/paid-before`
use doorward::attempts::Spent;
use doorward::guard::Routes;
use doorward::passwords::check;

fn main() {}
