//! What verifying an access token costs beside its signature, as a service in another process would verify it.
//!
//! Raw verification is measured with every library that we know to be fast, each with its key made ready beforehand, and the
//! fastest of this run is what counts. A general JOSE library does the same work for comparison, as far as it does it.

use std::{
    hint::black_box,
    time::{Duration, Instant, SystemTime},
};

use aws_lc_rs::signature as aws;
use doorward::core::{Clock, Entropy, FamilyId, SystemClock, SystemEntropy, TenantId};
use doorward_verify::{Algorithm, KeySet, PublicKey, Verifier, jws};
use ed25519_dalek::{Signer, SigningKey, Verifier as _, VerifyingKey};
use jsonwebtoken::{DecodingKey, Validation};
use ring::{
    rand::SystemRandom,
    signature::{self as ring_signature, EcdsaKeyPair, KeyPair, UnparsedPublicKey},
};
use serde_json::json;

use crate::{
    failure::{Failure, Outcome},
    options::Options,
    report::{Cell, Report},
    stats::quantile,
};

/// Tokens that are verified in turn, so that no processor learns one by heart.
const TOKENS: usize = 64;
/// Verifications of one contender before the next one has its turn: so few that hardly any turn is interrupted.
const TURN: usize = 16;
/// Depths of the stack at which each of them has its turns. Where its variables and its tables lie at the same place of two pages,
/// a signature takes up to a third longer, and where the stack begins is up to chance: each would have its own luck in each run.
/// Frames of at least 48 bytes make these depths more than a page.
const DEPTHS: usize = 96;
const ISSUER: &str = "https://app.example.com/auth";
const AUDIENCE: &str = "https://api.example.com";
const KID: &str = "Zm9vYmFyYmF6cXV1";
const COLUMNS: [&str; 4] = ["signed with", "verified by", "\u{b5}s", "of the fastest signature"];

/// Measures both algorithms that access tokens are signed with.
pub(crate) fn run(options: &Options) -> Outcome<Report> {
    let mut report = Report::new("token", &COLUMNS);
    let turns = options.length.pick(5, 50);
    for signed in [eddsa()?, es256()?] {
        compare(&signed, turns, &mut report)?;
    }
    report.note(format!(
        "One thread; {turns} turns of {TURN} verifications at each of {DEPTHS} depths of the stack, {TOKENS} different tokens; means of \
         the medians of a depth. doorward-verify and jsonwebtoken verify whole tokens, the others the signature alone."
    ));
    Ok(report)
}

/// A token, and the parts of it that a signature library is given.
struct Token {
    text: String,
    signed: usize,
    signature: Vec<u8>,
}

/// Verifies one token, or not.
type Verify = Box<dyn Fn(&Token) -> bool>;

