//! What may go into a statement and come out of a row.

use std::{borrow::Cow, str::FromStr};

use bytes::BytesMut;
use doorward_core::{
    AccountId, ApiKeyId, ClientId, Digest, DomainName, EmailAddress, FamilyId, Handle, InvitationId, Kind, PlanName,
    ProviderName, RoleName, SessionId, Slug, TenantId, Timestamp, password::PasswordHash,
};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::error::Fault;

/// A value that may be stored. Plaintext secrets do not implement this: a `Token` cannot be bound, its `Digest` can. Nor do
/// bytes as such, because those of a token are bytes too.
pub trait Bind {
    /// The value as the engines take it.
    fn value(&self) -> Value<'_>;
}

/// What both engines store.
#[derive(Debug, PartialEq)]
pub enum Value<'a> {
    /// No value.
    Null,
    /// A 64-bit integer.
    Int(i64),
    /// Text.
    Text(Cow<'a, str>),
    /// Bytes.
    Bytes(Cow<'a, [u8]>),
}

impl<'a> Value<'a> {
    /// Bytes that lie elsewhere.
    pub fn bytes(bytes: &'a [u8]) -> Self {
        Self::Bytes(Cow::Borrowed(bytes))
    }

    /// The value for as long as anybody needs it.
    pub(super) fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Int(int) => Value::Int(int),
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Bytes(bytes) => Value::Bytes(Cow::Owned(bytes.into_owned())),
        }
    }
}

/// A question with one answer at most: which row by which key, and how to read it.
pub(crate) struct Query<T> {
    pub(super) sql: &'static str,
    pub(super) key: Value<'static>,
    pub(super) map: fn(&Row<'_>) -> Result<T, Fault>,
}

impl<T> Query<T> {
    /// Asks for the row that `sql` selects by `key`, its only parameter.
    pub(crate) fn new(
        sql: &'static str,
        key: impl Into<Value<'static>>,
        map: fn(&Row<'_>) -> Result<T, Fault>,
    ) -> Self {
        Self { sql, key: key.into(), map }
    }
}

impl From<SessionId> for Value<'static> {
    fn from(id: SessionId) -> Self {
        Self::Int(id.as_i64())
    }
}

impl From<AccountId> for Value<'static> {
    fn from(id: AccountId) -> Self {
        Self::Text(Cow::Owned(id.to_string()))
    }
}

impl Bind for Value<'_> {
    fn value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Int(int) => Value::Int(*int),
            Self::Text(text) => Value::Text(Cow::Borrowed(text)),
            Self::Bytes(bytes) => Value::bytes(bytes),
        }
    }
}

macro_rules! bind {
    ($($type:ty: |$it:ident| $value:expr;)*) => {$(
        impl Bind for $type {
            fn value(&self) -> Value<'_> {
                let $it = self;
                $value
            }
        }
    )*};
}

bind! {
    i64: |int| Value::Int(*int);
    str: |text| Value::Text(Cow::Borrowed(text));
    &str: |text| Value::Text(Cow::Borrowed(text));
    String: |text| Value::Text(Cow::Borrowed(text));
    Timestamp: |time| Value::Int(time.as_micros());
    SessionId: |id| (*id).into();
    AccountId: |id| (*id).into();
    TenantId: |id| Value::Text(Cow::Owned(id.to_string()));
    InvitationId: |id| Value::Text(Cow::Owned(id.to_string()));
    FamilyId: |id| Value::Text(Cow::Owned(id.to_string()));
    ApiKeyId: |id| Value::Text(Cow::Owned(id.to_string()));
    ClientId: |id| Value::Text(Cow::Borrowed(id.as_str()));
    Handle: |handle| Value::bytes(handle.as_bytes());
    Slug: |slug| Value::Text(Cow::Borrowed(slug.as_str()));
    RoleName: |role| Value::Text(Cow::Borrowed(role.as_str()));
    ProviderName: |name| Value::Text(Cow::Borrowed(name.as_str()));
    PlanName: |plan| Value::Text(Cow::Borrowed(plan.as_str()));
    DomainName: |domain| Value::Text(Cow::Borrowed(domain.as_str()));
    EmailAddress: |email| Value::Text(Cow::Borrowed(email.as_str()));
    PasswordHash: |hash| Value::Text(Cow::Borrowed(hash.as_phc()));
}

impl<K: Kind> Bind for Digest<K> {
    fn value(&self) -> Value<'_> {
        Value::bytes(self.as_bytes())
    }
}

