//! Servers that lie, break off, or say nothing.

use super::*;
use crate::testing::dns::{ASKED, CNAME, FINE, Liar, Over, TXT, answer, record, text as string};

/// What the record says while the liar is asked: a fixed token, so that a plain function can answer with it.
const VALUE: &str = "doorward-domain-verification=0123456789abcdef0123456789abcdef";

fn right(question: &[u8]) -> Vec<u8> {
    answer(question, FINE, &[record(ASKED, TXT, &string(VALUE))])
}

async fn lied_to(app: &TestApp) -> Two {
    let mut two = Two::of(app).await;
    added(&mut two.ann, "acme", NAME).await;
    let mut tx = app.db().begin(operate::Durability::Full).await.unwrap();
    let token = VALUE.split_once('=').unwrap().1;
    tx.execute("UPDATE tenant_domains SET token = $1", &[&token]).await.unwrap();
    tx.commit().await.unwrap();
    two
}

type Lie = fn(&[u8], Over) -> Vec<Vec<u8>>;

/// Each lie, and the code that comes of it.
const LIES: [(&str, Lie, &str); 15] = [
    ("silence", |_, _| vec![], "no_answer"),
    ("a server that fails", |question, _| vec![answer(question, [0x81, 0x82], &[])], "no_answer"),
    ("a server that refuses", |question, _| vec![answer(question, [0x81, 0x85], &[])], "no_answer"),
    (
        "a failure with the record",
        |question, _| vec![answer(question, [0x81, 0x82], &[record(ASKED, TXT, &string(VALUE))])],
        "no_answer",
    ),
    ("garbage", |_, _| vec![vec![0], vec![], vec![0xff; 900], b"doorward-domain-verification".to_vec()], "no_answer"),
    (
        "a space behind",
        |question, _| vec![answer(question, FINE, &[record(ASKED, TXT, &string(&format!("{VALUE} ")))])],
        "record_differs",
    ),
    ("another id", |question, _| vec![[&[!question[0], !question[1]], &right(question)[2..]].concat()], "no_answer"),
    ("a question", |question, _| vec![question.to_vec()], "no_answer"),
    (
        "the answer to another question",
        |question, _| {
            let mut lie = right(question);
            lie[14] ^= 1;
            vec![lie]
        },
        "no_answer",
    ),
    (
        "the record of another name",
        |question, _| vec![answer(question, FINE, &[record(b"\x04evil\x07example\x00", TXT, &string(VALUE))])],
        "record_missing",
    ),
    (
        "an alias to elsewhere, without its record",
        |question, _| {
            let alias = record(ASKED, CNAME, b"\x04evil\x07example\x00");
            vec![answer(question, FINE, &[alias, record(ASKED, TXT, &string(VALUE))])]
        },
        "record_missing",
    ),
    ("an alias to itself", |question, _| vec![answer(question, FINE, &[record(ASKED, CNAME, ASKED)])], "no_answer"),
    (
        "a record that ends early",
        |question, _| {
            let mut lie = right(question);
            lie.truncate(lie.len() - 5);
            vec![lie]
        },
        "no_answer",
    ),
    (
        "a string that is longer than its record",
        |question, _| vec![answer(question, FINE, &[record(ASKED, TXT, &[&[200], VALUE.as_bytes()].concat())])],
        "no_answer",
    ),
    (
        "a cut datagram, and a broken stream",
        |question, over| match over {
            Over::Udp => vec![answer(question, [0x83, 0x80], &[record(ASKED, TXT, &string(VALUE))])],
            Over::Tcp => vec![vec![0xff; 40]],
        },
        "no_answer",
    ),
];

on_every_engine! {
    /// Promise: `domains/nothing-else`, `domains/limits`
    async fn a_server_that_lies_proves_nothing(app: TestApp) {
        let mut two = lied_to(&app).await;
        for (what, lie, code) in LIES {
            let liar = Liar::start(&app, lie).await;
            let status = if code == "no_answer" { 502 } else { 409 };
            let checked = tokio::time::timeout(Duration::from_secs(4), check(&mut two.ann, "acme")).await;
            assert_eq!(checked, Ok(no(status, code)), "{what}");
            drop(liar);
        }
        assert_eq!(holder(&app, "kim@acme.example").await, None);
    }

    /// Promise: `domains/proved-by-dns`, `domains/limits`
    async fn the_right_answer_is_found_among_others(app: TestApp) {
        let mut two = lied_to(&app).await;
        let cases: [(&str, Lie); 3] = [
            ("behind garbage and a forgery", |question, _| {
                let forged = [&[!question[0], question[1]], &answer(question, FINE, &[])[2..]].concat();
                vec![vec![0; 7], forged, right(question)]
            }),
            ("behind sixty kilobytes", |question, over| match over {
                Over::Udp => vec![answer(question, [0x83, 0x80], &[])],
                Over::Tcp => {
                    let mut all: Vec<_> = (0..290).map(|_| record(ASKED, TXT, &string(&"x".repeat(200)))).collect();
                    all.push(record(ASKED, TXT, &string(VALUE)));
                    vec![answer(question, FINE, &all)]
                }
            }),
            ("in one string for each letter", |question, _| {
                let letters: Vec<u8> = VALUE.bytes().flat_map(|letter| [1, letter]).collect();
                vec![answer(question, FINE, &[record(ASKED, TXT, &letters)])]
            }),
        ];
        for (what, honest) in cases {
            let liar = Liar::start(&app, honest).await;
            assert_eq!(check(&mut two.ann, "acme").await, ok(), "{what}");
            drop(liar);
            assert_eq!(holder(&app, "kim@acme.example").await.as_deref(), Some("acme"), "{what}");
            let tenant = operate::tenant(&app.doorward, "acme").await.unwrap().unwrap();
            let name = NAME.parse().unwrap();
            assert!(operate::withdraw_domain(&app.doorward, tenant.id, &name).await.unwrap());
        }
    }
}
