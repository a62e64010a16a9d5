// Promise: `access/proof`
use doorward::{Authorized, InTenant, Member, RecentMember, core::TenantId};

doorward::permissions! {
    /// Looks at invoices.
    InvoicesRead = "invoices:read";
    /// Changes them.
    InvoicesWrite = "invoices:write";
}

fn change_invoices(_: &Authorized<InvoicesWrite>) {}

fn invoices_of(_: InTenant) {}

/// One permission is not another.
fn reads(member: Member<InvoicesRead>) {
    change_invoices(member.authorized());
}

/// An id from somewhere is no tenant that somebody was let into.
fn from_a_path(id: TenantId) {
    invoices_of(id);
    invoices_of(InTenant(id));
}

/// A membership is not made, and a proof is not filled in.
fn forged(id: TenantId, member: Member<InvoicesRead>) {
    let _ = Authorized::<InvoicesRead> { tenant: InTenant(id), ..member.authorized().clone() };
    let _ = Member::<InvoicesWrite> { ..member };
    let _ = Authorized::<InvoicesRead>::default();
    let _ = InTenant::from(id);
}

/// A member is not one who proved themselves lately.
fn promoted(member: Member<InvoicesRead>) -> RecentMember<InvoicesRead> {
    RecentMember(member)
}

fn main() {}
