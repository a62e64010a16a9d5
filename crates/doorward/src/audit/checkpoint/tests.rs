use super::*;

const ORIGIN: &str = "id.example.com/audit";

fn signer(seed: u8) -> Signer {
    Signer::new(ORIGIN, &[seed; 32])
}

fn checkpoint() -> Checkpoint {
    Checkpoint::new(ORIGIN.to_owned(), 12, 345, Hash([7; 32]), Timestamp::from_secs(1_795_420_800))
}

fn open(note: &str, known: &[&Signer], given: Option<&Signer>) -> Result<(Checkpoint, Signature), CheckpointError> {
    let known: Vec<PublicKey> = known.iter().map(|signer| signer.public.clone()).collect();
    Checkpoint::open(note, ORIGIN, &known, given.map(Signer::public))
}

/// The example in the documentation of golang.org/x/mod/sumdb/note, whose form signed-note took over.
#[test]
fn a_note_is_what_other_programs_write_and_read() {
    let seed = STANDARD.decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz").unwrap();
    let signer = Signer::new("PeterNeumann", seed[1..].try_into().unwrap());
    let public = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    assert_eq!(signer.public.to_string(), public);
    assert_eq!(PublicKey::parse(public).as_ref(), Some(signer.public()));
    let text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    let signature = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";
    assert_eq!(signer.note(text), format!("{text}\n\u{2014} PeterNeumann {signature}\n"));
}

#[test]
fn a_checkpoint_says_whose_log_how_many_and_which() {
    let note = signer(1).sign(&checkpoint());
    let lines: Vec<&str> = note.lines().collect();
    let hash = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
    assert_eq!(lines[..6], [ORIGIN, "12", hash, "events 345", "time 2026-11-23T08:00:00Z", ""]);
    assert!(lines[6].starts_with("\u{2014} id.example.com/audit ") && lines.len() == 7, "{note}");
    assert_eq!(open(&note, &[&signer(1)], None), Ok((checkpoint(), Signature::Genuine)));
    assert_eq!(open(&note.replace('\n', "\r\n"), &[&signer(1)], None), Ok((checkpoint(), Signature::Genuine)));
}

/// Promise: `audit/checkpoint-forged`
#[test]
fn every_key_that_is_kept_verifies_and_of_another_nothing_is_said() {
    let note = signer(1).sign(&checkpoint());
    assert_eq!(open(&note, &[&signer(2), &signer(1)], None).unwrap().1, Signature::Genuine);
    assert_eq!(open(&note, &[&signer(2)], None).unwrap().1, Signature::UnknownKey);
    assert_eq!(
        open(&note, &[&signer(2)], Some(&signer(1))).unwrap().1,
        Signature::Genuine,
        "whoever gives a key means it"
    );
    assert_eq!(open(&note, &[&signer(1)], Some(&signer(2))), Err(CheckpointError::OtherKey));
}

/// Promise: `audit/checkpoint-forged`
#[test]
fn a_checkpoint_that_was_changed_in_any_byte_is_refused() {
    let note = signer(1).sign(&checkpoint());
    for at in 0..note.len() {
        let mut changed = note.clone().into_bytes();
        changed[at] ^= 1;
        let Ok(changed) = String::from_utf8(changed) else { continue };
        // Whoever changes the name of the key says that it is another one.
        let by_another = open(&changed, &[&signer(1)], None).is_ok_and(|(_, by)| by == Signature::UnknownKey);
        assert!(by_another || open(&changed, &[&signer(1)], None).is_err(), "byte {at}: {changed}");
        assert!(open(&changed, &[], Some(&signer(1))).is_err(), "byte {at}: {changed}");
    }
    let swapped = signer(2).sign(&checkpoint());
    let (text, below) = (note.split("\n\n").next().unwrap(), swapped.split("\n\n").nth(1).unwrap());
    let id = STANDARD.encode([&signer(1).public.id()[..], &[9; 64]].concat());
    assert!(open(&format!("{text}\n\n{below}"), &[&signer(1)], Some(&signer(1))).is_err());
    assert_eq!(open(&format!("{text}\n\n\u{2014} {ORIGIN} {id}\n"), &[&signer(1)], None), Err(CheckpointError::Forged));
}

/// Promise: `audit/checkpoint-forged`
#[test]
fn a_checkpoint_of_another_site_is_refused() {
    let other = Checkpoint { origin: "elsewhere.example/audit".to_owned(), ..checkpoint() };
    let refused = Err(CheckpointError::OtherSite("elsewhere.example/audit".to_owned()));
    assert_eq!(open(&signer(1).sign(&other), &[&signer(1)], None), refused);
    let signed_there = Signer::new("elsewhere.example/audit", &[1; 32]).sign(&other);
    assert_eq!(open(&signed_there, &[&signer(1)], None), refused);
}

#[test]
fn what_is_no_checkpoint_is_refused() {
    let note = signer(1).sign(&checkpoint());
    let sign = |text: &str| signer(1).note(text);
    for text in [
        String::new(),
        "\n\n".to_owned(),
        note.split("\n\n").next().unwrap().to_owned(),
        format!("{}\n\n", note.split("\n\n").next().unwrap()),
        note.replace('\u{2014}', "-"),
        sign(""),
        sign("a/audit\n"),
        sign("a/audit\n1\nAAAA\nevents 1\ntime now\n"),
        sign(&checkpoint().text().replace("\n12\n", "\n-1\n")),
        sign(&checkpoint().text().replace("\n12\n", "\n012\n")),
        sign(&checkpoint().text().replace("\n12\n", "\n99999999999999999999\n")),
        sign(&checkpoint().text().replace("events 345", "345")),
    ] {
        assert_eq!(open(&text, &[&signer(1)], None), Err(CheckpointError::Malformed), "{text}");
    }
}

#[test]
fn what_is_no_public_key_is_refused() {
    let key = signer(1).public.to_string();
    assert!(PublicKey::parse(&format!(" {key}\n")).is_some());
    let parts: Vec<&str> = key.splitn(3, '+').collect();
    for text in [
        String::new(),
        "a+b+c".to_owned(),
        format!("+{}+{}", parts[1], parts[2]),
        format!("{}+00000000+{}", parts[0], parts[2]),
        format!("other.example/audit+{}+{}", parts[1], parts[2]),
        format!("{}+{}+{}", parts[0], parts[1], &parts[2][..40]),
    ] {
        assert_eq!(PublicKey::parse(&text), None, "{text}");
    }
}
