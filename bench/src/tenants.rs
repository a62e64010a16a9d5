//! Tenants for the people of [`sessions`], as many memberships as were asked for; every row follows from its number.

use doorward::core::{AccountId, TenantId};
use rusqlite::{Transaction, params};

use crate::{
    failure::Outcome,
    sessions::{self, Numbered, SESSIONS_PER_ACCOUNT},
    setup::Setup,
};

/// How many tenants and memberships there are, and how many people they are of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Town {
    pub(crate) tenants: u64,
    pub(crate) memberships: u64,
}

/// How many tenants a person belongs to.
pub(crate) const TENANTS_OF_A_PERSON: u64 = 10;

impl Town {
    /// Finds or makes the database.
    pub(crate) async fn prepared(self, smtp_port: u16) -> Outcome<Setup> {
        let name = format!("tenants-{}-{}", self.tenants, self.memberships);
        sessions::prepared_with(&name, self.people() * SESSIONS_PER_ACCOUNT, smtp_port, |tx| self.fill(tx)).await
    }

    pub(crate) fn people(self) -> u64 {
        self.memberships / TENANTS_OF_A_PERSON
    }

    /// The tenant of membership number `number`: the person's first, second and so on are far apart.
    pub(crate) fn tenant_of(self, number: u64) -> u64 {
        let (person, nth) = (number / TENANTS_OF_A_PERSON, number % TENANTS_OF_A_PERSON);
        (person + nth * (self.tenants / TENANTS_OF_A_PERSON)) % self.tenants
    }

    /// Whose membership it is.
    pub(crate) fn person_of(self, number: u64) -> AccountId {
        sessions::account(number / TENANTS_OF_A_PERSON)
    }

    fn fill(self, transaction: &Transaction<'_>) -> Outcome {
        let mut tenant = transaction.prepare(
            "INSERT INTO tenants (id, slug, name, open_role, entitlements, created_at) VALUES (?1, ?2, ?3, NULL, '', ?4)",
        )?;
        for number in 0..self.tenants {
            let at = sessions::moment(number).as_micros();
            tenant.execute(params![id(number).to_string(), slug(number), format!("Tenant {number}"), at])?;
        }
        let mut membership = transaction.prepare(
            "INSERT INTO memberships (tenant, account, roles, is_owner, entitlements, joined_at) VALUES (?1, ?2, ?3, ?4, '', ?5)",
        )?;
        for number in 0..self.memberships {
            let (tenant, at) = (self.tenant_of(number), sessions::moment(number).as_micros());
            let (role, is_owner) =
                if number / TENANTS_OF_A_PERSON < self.tenants { ("owner", 1) } else { ("member", 0) };
            membership.execute(params![
                id(tenant).to_string(),
                self.person_of(number).to_string(),
                role,
                is_owner,
                at
            ])?;
        }
        Ok(())
    }
}

/// The name of tenant number `number` in addresses.
pub(crate) fn slug(number: u64) -> String {
    format!("tenant-{number:06}")
}

fn id(number: u64) -> TenantId {
    TenantId::new(sessions::moment(number), &Numbered(number))
}
