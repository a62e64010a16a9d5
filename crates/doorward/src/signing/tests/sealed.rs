//! What rests in the database, and what happens without the master keys.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use doorward_core::SystemEntropy;

use super::*;
use crate::{
    base::db::Bind,
    operate::Durability,
    signing::{pair, rules::Stored, store},
    testing::Engine,
};

const LEAD: Duration = Duration::from_secs(300);
const LIFETIME: Duration = Duration::from_secs(3600);

async fn rows(app: &TestApp) -> Vec<Stored> {
    store::all(app.db(), app.now()).await.unwrap()
}

async fn run(app: &TestApp, sql: &str, bind: &[&(dyn Bind + Sync)]) {
    let mut tx = app.db().begin(Durability::Full).await.unwrap();
    assert_eq!(tx.execute(sql, bind).await.unwrap(), 1, "{sql}");
    tx.commit().await.unwrap();
}

/// Puts a row in the place of one that has its name.
async fn put(app: &TestApp, kid: &str, row: &Stored) {
    let sql = "UPDATE signing_keys SET kid = $1, public = $2, sealed = $3 WHERE kid = $4";
    run(app, sql, &[&row.kid, &store::Half(&row.public), &store::Half(&row.sealed), &kid]).await;
}

/// Adds a key to the file of master keys and puts the file's keys in force.
fn rotate_master(app: &TestApp) {
    app.key_file().rotate(app.now(), LEAD, LIFETIME, &SystemEntropy).unwrap();
    reload(app);
}

fn reload(app: &TestApp) {
    app.doorward.replace_keys(app.key_file().load().unwrap());
}

/// Makes sure that nothing is signed and nothing verifies, and says what the log would.
async fn refused(app: &TestApp, why: &str) -> String {
    assert!(flow::key_set(app.doorward.context()).await.is_err(), "{why}");
    assert_eq!(app.visitor().get("/auth/oauth/jwks").await.status, 503, "{why}");
    sign(app, Algorithm::EdDsa).await.expect_err(why).to_string()
}

fn holds(bytes: &[u8], secret: &[u8]) -> bool {
    let hex = secret.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let spellings =
        [secret.to_vec(), hex.into(), STANDARD.encode(secret).into(), URL_SAFE_NO_PAD.encode(secret).into()];
    spellings.iter().any(|secret| bytes.windows(secret.len()).any(|window| window == secret))
}

/// The private numbers of all keys: an Ed25519 seed, and the scalar in the PKCS#8 that ring makes of a P-256 key.
async fn secrets(app: &TestApp) -> Vec<Vec<u8>> {
    let ring = app.doorward.context().keys();
    let private = |row: &Stored| {
        let private = pair::unsealed(row, &ring).unwrap();
        if row.algorithm == Algorithm::EdDsa { private.to_vec() } else { private[36..68].to_vec() }
    };
    rows(app).await.iter().map(private).collect()
}

