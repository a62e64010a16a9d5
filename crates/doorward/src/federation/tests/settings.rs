//! What an operator writes about providers, and what is said about mistakes in it.

use crate::{
    base::{outgoing::Place, settings::SettingsError},
    config::ProvidersSettings,
    federation::Registry,
};

fn judged(settings: &ProvidersSettings) -> Result<Registry, Vec<SettingsError>> {
    Registry::new(settings, Place::Elsewhere, "https://id.example.com/auth")
}

fn mistakes(text: &str) -> Vec<String> {
    let told = match ProvidersSettings::parse(text) {
        Err(told) => told,
        Ok(settings) => judged(&settings).err().unwrap_or_default(),
    };
    told.iter().map(ToString::to_string).collect()
}

/// Promise: `federation/five-lines`
#[test]
fn a_provider_of_a_known_kind_is_five_lines() {
    let given = "client_id = \"an id\"\nclient_secret = \"a secret\"\n";
    for (kind, fifth) in [
        ("google", ""),
        ("google-workspace", "domains = [\"example.com\"]"),
        ("github", ""),
        ("gitlab", ""),
        ("entra", "tenants = [\"9188040d-6c67-4c5b-b112-36a304b66dad\"]"),
        ("openid", "issuer = \"https://id.example.org\""),
    ] {
        let text = format!("[providers.work]\nkind = \"{kind}\"\n{given}{fifth}");
        assert!(text.lines().count() <= 5);
        assert_eq!(mistakes(&text), Vec::<String>::new(), "{kind}");
        let registry = judged(&ProvidersSettings::parse(&text).unwrap()).unwrap();
        let buttons = registry.buttons();
        assert!(buttons.len() == 1 && buttons[0].mark.starts_with("<svg") && !buttons[0].label.is_empty(), "{kind}");
    }
}

/// Apple's secret is signed anew for each request, by the key in the file that Apple gives.
#[test]
fn the_secret_for_apple_is_a_token_of_minutes() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use ring::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
    };
    let bytes = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    let pair =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes.as_ref(), &SystemRandom::new()).unwrap();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----", STANDARD.encode(bytes.as_ref()));
    let given =
        "[providers.apple]\nkind = \"apple\"\nclient_id = \"com.example.web\"\nteam_id = \"TEAM\"\nkey_id = \"KEY\"\n";
    let settings = ProvidersSettings::parse(&format!("{given}key = \"\"\"{pem}\"\"\"\n")).unwrap();
    let registry = judged(&settings).unwrap();
    let now = doorward_core::Timestamp::from_secs(1_800_000_000);
    let secret = registry.find("apple").unwrap().secret(now).unwrap();
    let token = doorward_verify::jws::Unverified::parse(&secret).unwrap();
    let header = token.header().unwrap();
    assert_eq!((header.alg.as_ref(), header.kid.as_deref()), ("ES256", Some("KEY")));
    let point: [u8; 65] = pair.public_key().as_ref().try_into().unwrap();
    let key = doorward_verify::PublicKey::p256(&point).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(token.verified(&key).unwrap()).unwrap();
    let expected = serde_json::json!({
        "iss": "TEAM", "sub": "com.example.web", "aud": "https://appleid.apple.com", "iat": 1_800_000_000, "exp": 1_800_000_300,
    });
    assert_eq!(claims, expected);
    assert!(mistakes(&format!("{given}key = \"no key\"\n"))[0].starts_with("providers.apple.key: "));
    assert!(mistakes(given)[0].starts_with("providers.apple.key: "));
}

#[test]
fn several_of_a_kind_stand_beside_each_other() {
    let one = |name: &str| {
        format!("[providers.{name}]\nkind = \"google\"\nlabel = \"{name}\"\nclient_id = \"a\"\nclient_secret = \"b\"\n")
    };
    let settings = ProvidersSettings::parse(&[one("staff"), one("guests")].concat()).unwrap();
    let registry = judged(&settings).unwrap();
    let labels: Vec<_> = registry.buttons().into_iter().map(|button| button.label).collect();
    assert_eq!(labels, ["guests", "staff"]);
}

