//! From samples to what can be said about them.

/// The value below which a share `share` of the samples lies.
pub(crate) fn quantile(samples: &mut [u64], share: f64) -> f64 {
    if samples.is_empty() {
        return f64::NAN;
    }
    let at = ((samples.len() - 1) as f64 * share).round() as usize;
    *samples.select_nth_unstable(at).1 as f64
}

/// The middle one.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => values[odd / 2],
        even => (values[even / 2 - 1] + values[even / 2]) / 2.0,
    }
}

/// Half the distance between the quartiles: how far an ordinary value lies from the middle one.
pub(crate) fn spread(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        count => (values[(count - 1) * 3 / 4] - values[(count - 1) / 4]) / 2.0,
    }
}

/// The smallest and the largest.
pub(crate) fn range(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)))
}

/// The Mann–Whitney rank test: how many standard deviations the ranks of `a` lie above what chance gives (normal
/// approximation, corrected for ties). Outliers of a busy machine count as one rank each, so they do not blur it.
pub(crate) fn mann_whitney(a: &[u64], b: &[u64]) -> f64 {
    let mut all: Vec<(u64, bool)> = a.iter().map(|v| (*v, true)).chain(b.iter().map(|v| (*v, false))).collect();
    all.sort_unstable();
    let (mut ranks_of_a, mut ties) = (0.0, 0.0);
    let mut at = 0;
    while at < all.len() {
        let equal = all[at..].iter().take_while(|(value, _)| *value == all[at].0).count();
        let rank = at as f64 + (equal as f64 + 1.0) / 2.0;
        ranks_of_a += rank * all[at..at + equal].iter().filter(|(_, of_a)| *of_a).count() as f64;
        ties += (equal as f64).powi(3) - equal as f64;
        at += equal;
    }
    let (n, m) = (a.len() as f64, b.len() as f64);
    let u = ranks_of_a - n * (n + 1.0) / 2.0;
    let spread = (n * m / 12.0 * ((n + m + 1.0) - ties / ((n + m) * (n + m - 1.0)))).sqrt();
    if spread > 0.0 { (u - n * m / 2.0) / spread } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_samples_rank_equally_and_shifted_ones_do_not() {
        let a: Vec<u64> = (0..300).collect();
        let b: Vec<u64> = (0..300).map(|v| v + 100).collect();
        assert!(mann_whitney(&a, &a).abs() < 1e-9);
        assert!(mann_whitney(&b, &a) > 10.0);
        assert!((mann_whitney(&b, &a) + mann_whitney(&a, &b)).abs() < 1e-9);
    }

    #[test]
    fn the_rank_test_agrees_with_a_worked_example() {
        // U = 1 of 9 for {1, 2, 4} against {3, 5, 6}: mean 4.5, variance 3 * 3 * 7 / 12.
        let z = mann_whitney(&[1, 2, 4], &[3, 5, 6]);
        assert!((z - (1.0 - 4.5) / (63.0_f64 / 12.0).sqrt()).abs() < 1e-9, "{z}");
    }

    #[test]
    fn quantiles_and_medians_are_those_of_the_sorted_samples() {
        let mut samples: Vec<u64> = (1..=101).rev().collect();
        assert_eq!(quantile(&mut samples, 0.5), 51.0);
        assert_eq!(quantile(&mut samples, 1.0), 101.0);
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), 2.5);
    }
}
