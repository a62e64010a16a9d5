//! Signatures that are none, and those by another algorithm.

use ed25519_dalek::Signer;
use ring::hmac;
use serde_json::json;

use super::{Elliptic, NOW, at, base64, claims, forged, header, key, keys, public, rsa, signed, verify, with_header};
use crate::{
    Algorithm, KeySet, PublicKey, Refused, Verifier,
    jws::{self, Unverified},
};

/// Row J-01: `none` in every spelling, with and without a signature, and no algorithm at all.
///
/// Promise: `verify/own-algorithm`
#[test]
fn no_token_says_that_it_needs_no_signature() {
    for alg in ["none", "None", "NONE", "nOnE", "none ", "", "null", "eddsa", "EDDSA", "EdDSA ", "Ed25519", "HS256"] {
        let mut header = header();
        header["alg"] = json!(alg);
        let token = with_header(&header);
        let (parts, _) = token.rsplit_once('.').unwrap();
        assert_eq!(verify(&token), Err(Refused::OtherAlgorithm), "{alg}");
        assert_eq!(verify(&format!("{parts}.")), Err(Refused::Malformed), "{alg}");
        assert_eq!(verify(&format!("{parts}.AA")), Err(Refused::OtherAlgorithm), "{alg}");
        // Clients may write Ed25519 by its own name (RFC 9864); our access tokens have one spelling.
        assert_eq!(Unverified::parse(&token).unwrap().verified(&public()).is_some(), alg == "Ed25519", "{alg}");
    }
    for header in [
        r#"{"typ":"at+jwt","kid":"k1"}"#,
        r#"{"typ":"at+jwt","kid":"k1","alg":null}"#,
        r#"{"typ":"at+jwt","kid":"k1","alg":["EdDSA"]}"#,
        r#"{"typ":"at+jwt","kid":"k1","alg":1}"#,
        r#"{"typ":"at+jwt","kid":"k1","Alg":"EdDSA"}"#,
    ] {
        assert_eq!(verify(&forged(header, claims().to_string())), Err(Refused::Malformed), "{header}");
    }
}

/// Row J-02: a signature that was cut off, shortened, lengthened or replaced.
///
/// Promise: `verify/signed`
#[test]
fn a_signature_is_there_and_whole() {
    let token = signed(&claims());
    let (parts, signature) = token.rsplit_once('.').unwrap();
    for text in [parts.to_owned(), format!("{parts}."), format!("{parts}.."), format!("{token}.")] {
        assert_eq!(verify(&text), Err(Refused::Malformed), "{text}");
    }
    let whole = key().sign(parts.as_bytes()).to_bytes();
    assert_eq!(base64(whole), signature);
    for bytes in
        [&whole[..63], &whole[..32], &whole[1..], &[0; 64], &[255; 64], &[0], &[whole.as_slice(), &[0]].concat()]
    {
        assert_eq!(verify(&format!("{parts}.{}", base64(bytes))), Err(Refused::Forged));
    }
    let other = signed(&super::claims_with(&json!({ "sub": "somebody else" })));
    let swapped = format!("{}.{signature}", other.rsplit_once('.').unwrap().0);
    assert_eq!(verify(&swapped), Err(Refused::Forged));
}

/// Row J-03: the public key, which everybody has, used as the secret of a MAC, in each form that a library might take.
///
/// Promise: `verify/own-algorithm`
#[test]
fn a_public_key_is_no_secret_of_a_mac() {
    let elliptic = Elliptic::p256();
    let rsa = rsa();
    let n = base64_of(rsa["n"].as_str().unwrap());
    // SubjectPublicKeyInfo of each kind; everything before the key is constant.
    let ed = spki("302a300506032b6570032100", key().verifying_key().as_bytes(), "");
    let x = elliptic.1.to_jwk();
    let point = [vec![4], base64_of(x["x"].as_str().unwrap()), base64_of(x["y"].as_str().unwrap())].concat();
    let ec = spki("3059301306072a8648ce3d020106082a8648ce3d030107034200", &point, "");
    let long = "30820122300d06092a864886f70d01010105000382010f003082010a0282010100";
    let rsa_der = spki(long, &n, "0203010001");
    let rsa = PublicKey::from_jwk(&rsa).unwrap();
    for (public, der) in [(public(), ed), (elliptic.1, ec), (rsa, rsa_der)] {
        let mut keys = KeySet::default();
        assert!(keys.insert("k1", public.clone()));
        let verifier = Verifier::new(super::ISSUER, super::AUDIENCE, keys);
        let raw = der[der.len().saturating_sub(32)..].to_vec();
        let jwk = public.to_jwk().to_string().into_bytes();
        for secret in [pem(&der), [pem(&der), b"\n".to_vec()].concat(), der, raw, jwk, public.thumbprint().into_bytes()]
        {
            for alg in ["HS256", "EdDSA", "ES256", "RS256"] {
                let header = json!({ "typ": "at+jwt", "alg": alg, "kid": "k1" }).to_string();
                let text = format!("{}.{}", base64(header), base64(claims().to_string()));
                let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), text.as_bytes());
                let refused = verifier.verify(&format!("{text}.{}", base64(mac)), at(NOW)).unwrap_err();
                assert!([Refused::OtherAlgorithm, Refused::Forged].contains(&refused), "{refused}");
            }
        }
    }
}