#[test]
fn each_mistake_is_told_with_its_cure() {
    let whole = "client_id = \"an id\"\nclient_secret = \"a secret\"\n";
    for (text, key, cure) in [
        (format!("[providers.x]\nkind = \"gogle\"\n{whole}"), "providers.x.kind", "`google`"),
        (format!("[providers.x]\n{whole}"), "providers.x.kind", "Write one of"),
        (format!("[providers.X]\nkind = \"google\"\n{whole}"), "providers.X", "letters"),
        (
            "[providers.x]\nkind = \"google\"\nclient_id = \"a\"\n".to_owned(),
            "providers.x.client_secret",
            "client_secret_file",
        ),
        ("[providers.x]\nkind = \"google\"\nclient_secret = \"a\"\n".to_owned(), "providers.x.client_id", "client id"),
        (format!("[providers.x]\nkind = \"google\"\ntenants = []\n{whole}"), "providers.x.tenants", "knows"),
        (format!("[providers.x]\nkind = \"google\"\nscopes = \"a\"\n{whole}"), "providers.x.scopes", "Correct"),
        (format!("[providers.x]\nkind = \"google-workspace\"\n{whole}"), "providers.x.domains", "domains"),
        (format!("[providers.x]\nkind = \"entra\"\n{whole}"), "providers.x.tenants", "List"),
        (format!("[providers.x]\nkind = \"entra\"\ntenants = [\"common\"]\n{whole}"), "providers.x.tenants", "List"),
        (format!("[providers.x]\nkind = \"openid\"\n{whole}"), "providers.x.issuer", "issuer"),
        (
            format!("[providers.x]\nkind = \"openid\"\nissuer = \"http://id.example.org\"\n{whole}"),
            "providers.x.issuer",
            "https",
        ),
        (
            format!("[providers.x]\nkind = \"openid\"\nissuer = \"https://10.0.0.1\"\n{whole}"),
            "providers.x.issuer",
            "https",
        ),
        (
            format!("[providers.x]\nkind = \"openid\"\nissuer = \"http://127.0.0.1:1\"\n{whole}"),
            "providers.x.issuer",
            "https",
        ),
        (format!("[providers.x]\nkind = \"oauth2\"\n{whole}"), "providers.x.issuer", "name"),
        (
            format!("[providers.x]\nkind = \"google\"\nrecheck_secs = 299\n{whole}"),
            "providers.x.recheck_secs",
            "Correct",
        ),
        (
            format!("[providers.x]\nkind = \"google\"\nrecheck_secs = 2592001\n{whole}"),
            "providers.x.recheck_secs",
            "Correct",
        ),
        (
            format!("[providers.x]\nkind = \"google\"\nrecheck_secs = \"8 h\"\n{whole}"),
            "providers.x.recheck_secs",
            "Correct",
        ),
        // Nothing that these say is made for the question.
        (
            format!("[providers.x]\nkind = \"github\"\nrecheck_secs = 300\n{whole}"),
            "providers.x.recheck_secs",
            "Remove",
        ),
        (
            format!("[providers.x]\nkind = \"oauth2\"\nrecheck_secs = 300\n{OAUTH}{whole}"),
            "providers.x.recheck_secs",
            "Remove",
        ),
        ("providers.x = 1\n".to_owned(), "providers.x", "[providers.x]"),
    ] {
        let told = mistakes(&text);
        assert!(
            told.len() == 1 && told[0].starts_with(&format!("{key}: ")) && told[0].contains(cure),
            "{text}{told:?}"
        );
        assert!(!told[0].contains("a secret"), "{told:?}");
    }
}

const OAUTH: &str = "issuer = \"https://forge.example\"\nauthorization_endpoint = \"https://forge.example/a\"\n\
    token_endpoint = \"https://forge.example/t\"\nuserinfo_endpoint = \"https://forge.example/u\"\n";

/// Promise: `federation/rechecked`
#[test]
fn every_kind_that_gives_an_id_token_can_be_asked_again() {
    let given = "client_id = \"an id\"\nclient_secret = \"a secret\"\n";
    for (kind, more) in [
        ("google", ""),
        ("google-workspace", "domains = [\"example.com\"]\n"),
        ("gitlab", ""),
        ("entra", "tenants = [\"9188040d-6c67-4c5b-b112-36a304b66dad\"]\n"),
        ("openid", "issuer = \"https://id.example.org\"\n"),
    ] {
        for span in [300, 28_800, 2_592_000] {
            let text = format!("[providers.x]\nkind = \"{kind}\"\nrecheck_secs = {span}\n{more}{given}");
            assert_eq!(mistakes(&text), Vec::<String>::new(), "{kind}");
        }
    }
    let told = mistakes(&format!("[providers.x]\nkind = \"google\"\nrecheck_secs = 299\n{given}"));
    assert_eq!(told, ["providers.x.recheck_secs: it must be between 300 and 2592000. Correct it or remove the line."]);
}