on_every_engine! {
    /// Promise: `signing/sealed`
    async fn no_row_holds_a_private_key_in_clear(app: TestApp) {
        sign(&app, Algorithm::EdDsa).await.unwrap();
        sign(&app, Algorithm::Es256).await.unwrap();
        let secrets = secrets(&app).await;
        assert!(secrets.len() == 2 && secrets.iter().all(|secret| secret.len() == 32));
        for row in rows(&app).await {
            for secret in &secrets {
                assert!(!holds(&row.sealed, secret) && !holds(&row.public, secret) && !holds(row.kid.as_bytes(), secret));
            }
        }
        let published = app.visitor().get("/auth/oauth/jwks").await.text();
        assert!(!secrets.iter().any(|secret| holds(published.as_bytes(), secret)));
    }

    /// Promise: `signing/public-only`
    async fn the_published_set_has_public_members_only(app: TestApp) {
        sign(&app, Algorithm::EdDsa).await.unwrap();
        sign(&app, Algorithm::Es256).await.unwrap();
        let answer = app.visitor().get("/auth/oauth/jwks?unknown=1").await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
        let document = answer.json();
        assert_eq!(document.as_object().unwrap().keys().collect::<Vec<_>>(), ["keys"]);
        let mut named: Vec<_> = document["keys"].as_array().unwrap().iter().map(|key| {
            assert_eq!(key["use"], "sig");
            let names = key.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>().join(" ");
            (key["alg"].as_str().unwrap(), key["kty"].as_str().unwrap(), names)
        }).collect();
        named.sort_unstable();
        let known = [("ES256", "EC", "alg crv kid kty use x y"), ("EdDSA", "OKP", "alg crv kid kty use x")];
        assert_eq!(named, known.map(|(alg, kty, names)| (alg, kty, names.to_owned())));
    }

    /// Promise: `signing/bound`
    async fn a_row_that_was_put_together_otherwise_is_no_key(app: TestApp) {
        let old = token(&app).await;
        operate::rotate_signing_keys(&app.doorward).await.unwrap();
        let elsewhere = TestApp::new(Engine::Sqlite).await;
        token(&elsewhere).await;
        let foreign = rows(&elsewhere).await.remove(0);
        let own = rows(&app).await;
        let (first, second) = (&own[0], &own[1]);
        let mut flipped = first.sealed.clone();
        flipped[20] ^= 1;
        let altered = [
            ("another's sealed half", Stored { sealed: second.sealed.clone(), ..first.clone() }),
            ("another's public half", Stored { public: second.public.clone(), ..first.clone() }),
            ("another's halves", Stored { sealed: second.sealed.clone(), public: second.public.clone(), ..first.clone() }),
            ("another name", Stored { kid: "AAAAAAAAAAAAAAAA".to_owned(), ..first.clone() }),
            ("a bit", Stored { sealed: flipped, ..first.clone() }),
            ("nothing", Stored { sealed: Vec::new(), ..first.clone() }),
            ("a part", Stored { sealed: first.sealed[..12].to_vec(), ..first.clone() }),
            ("another database's", foreign),
        ];
        for (what, row) in altered {
            put(&app, &first.kid, &row).await;
            refused(&app, what).await;
            put(&app, &row.kid, first).await;
            assert!(verifies(&app, &old).await, "{what}");
        }
        let named = "UPDATE signing_keys SET algorithm = $1 WHERE kid = $2";
        run(&app, named, &[&"ES256", &first.kid]).await;
        refused(&app, "another algorithm").await;
        run(&app, named, &[&"HS256", &first.kid]).await;
        refused(&app, "none of ours").await;
        run(&app, named, &[&"EdDSA", &first.kid]).await;
        assert!(verifies(&app, &old).await);
    }

    /// Promise: `signing/sealed-again`
    async fn a_rotation_of_the_master_keys_breaks_nothing(app: TestApp) {
        let before = token(&app).await;
        let sealed = async || rows(&app).await.remove(0).sealed;
        let first = sealed().await;
        rotate_master(&app);
        keep(&app).await;
        assert!(sealed().await == first, "the new master key is not in force yet");
        app.wait(LEAD);
        assert!(verifies(&app, &before).await, "nor does anybody have to wait for the worker");
        keep(&app).await;
        let second = sealed().await;
        assert!(second != first);
        keep(&app).await;
        assert!(sealed().await == second, "once");
        app.wait(2 * LIFETIME);
        rotate_master(&app);
        let left: Vec<_> = app.key_file().list().unwrap().into_iter().map(|(id, _)| id).collect();
        assert_eq!(left, [2, 3], "the first master key is gone");
        let after = token(&app).await;
        assert_eq!(kid(&after), kid(&before));
        assert!(verifies(&app, &before).await && verifies(&app, &after).await);
    }

    /// Promise: `signing/sealed-again`
    async fn two_nodes_that_seal_again_agree(app: TestApp) {
        let before = token(&app).await;
        let other = app.another().await;
        rotate_master(&app);
        reload(&other);
        app.wait(LEAD);
        let nodes = [&app, &other, &app, &other].map(|node| std::sync::Arc::clone(node.doorward.context()));
        for kept in crate::testing::crowd::at_once(nodes.map(|cx| async move { flow::keep(&cx).await })).await {
            kept.unwrap();
        }
        assert!(verifies(&app, &before).await && verifies(&other, &before).await);
        assert_eq!(kid(&token(&app).await), kid(&token(&other).await));
    }

    /// Row J-21, the drill.
    ///
    /// Promise: `signing/lost`
    async fn without_the_master_key_nothing_is_signed_and_the_log_says_what_to_do(app: TestApp) {
        let old = token(&app).await;
        let path = app.key_file().path().to_owned();
        let safe = std::fs::read(&path).unwrap();
        app.key_file().replace_all(app.now(), &SystemEntropy).unwrap();
        reload(&app);
        let log = refused(&app, "the key is lost, and memory does not help").await;
        assert!(log.contains(&kid(&old)) && log.contains("keys.file") && log.contains("doorward signing rotate --now"), "{log}");
        assert!(flow::keep(app.doorward.context()).await.is_err());
        assert_eq!(keys(&app).await.len(), 1, "an operator sees them all the same");
        let new = std::fs::read(&path).unwrap();
        std::fs::write(&path, safe).unwrap();
        reload(&app);
        assert!(verifies(&app, &old).await, "found again");
        std::fs::write(&path, new).unwrap();
        reload(&app);
        refused(&app, "lost again").await;
        operate::replace_signing_keys(&app.doorward).await.unwrap();
        let token = token(&app).await;
        assert!(verifies(&app, &token).await && !verifies(&app, &old).await);
        keep(&app).await;
    }
}

/// Promise: `signing/sealed`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_byte_of_the_database_files_holds_a_private_key() {
    let app = TestApp::new(Engine::Sqlite).await;
    sign(&app, Algorithm::EdDsa).await.unwrap();
    sign(&app, Algorithm::Es256).await.unwrap();
    let secrets = secrets(&app).await;
    let mut all = std::fs::read(app.folder().join("test.db")).unwrap();
    all.extend(std::fs::read(app.folder().join("test.db-wal")).unwrap());
    assert!(!secrets.iter().any(|secret| holds(&all, secret)));
    assert!(rows(&app).await.iter().all(|row| holds(&all, &row.public)), "what rests in clear would have been found");
}