impl<T: Bind> Bind for Option<T> {
    fn value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, Bind::value)
    }
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::ValueRef;
        Ok(rusqlite::types::ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(int) => ValueRef::Integer(*int),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(int) => int.to_sql_checked(ty, out),
            Self::Text(text) => text.to_sql_checked(ty, out),
            Self::Bytes(bytes) => bytes.as_ref().to_sql_checked(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// One row of an answer, on either engine.
pub enum Row<'a> {
    /// A row of SQLite.
    Sqlite(&'a rusqlite::Row<'a>),
    /// A row of PostgreSQL.
    Postgres(&'a tokio_postgres::Row),
}

impl Row<'_> {
    /// Reads column `index`; a value of another type or shape is a fault, never a default.
    pub fn get<T: Column>(&self, index: usize) -> Result<T, Fault> {
        T::read(self, index)
    }

    fn int(&self, index: usize) -> Result<Option<i64>, Fault> {
        match self {
            Self::Sqlite(row) => row.get(index).map_err(unreadable),
            Self::Postgres(row) => row.try_get(index).map_err(unreadable),
        }
    }

    fn text(&self, index: usize) -> Result<Option<&str>, Fault> {
        match self {
            Self::Sqlite(row) => row.get_ref(index).map_err(unreadable)?.as_str_or_null().map_err(unreadable),
            Self::Postgres(row) => row.try_get(index).map_err(unreadable),
        }
    }

    fn bytes(&self, index: usize) -> Result<Option<&[u8]>, Fault> {
        match self {
            Self::Sqlite(row) => row.get_ref(index).map_err(unreadable)?.as_blob_or_null().map_err(unreadable),
            Self::Postgres(row) => row.try_get(index).map_err(unreadable),
        }
    }
}

/// A type that can be read from a column.
pub trait Column: Sized {
    /// Reads it, or says that the column does not hold one.
    fn read(row: &Row<'_>, index: usize) -> Result<Self, Fault>;
}

macro_rules! column {
    ($($type:ty: $from:ident |$it:ident| $value:expr;)*) => {$(
        impl Column for $type {
            fn read(row: &Row<'_>, index: usize) -> Result<Self, Fault> {
                let $it = row.$from(index)?.ok_or_else(|| unreadable("a value is missing"))?;
                $value
            }
        }

        impl Column for Option<$type> {
            fn read(row: &Row<'_>, index: usize) -> Result<Self, Fault> {
                row.$from(index)?.map(|$it| $value).transpose()
            }
        }
    )*};
}

column! {
    i64: int |int| Ok(int);
    Timestamp: int |int| Ok(Timestamp::from_micros(int));
    SessionId: int |int| Ok(SessionId::from_i64(int));
    String: text |text| Ok(text.to_owned());
    Vec<u8>: bytes |bytes| Ok(bytes.to_owned());
    AccountId: text |text| AccountId::from_str(text).map_err(unreadable);
    TenantId: text |text| TenantId::from_str(text).map_err(unreadable);
    InvitationId: text |text| InvitationId::from_str(text).map_err(unreadable);
    FamilyId: text |text| FamilyId::from_str(text).map_err(unreadable);
    ApiKeyId: text |text| ApiKeyId::from_str(text).map_err(unreadable);
    ClientId: text |text| ClientId::from_str(text).map_err(unreadable);
    Handle: bytes |bytes| Handle::stored(bytes).ok_or_else(|| unreadable("a handle has the wrong length"));
    Slug: text |text| Slug::from_str(text).map_err(unreadable);
    RoleName: text |text| RoleName::from_str(text).map_err(unreadable);
    ProviderName: text |text| ProviderName::from_str(text).map_err(unreadable);
    PlanName: text |text| PlanName::from_str(text).map_err(unreadable);
    DomainName: text |text| DomainName::from_str(text).map_err(unreadable);
    EmailAddress: text |text| EmailAddress::stored(text).ok_or_else(|| unreadable("an address is not in its canonical spelling"));
    PasswordHash: text |text| Ok(PasswordHash::stored(text));
}

impl<K: Kind> Column for Digest<K> {
    fn read(row: &Row<'_>, index: usize) -> Result<Self, Fault> {
        row.bytes(index)?.and_then(Self::stored).ok_or_else(|| unreadable("a digest has the wrong length"))
    }
}

impl<K: Kind> Column for Option<Digest<K>> {
    fn read(row: &Row<'_>, index: usize) -> Result<Self, Fault> {
        let wrong = || unreadable("a digest has the wrong length");
        row.bytes(index)?.map(|bytes| Digest::stored(bytes).ok_or_else(wrong)).transpose()
    }
}

fn unreadable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Fault {
    Fault::new("reading a row", cause)
}
