//! Whether the memberships that count as owners' are those of the role that the settings call so.

use super::store;
use crate::{base::db::Durability, context::Context, error::Fault};

/// What came of holding the memberships against `policy.owner`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    /// Every owner has the role, and nobody else.
    AsTheyWere,
    /// The setting was another one before; so many memberships have become owners', or no longer are.
    Changed(u64),
    /// So many tenants that have an owner would be left without one; nothing was changed.
    WouldLeaveAlone(i64),
}

/// Makes those the owners who have the owner's role by the settings of today, in all tenants or in none.
///
/// Who is an owner stands in its own column, so that the last one is found by an index; the column was written by the settings
/// of that day, whose role is kept beside it. So a start reads one row, and the memberships only when that role is another.
pub(crate) async fn settle_owners(cx: &Context) -> Result<Settled, Fault> {
    let owner = cx.policy().owner();
    if store::owner_role(&cx.db).await?.as_deref() == Some(owner.as_str()) {
        return Ok(Settled::AsTheyWere);
    }
    let mut tx = cx.db.begin(Durability::Full).await?;
    if store::lock_owner_role(&mut tx).await? == owner.as_str() {
        // Another node was faster.
        return Ok(Settled::AsTheyWere);
    }
    // In pieces, because a database answers each statement within its time or not at all.
    let newest = store::newest(&mut tx).await?;
    let pieces = || (0..newest).step_by(PIECE).map(|after| (after, after + PIECE as i64));
    for piece in pieces() {
        store::lock_where_owners_differ(&mut tx, owner, piece).await?;
    }
    let alone = store::count_left_alone(&mut tx, owner).await?;
    if alone > 0 {
        return Ok(Settled::WouldLeaveAlone(alone));
    }
    let mut changed = 0;
    for piece in pieces() {
        changed += store::set_owners(&mut tx, owner, piece).await?;
    }
    store::set_owner_role(&mut tx, owner).await?;
    tx.commit().await?;
    Ok(if changed == 0 { Settled::AsTheyWere } else { Settled::Changed(changed) })
}

/// Memberships that one statement looks at.
const PIECE: usize = 20_000;
