//! Refusals for want of room go out one after the other, so that asking again at once does not pay.
//!
//! A refusal costs next to nothing, and a program that is refused asks again the moment it hears of it: a thousand
//! connections then exchange nothing but refusals, tens of thousands a second, and everybody else waits among them. So the
//! first refusal goes out at once and each further one [`EVERY`] after the one before it. Nobody waits longer than
//! [`LONGEST`], and what waits is an answer that is already made: it holds no lock, no connection to the store and no place
//! in the hashing pool.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

/// The line of refusals on their way out.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    next: Mutex<Option<Instant>>,
}

impl Turns {
    /// Waits until the next refusal may go out.
    #[allow(clippy::disallowed_methods, reason = "decides when an answer leaves, nothing about anybody")]
    pub(crate) async fn wait(&self) {
        let due = self.take(Instant::now());
        sleep_until(due).await;
    }

    /// Makes the line as long as it gets.
    #[cfg(test)]
    #[allow(clippy::disallowed_methods, reason = "an instant to count from")]
    pub(crate) fn fill(&self) {
        *self.next.lock().unwrap() = Some(Instant::now() + LONGEST);
    }

    fn take(&self, now: Instant) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let due = next.unwrap_or(now).clamp(now, now + LONGEST);
        *next = Some(due + EVERY);
        due
    }
}

const EVERY: Duration = Duration::from_millis(2);
const LONGEST: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    /// Promise: `passwords/refusals-take-turns`
    #[test]
    #[allow(clippy::disallowed_methods, reason = "an instant to count from")]
    fn refusals_leave_one_after_the_other_and_none_waits_for_long() {
        let (turns, start) = (Turns::default(), Instant::now());
        assert_eq!(turns.take(start), start, "one alone does not wait");
        let last = (1..=5000).map(|turn| (turn, turns.take(start))).inspect(|(turn, due)| {
            assert_eq!(*due, start + (EVERY * *turn).min(LONGEST));
        });
        let (_, last) = last.last().unwrap();
        assert_eq!(last, start + LONGEST);
        let later = start + LONGEST * 2;
        assert_eq!(turns.take(later), later, "the line is forgotten when it is empty");
    }
}
