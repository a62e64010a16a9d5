// Promise: `access/proof`
use doorward::{Authorized, Member};

doorward::permissions! {
    /// Looks at invoices.
    InvoicesRead = "invoices:read";
}

/// A proof has no field that anybody else fills in, and a guard is not made of its parts.
fn forged(member: Member<InvoicesRead>, other: Authorized<InvoicesRead>) {
    let _ = Authorized::<InvoicesRead> { account: other.account(), ..other.clone() };
    let _ = Member::<InvoicesRead> { authorized: other, ..member };
}

fn main() {}
