//! Hashes of other systems. They are vectors of RFCs and reference implementations; see the tests of `doorward-core`.

use doorward_core::password::PasswordHash;

use super::*;
use crate::operate::{Action, Filter};

const OURS: &str = "$argon2id$v=19$m=19456,t=2,p=1$";
const HORSE: &str = "correct horse battery";

const IMPORTS: &[(&str, &str)] = &[
    ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    ("Kk4DQuMMfZL9o", "$2b$04$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YEm"),
    (HORSE, "$2y$06$abcdefghijklmnopqrstuu50eFBEC8vQwBnuFXMHE45jBnqvQ8xz."),
    (
        "pleaseletmein",
        "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw",
    ),
    (
        HORSE,
        "5a0f3c1e9b7d2468ace013579bdf0246:\
         19dacc9557319a18d991894140daef3593d15fdb3a3cca16dccfdd1422f5ef1c20c3969863955a203cb8bf00ac2f1a50e1f0b05d2c7317863954396328ac976d",
    ),
    (HORSE, "$pbkdf2-sha256$i=29000,l=32$MDEyMzQ1Njc4OWFiY2RlZg$HwysB+Ke0YuzHEd/zzqZI6iTbuC8ephxy6jSfQdwV8M"),
    (
        HORSE,
        "$pbkdf2-sha512$i=21000,l=64$MDEyMzQ1Njc4OWFiY2RlZg$\
         sNAglPO3Oje5G+vgTUui1fRHNjFXCjwHQ+80GYSSyZ9eVtDGwpfI9mM4ICvyFsOzwfD7p5Xf0cMNpcnKJROfrA",
    ),
    (HORSE, "pbkdf2_sha256$600000$saltsaltsaltsalt12$NnUApm59w3J7w/OV0vq5DEvFGiWCGiVmNDOdOlPHFOM="),
    ("password", "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA"),
    ("password", "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc"),
    (HORSE, "$argon2d$v=16$m=4096,t=1,p=3$MDEyMzQ1Njc4OWFiY2RlZg$Kpi/Mi88GYoEZe97jWxKLc1PdAIETgG+RG0vmS/bbt8"),
];

async fn import(app: &TestApp, email: &str, hash: &str) {
    let hash = PasswordHash::imported(hash).unwrap();
    operate::import_hash(&app.doorward, &EmailAddress::parse(email).unwrap(), &hash).await.unwrap().unwrap();
}

async fn upgrades(app: &TestApp) -> usize {
    let filter = Filter { action: Some(Action::PasswordUpgraded), ..Filter::default() };
    operate::search(app.db(), &filter, None, 100).await.unwrap().len()
}

async fn changed_at(app: &TestApp) -> i64 {
    app.db().list("SELECT MAX(changed_at) FROM passwords", &[], |row| row.get(0)).await.unwrap()[0]
}

on_every_engine! {
    /// Promise: `passwords/imports-upgrade`
    async fn an_imported_hash_verifies_and_is_replaced(app: TestApp) {
        for (n, (password, hash)) in IMPORTS.iter().enumerate() {
            let email = format!("ann{n}@example.com");
            import(&app, &email, hash).await;
            let since = changed_at(&app).await;
            assert_eq!(log_in(&app, &email, &format!("{password}!")).await, 401, "{hash}");
            assert_eq!(hash_of(&app, &email).await, *hash, "a wrong guess replaces nothing");
            app.wait(std::time::Duration::from_secs(1));
            assert_eq!(log_in(&app, &email, password).await, 200, "{hash}");
            let renewed = hash_of(&app, &email).await;
            assert!(renewed.starts_with(OURS), "{renewed}");
            assert_eq!(upgrades(&app).await, n + 1);
            assert_eq!(changed_at(&app).await, since, "it is still the same password");
            assert_eq!(log_in(&app, &email, password).await, 200, "{hash}");
            assert_eq!(log_in(&app, &email, &format!("{password}!")).await, 401);
            assert_eq!(hash_of(&app, &email).await, renewed, "and needs no further renewal");
        }
        assert_eq!(upgrades(&app).await, IMPORTS.len());
    }

    /// Promise: `passwords/whole`
    async fn bcrypt_is_not_cut_at_seventy_two_bytes(app: TestApp) {
        let digits = "0123456789".repeat(8);
        import(&app, ANN, "$2b$05$abcdefghijklmnopqrstuuLkMZtUsVwf9Ptg/wgiNv8ZhtnAHnix.").await;
        for wrong in [&digits[..71], &digits[..73], &digits, &format!("{}\0", &digits[..72])] {
            assert_eq!(log_in(&app, ANN, wrong).await, 401, "{} bytes", wrong.len());
        }
        assert_eq!(log_in(&app, ANN, &digits[..72]).await, 200);
        assert!(hash_of(&app, ANN).await.starts_with(OURS));
        assert_eq!(log_in(&app, ANN, &digits[..73]).await, 401, "nor does the new hash forget the rest");
        assert_eq!(log_in(&app, ANN, &digits[..72]).await, 200);
    }

    /// Promise: `passwords/imports-upgrade`
    async fn a_renewal_at_reauthentication_counts_too(app: TestApp) {
        let email = EmailAddress::parse(ANN).unwrap();
        account_with(&app, ANN, PASSWORD).await;
        let mut ann = app.logged_in(ANN).await;
        let account = app.doorward.account_of(&email).await.unwrap().unwrap();
        let mut tx = app.db().begin(operate::Durability::Full).await.unwrap();
        let older = "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc";
        tx.execute("UPDATE passwords SET hash = $1 WHERE account = $2", &[&older, &account]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(ann.post("/auth/reauthenticate", &[("password", "password")]).await.status, 200);
        assert!(hash_of(&app, ANN).await.starts_with(OURS));
        assert_eq!(upgrades(&app).await, 1);
    }

    /// A hash that nobody can check keeps its owner out until a reset, and tells nobody so.
    async fn a_hash_that_cannot_be_read_is_a_wrong_password(app: TestApp) {
        account_with(&app, ANN, PASSWORD).await;
        let mut tx = app.db().begin(operate::Durability::Full).await.unwrap();
        tx.execute("UPDATE passwords SET hash = $1", &[&"$2b$31$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YEm"]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(log_in(&app, ANN, PASSWORD).await, 401);
        app.visitor().post("/auth/password/forgot", &[("email", ANN)]).await;
        let token = app.token_for(ANN).await;
        let form = [("token", token.as_str()), ("new_password", "a quite different passphrase")];
        assert_eq!(app.visitor().post("/auth/password/reset", &form).await.status, 200);
        assert_eq!(log_in(&app, ANN, "a quite different passphrase").await, 200);
    }

    async fn an_address_with_an_account_takes_no_import(app: TestApp) {
        account_with(&app, ANN, PASSWORD).await;
        let hash = PasswordHash::imported(IMPORTS[0].1).unwrap();
        let taken = operate::import_hash(&app.doorward, &EmailAddress::parse("ANN@example.com").unwrap(), &hash).await.unwrap();
        assert!(taken.is_none());
        assert_eq!(log_in(&app, ANN, IMPORTS[0].0).await, 401);
        assert_eq!(log_in(&app, ANN, PASSWORD).await, 200);
    }
}