/// Row J-04: RS256 and PS256 with each other's key, ES256 with a key of P-384, and RSA for what issuers sign.
///
/// Promise: `verify/own-algorithm`
#[test]
fn a_key_verifies_by_its_own_algorithm_only() {
    let (p256, p384) = (Elliptic::p256(), Elliptic::p384());
    for (named, signer, key) in [("ES256", &p384, &p384.1), ("ES384", &p256, &p256.1), ("ES256", &p384, &p256.1)] {
        let text = format!("{}.{}", base64(json!({ "alg": named, "kid": "k1" }).to_string()), base64("{}"));
        let token = format!("{text}.{}", base64(signer.sign(text.as_bytes())));
        assert!(Unverified::parse(&token).unwrap().verified(key).is_none(), "{named}");
    }
    let token = jws::compact(("at+jwt", Algorithm::Es384, "k1"), &claims(), |message| p384.sign(message)).unwrap();
    assert!(Unverified::parse(&token).unwrap().verified(&p384.1).is_some());
    assert_eq!(p384.verifier().verify(&token, at(NOW)), Err(Refused::OtherAlgorithm));

    let rs256 = PublicKey::from_jwk(&rsa()).unwrap();
    let ps256 = rs256.with_algorithm(Algorithm::Ps256);
    assert_eq!((rs256.algorithm(), ps256.algorithm()), (Algorithm::Rs256, Algorithm::Ps256));
    assert_eq!(rs256.with_algorithm(Algorithm::Es256).algorithm(), Algorithm::Rs256);
    assert_eq!(public().with_algorithm(Algorithm::Rs256).algorithm(), Algorithm::EdDsa);
    let groups = super::wycheproof::signatures();
    let vector = groups.iter().flat_map(|group| &group.tests).find(|test| test.id == 345).unwrap();
    let token = Unverified::of_any_payload(&vector.jws).unwrap();
    assert!(token.verified(&rs256).is_some() && token.verified(&ps256).is_none());
    let (message, signature) = vector.jws.rsplit_once('.').unwrap();
    let signature = base64_of(signature);
    assert!(rs256.verifies(message.as_bytes(), &signature) && !ps256.verifies(message.as_bytes(), &signature));
    let mut keys = KeySet::default();
    assert!(keys.insert("bilbo.baggins@hobbiton.example", rs256));
    let header = json!({ "typ": "at+jwt", "alg": "RS256", "kid": "bilbo.baggins@hobbiton.example" });
    let verifier = Verifier::new(super::ISSUER, super::AUDIENCE, keys);
    assert_eq!(verifier.verify(&with_header(&header), at(NOW)), Err(Refused::OtherAlgorithm));
}

