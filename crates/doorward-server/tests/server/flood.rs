use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use serde_json::json;

use crate::support::{Answer, Site, exchange};

/// The server itself and three hundred connections: three times what was measured.
const WITHOUT_HASHING: u64 = 96 << 20;
/// What two hashing threads may take, at 19 MiB each.
const FOR_HASHING: u64 = 2 * (19 << 20);

/// Promise: `passwords/bounded`
#[test]
fn three_hundred_logins_at_once_take_no_more_memory_than_two_and_end_no_session() {
    let more = "[passwords]\nthreads = 2\n[attempts]\nfree_per_address = 10000\n";
    let site = Site::serve(&[], more);
    let mut ann = site.logged_in("ann@example.com");
    let mut stranger = site.visitor();
    stranger.begin();
    let over = AtomicBool::new(false);
    let answers: Vec<Answer> = thread::scope(|scope| {
        let checks = scope.spawn(|| {
            let mut checks = 0;
            while !over.load(Ordering::Relaxed) {
                assert!(ann.is_in(), "a flood at the door is no reason to go");
                checks += 1;
            }
            checks
        });
        let guess = |n: usize| {
            let email = if n.is_multiple_of(3) { "ann@example.com".to_owned() } else { format!("user{n}@example.com") };
            let body = json!({ "email": email, "password": "not the password" }).to_string();
            let request = stranger.request("POST", "/auth/login", &body);
            let port = site.port;
            scope.spawn(move || Answer::parse(&exchange(port, request.as_bytes())))
        };
        let guesses: Vec<_> = (0..300).map(guess).collect();
        let answers = guesses.into_iter().map(|guess| guess.join().unwrap()).collect();
        over.store(true, Ordering::Relaxed);
        assert!(checks.join().unwrap() > 0);
        answers
    });
    for answer in &answers {
        assert!(matches!(answer.status, 401 | 429 | 503), "{answer:?}");
        let tells_when = answer.head.to_ascii_lowercase().contains("\r\nretry-after: ");
        assert_eq!(tells_when, answer.status != 401, "{answer:?}");
    }
    assert!(answers.iter().any(|answer| answer.status == 401), "those that fit were served");
    let most = site.most_memory();
    assert!(most < WITHOUT_HASHING + FOR_HASHING, "the server held {} MiB at once", most >> 20);
    assert!(ann.is_in());
}