/// Tokens of one algorithm and everybody who verifies them.
struct Signed {
    algorithm: Algorithm,
    tokens: Vec<Token>,
    ours: Verify,
    general: Verify,
    raw: Vec<(&'static str, Verify)>,
}

fn eddsa() -> Outcome<Signed> {
    let mut seed = [0; 32];
    SystemEntropy.fill(&mut seed);
    let key = SigningKey::from_bytes(&seed);
    let public = key.verifying_key().to_bytes();
    let ours = PublicKey::ed25519(&public).ok_or_else(|| Failure::new("a fresh key is none"))?;
    let dalek = VerifyingKey::from_bytes(&public).map_err(|cause| Failure::new(cause.to_string()))?;
    let dalek: Verify = Box::new(move |token| {
        let signature = ed25519_dalek::Signature::from_slice(&token.signature);
        signature.is_ok_and(|signature| dalek.verify(token.message(), &signature).is_ok())
    });
    let general = DecodingKey::from_ed_der(&public);
    Ok(Signed {
        tokens: tokens(Algorithm::EdDsa, |message| Ok(key.sign(message).to_bytes().to_vec()))?,
        ours: by_verifier(ours),
        general: by_jsonwebtoken(general, jsonwebtoken::Algorithm::EdDSA),
        raw: vec![
            ("ed25519-dalek", dalek),
            ("ring", by_ring(&ring_signature::ED25519, &public)),
            ("aws-lc-rs", by_aws(&aws::ED25519, &public)?),
        ],
        algorithm: Algorithm::EdDsa,
    })
}

fn es256() -> Outcome<Signed> {
    let (random, way) = (SystemRandom::new(), &ring_signature::ECDSA_P256_SHA256_FIXED_SIGNING);
    let unread = || Failure::new("ring made no key");
    let unmade = |_| unread();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(way, &random).map_err(unmade)?;
    let key = EcdsaKeyPair::from_pkcs8(way, pkcs8.as_ref(), &random).map_err(|_| unread())?;
    let public = key.public_key().as_ref().to_vec();
    let point = public.as_slice().try_into()?;
    let ours = PublicKey::p256(point).ok_or_else(|| Failure::new("a fresh key is none"))?;
    let sign = |message: &[u8]| {
        let signature = key.sign(&random, message).map_err(|_| Failure::new("ring signed nothing"))?;
        Ok(signature.as_ref().to_vec())
    };
    let jwk = serde_json::from_value(ours.to_jwk())?;
    Ok(Signed {
        tokens: tokens(Algorithm::Es256, sign)?,
        general: by_jsonwebtoken(DecodingKey::from_jwk(&jwk)?, jsonwebtoken::Algorithm::ES256),
        ours: by_verifier(ours),
        raw: vec![
            ("ring", by_ring(&ring_signature::ECDSA_P256_SHA256_FIXED, &public)),
            ("aws-lc-rs", by_aws(&aws::ECDSA_P256_SHA256_FIXED, &public)?),
        ],
        algorithm: Algorithm::Es256,
    })
}

impl Token {
    fn message(&self) -> &[u8] {
        &self.text.as_bytes()[..self.signed]
    }
}

/// Tokens like those of a person's application in a tenant: every claim that we write.
fn tokens(algorithm: Algorithm, sign: impl Fn(&[u8]) -> Outcome<Vec<u8>>) -> Outcome<Vec<Token>> {
    let (now, id) = (SystemClock.now(), || TenantId::new(SystemClock.now(), &SystemEntropy).to_string());
    let made = (0..TOKENS).map(|number| {
        let claims = json!({
            "iss": ISSUER,
            "sub": id(),
            "aud": AUDIENCE,
            // A full run is over before.
            "exp": now.as_secs() + 14 * 60,
            "iat": now.as_secs(),
            "jti": format!("{number:022}"),
            "client_id": "web",
            "scope": "members:read offline_access openid tenant:read",
            "tenant": id(),
            "permissions": ["members:read", "tenant:read"],
            "fam": FamilyId::new(now, &SystemEntropy).to_string(),
            "auth_time": now.as_secs(),
        });
        let (mut signature, mut failed) = (Vec::new(), None);
        let text = jws::compact(("at+jwt", algorithm, KID), &claims, |message| {
            match sign(message) {
                Ok(made) => signature.clone_from(&made),
                Err(failure) => failed = Some(failure),
            }
            signature.clone()
        })?;
        let signed = text.rfind('.').ok_or_else(|| Failure::new("a token has no parts"))?;
        failed.map_or(Ok(Token { text, signed, signature }), Err)
    });
    made.collect()
}

/// What a service calls, with the clock that it reads for it.
fn by_verifier(key: PublicKey) -> Verify {
    let mut keys = KeySet::default();
    keys.insert(KID, key);
    let verifier = Verifier::new(ISSUER, AUDIENCE, keys);
    Box::new(move |token| verifier.verify(&token.text, SystemTime::now()).is_ok())
}

/// The same by a general library: issuer, audience and end; neither the kind of token nor claims that come twice.
fn by_jsonwebtoken(key: DecodingKey, algorithm: jsonwebtoken::Algorithm) -> Verify {
    let mut validation = Validation::new(algorithm);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    Box::new(move |token| {
        jsonwebtoken::decode::<serde_json::Value>(&token.text, &key, &validation)
            .is_ok_and(|decoded| decoded.header.kid.as_deref() == Some(KID))
    })
}

fn by_ring(way: &'static dyn ring_signature::VerificationAlgorithm, public: &[u8]) -> Verify {
    let key = UnparsedPublicKey::new(way, public.to_vec());
    Box::new(move |token| key.verify(token.message(), &token.signature).is_ok())
}

fn by_aws(way: &'static dyn aws::VerificationAlgorithm, public: &[u8]) -> Outcome<Verify> {
    let key = aws::ParsedPublicKey::new(way, public)?;
    Ok(Box::new(move |token| key.verify_sig(token.message(), &token.signature).is_ok()))
}

/// Lets everybody verify in turns, and reports.
fn compare(signed: &Signed, turns: usize, report: &mut Report) -> Outcome {
    let whole = [("doorward-verify", &signed.ours), ("jsonwebtoken", &signed.general)];
    let raw = signed.raw.iter().map(|(name, verify)| (*name, verify));
    let contenders: Vec<_> = raw.chain(whole).collect();
    for (name, verify) in &contenders {
        refuses_what_is_wrong(name, verify, &signed.tokens)?;
    }
    let mut nanos = vec![vec![Vec::new(); contenders.len()]; DEPTHS];
    for turn in 0..turns {
        for (depth, times) in nanos.iter_mut().enumerate() {
            // Nobody always follows the same one.
            for place in 0..contenders.len() {
                let at = (turn + depth + place) % contenders.len();
                times[at].push(took(contenders[at].1, &signed.tokens, depth)?);
            }
        }
    }
    let micros: Vec<f64> = (0..contenders.len()).map(|at| mean_of_medians(&mut nanos, at)).collect();
    let fastest = (0..signed.raw.len()).min_by(|a, b| micros[*a].total_cmp(&micros[*b]));
    let fastest = fastest.ok_or_else(|| Failure::new("nobody verifies"))?;
    for ((name, _), own) in contenders.iter().zip(&micros) {
        let share = Cell::Number(own / micros[fastest], 2);
        report.row(vec![signed.algorithm.name().into(), (*name).into(), Cell::Number(*own, 1), share]);
    }
    let what = format!("{}: a token against its signature by {}", signed.algorithm.name(), contenders[fastest].0);
    report.at_most(what, 1.15, micros[signed.raw.len()] / micros[fastest]);
    Ok(())
}

/// The time of one verification of a contender, in microseconds.
fn mean_of_medians(depths: &mut [Vec<Vec<u64>>], contender: usize) -> f64 {
    let medians = depths.iter_mut().map(|times| quantile(&mut times[contender], 0.5) / 1e3 / TURN as f64);
    medians.sum::<f64>() / DEPTHS as f64
}

/// The time of a turn so deep in the stack, in nanoseconds.
fn took(verify: &Verify, tokens: &[Token], depth: usize) -> Outcome<u64> {
    let (mut all, mut took) = (false, Duration::ZERO);
    deeper(depth, &mut || {
        let start = Instant::now();
        all = (depth..depth + TURN).all(|number| verify(black_box(&tokens[number % tokens.len()])));
        took = start.elapsed();
    });
    if all { Ok(u64::try_from(took.as_nanos())?) } else { Err(Failure::new("a good token was refused")) }
}

/// Does it `depth` frames further down.
#[inline(never)]
fn deeper(depth: usize, work: &mut dyn FnMut()) {
    let room = black_box([0_u8; 16]);
    match depth {
        0 => work(),
        _ => deeper(depth - 1, work),
    }
    black_box(&room);
}

/// Who says yes to everything would be the fastest.
fn refuses_what_is_wrong(name: &str, verify: &Verify, tokens: &[Token]) -> Outcome {
    let [first, second] = [&tokens[0], &tokens[1]];
    let text = format!("{}.{}", &first.text[..first.signed], &second.text[second.signed + 1..]);
    let forged = Token { text, signed: first.signed, signature: second.signature.clone() };
    match (verify(first), verify(&forged)) {
        (true, false) => Ok(()),
        told => Err(Failure::new(format!("{name} says {told:?} to a good token and a forged one"))),
    }
}