/// Row J-04: points of small order as the commitment in a signature, and its scalar not reduced.
///
/// Promise: `verify/signed`
#[test]
fn an_ed25519_signature_is_the_one_that_its_key_made() {
    let token = signed(&claims());
    let (parts, _) = token.rsplit_once('.').unwrap();
    let whole = key().sign(parts.as_bytes()).to_bytes();
    for point in super::keys::small_order() {
        for scalar in [[0; 32].as_slice(), &whole[32..]] {
            let signature = base64([point.as_slice(), scalar].concat());
            assert_eq!(verify(&format!("{parts}.{signature}")), Err(Refused::Forged));
        }
    }
    // The order of the group, little-endian: s + l signs the same where s is not looked at (RFC 8032 section 5.1.7).
    let order = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let mut twin = whole;
    let mut carry = 0;
    for (byte, other) in twin[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(other) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    assert_eq!(verify(&format!("{parts}.{}", base64(twin))), Err(Refused::Forged));
}

const P256_ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

/// Row J-05: r and s that are 0, the order of the group, or beyond it.
///
/// Promise: `verify/signed`
#[test]
fn an_ecdsa_signature_is_of_numbers_within_the_group() {
    let elliptic = Elliptic::p256();
    let text = format!(
        "{}.{}",
        base64(json!({ "typ": "at+jwt", "alg": "ES256", "kid": "k1" }).to_string()),
        base64(claims().to_string())
    );
    let whole = elliptic.sign(text.as_bytes());
    let (r, s) = whole.split_at(32);
    let (zero, one, order, most) = (vec![0; 32], [vec![0; 31], vec![1]].concat(), hex(P256_ORDER), vec![255; 32]);
    let verifier = elliptic.verifier();
    let verify = |r: &[u8], s: &[u8]| verifier.verify(&format!("{text}.{}", base64([r, s].concat())), at(NOW));
    assert!(verify(r, s).is_ok());
    for odd in [&zero, &order, &most, &one] {
        assert_eq!(verify(odd, s), Err(Refused::Forged));
        assert_eq!(verify(r, odd), Err(Refused::Forged));
        for other in [&zero, &order, &most, &one] {
            assert_eq!(verify(odd, other), Err(Refused::Forged));
        }
    }
    // The form of X.509 is not that of RFC 7518 section 3.4.
    let der = [&[0x30, 68, 2, 32], r, &[2, 32], s].concat();
    assert_eq!(verify(&der, &[]), Err(Refused::Forged));
    assert_eq!(verify(&[&[0], r].concat(), &[&[0], s].concat()), Err(Refused::Forged));
}

/// Row J-22: who has an ECDSA token can write a second one, (r, n − s), without the key. It is the same token, so it is
/// revoked by the same name.
///
/// Promise: `verify/revoked`
#[test]
fn a_twin_of_a_revoked_token_is_revoked() {
    let elliptic = Elliptic::p256();
    let token = jws::compact(("at+jwt", Algorithm::Es256, "k1"), &claims(), |message| elliptic.sign(message)).unwrap();
    let (parts, signature) = token.rsplit_once('.').unwrap();
    let mut twin = base64_of(signature);
    let mut borrow = 0;
    for (byte, other) in twin[32..].iter_mut().zip(hex(P256_ORDER)).rev() {
        let difference = i16::from(other) - i16::from(*byte) - borrow;
        (*byte, borrow) = (difference.rem_euclid(256) as u8, i16::from(difference < 0));
    }
    let twin = format!("{parts}.{}", base64(twin));
    let verifier = elliptic.verifier();
    assert_ne!(twin, token);
    assert!(verifier.verify(&twin, at(NOW)).is_ok());
    verifier.revoke(["one".to_owned()]);
    assert_eq!(verifier.verify(&token, at(NOW)), Err(Refused::Revoked));
    assert_eq!(verifier.verify(&twin, at(NOW)), Err(Refused::Revoked));
}

/// Row J-20: a key of another issuer under the same name.
///
/// Promise: `verify/signed`
#[test]
fn the_same_name_is_not_the_same_key() {
    let mut keys = keys();
    let stranger = ed25519_dalek::SigningKey::from_bytes(&[8; 32]);
    assert!(!keys.insert("k1", PublicKey::ed25519(stranger.verifying_key().as_bytes()).unwrap()));
    let sign = |message: &[u8]| stranger.sign(message).to_bytes().to_vec();
    let token = jws::compact(("at+jwt", Algorithm::EdDsa, "k1"), &claims(), sign).unwrap();
    assert_eq!(verify(&token), Err(Refused::Forged));
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn spki(before: &str, key: &[u8], after: &str) -> Vec<u8> {
    [hex(before), key.to_vec(), hex(after)].concat()
}

fn pem(der: &[u8]) -> Vec<u8> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let text = STANDARD.encode(der).into_bytes();
    let lines = text.chunks(64).collect::<Vec<_>>().join(&b'\n');
    [b"-----BEGIN PUBLIC KEY-----\n".as_slice(), &lines, b"\n-----END PUBLIC KEY-----"].concat()
}

fn base64_of(text: &str) -> Vec<u8> {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.decode(text).unwrap()
}
