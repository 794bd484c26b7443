//! Bins with round limits, and how many numbers are in each.
//!
//! The limits are at the ticks that d3's linear scale would choose (github.com/d3/d3-scale, "continuous.nice"); the counts
//! are numpy's (numpy.histogram): a bin has its lower limit, the last one its upper limit too.

/// The limits of bins, one more than there are counts.
#[derive(Debug, PartialEq)]
pub(crate) struct Bins {
    pub(crate) edges: Vec<f64>,
    pub(crate) counts: Vec<u64>,
}

impl Bins {
    /// Bins of finite numbers, about as many as suggested. `None` if there are no two different numbers.
    pub(crate) fn of(numbers: &[f64], suggested: u32) -> Option<Bins> {
        let low = numbers.iter().copied().reduce(f64::min)?;
        let high = numbers.iter().copied().reduce(f64::max)?;
        if low == high {
            return None;
        }
        let range = Range { low, high, bins: suggested };
        let range = range.rounded(numbers).filter(|rounded| rounded.holds(&range)).unwrap_or(range);
        let edges = range.edges();
        let mut counts = vec![0; edges.len() - 1];
        for number in numbers {
            // The edges are in order, and the first is not above any number.
            let above = edges.partition_point(|edge| edge <= number);
            counts[above.clamp(1, edges.len() - 1) - 1] += 1;
        }
        Some(Bins { edges, counts })
    }
}

struct Range {
    low: f64,
    high: f64,
    bins: u32,
}

/// The distance of ticks: so many, or a part of 1. Parts keep their precision where tenths would not.
#[derive(Clone, Copy)]
enum Step {
    Whole(f64),
    Part(f64),
}

impl Step {
    /// 1, 2 or 5 times a power of ten, so that there are about so many steps.
    fn of(low: f64, high: f64, count: u32) -> Step {
        let wanted = (high - low) / f64::from(count);
        let power = wanted.log10().floor();
        let error = wanted / 10_f64.powf(power);
        let factor = if error >= 50_f64.sqrt() {
            10.0
        } else if error >= 10_f64.sqrt() {
            5.0
        } else if error >= 2_f64.sqrt() {
            2.0
        } else {
            1.0
        };
        // Powers of a whole number are exact.
        let exponent = power.abs() as i32;
        if power >= 0.0 {
            Step::Whole(factor * 10_f64.powi(exponent))
        } else {
            Step::Part(10_f64.powi(exponent) / factor)
        }
    }

    fn floor(self, number: f64) -> f64 {
        self.number((self.count(number)).floor())
    }

    fn ceil(self, number: f64, more: f64) -> f64 {
        self.number(self.count(number).ceil() + more)
    }

    /// How many steps a number is.
    fn count(self, number: f64) -> f64 {
        match self {
            Step::Whole(step) => number / step,
            Step::Part(parts) => number * parts,
        }
    }

    /// The number that so many steps are.
    fn number(self, count: f64) -> f64 {
        match self {
            Step::Whole(step) => count * step,
            Step::Part(parts) => count / parts,
        }
    }

    fn divides(self, number: f64) -> bool {
        match self {
            Step::Whole(step) => number % step == 0.0,
            Step::Part(parts) => (number * parts) % 1.0 == 0.0,
        }
    }
}

impl Range {
    /// From tick to tick. If all numbers are at ticks there is one bin more, or the two largest would share one: 1 to 6,
    /// as dice show them, are six bins.
    fn rounded(&self, numbers: &[f64]) -> Option<Range> {
        let step = Step::of(self.low, self.high, self.bins);
        let more = if numbers.iter().all(|number| step.divides(*number)) { 1.0 } else { 0.0 };
        let (low, high) = (step.floor(self.low), step.ceil(self.high, 0.0));
        // The wider range may have a better step.
        let step = Step::of(low, high, self.bins);
        let (low, high) = (step.floor(low), step.ceil(high, more));
        let bins = step.count(high - low).round_ties_even();
        // Where floats come to an end there are no ticks.
        let possible =
            low.is_finite() && high.is_finite() && bins >= 1.0 && bins <= 4.0 * f64::from(self.bins);
        possible.then_some(Range { low, high, bins: bins as u32 })
    }

    fn holds(&self, other: &Range) -> bool {
        self.low <= other.low && self.high >= other.high
    }

    fn edges(&self) -> Vec<f64> {
        let count = f64::from(self.bins);
        let span = self.high - self.low;
        let edge = |place: u32| {
            if span.is_finite() {
                f64::from(place) * (span / count) + self.low
            } else {
                // The whole span is no float, though both its ends are.
                let part = f64::from(place) / count;
                self.low * (1.0 - part) + self.high * part
            }
        };
        (0..self.bins).map(edge).chain([self.high]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_range(numbers: &[f64], suggested: u32, low: f64, high: f64, bins: usize) {
        let found = Bins::of(numbers, suggested).unwrap();
        assert_eq!((found.edges[0], found.edges[bins], found.counts.len()), (low, high, bins));
    }

    #[test]
    fn limits_are_round() {
        assert_range(&[240.0, 333.3, 12314.0], 13, 0.0, 13000.0, 13);
        assert_range(&[-8.0, 22.0], 4, -10.0, 30.0, 4);
        assert_range(&[0.1, 0.41], 16, 0.1, 0.42, 16);
        assert_range(&[-0.04, 0.8], 9, -0.1, 0.8, 9);
        assert_range(&[-0.04, 0.8], 10, -0.1, 0.8, 9);
    }

    #[test]
    fn numbers_at_ticks_each_have_a_bin() {
        let dice = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        for suggested in [5, 6, 7] {
            assert_range(&dice, suggested, 1.0, 7.0, 6);
        }
        for suggested in [10, 11, 12] {
            assert_range(&dice, suggested, 1.0, 6.5, 11);
        }
    }

    #[test]
    fn the_upper_limit_is_in_the_last_bin() {
        let bins = Bins::of(&[0.0, 1.8, 1.1, 2.0], 2).unwrap();
        assert_eq!(bins, Bins { edges: vec![0.0, 1.0, 2.0], counts: vec![1, 3] });
        let bins = Bins::of(&[1.1, 2.2, 3.3], 5).unwrap();
        assert_eq!(bins, Bins { edges: vec![1.0, 1.5, 2.0, 2.5, 3.0, 3.5], counts: vec![1, 0, 1, 0, 1] });
        let bins = Bins::of(&[0.01, 0.95], 12).unwrap();
        assert_eq!(bins.counts, [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    }

    #[test]
    fn at_the_ends_of_floats_nothing_is_lost() {
        assert_eq!(Bins::of(&[], 5), None);
        assert_eq!(Bins::of(&[1.1, 1.1], 5), None);
        for numbers in [
            [-f64::MAX, f64::MAX],
            [0.0, f64::MIN_POSITIVE],
            [0.0, 5e-324],
            [1e300, 1e300 * (1.0 + f64::EPSILON)],
            [1.0, 1.0 + f64::EPSILON],
            [0.0, f64::MAX],
        ] {
            for suggested in [2, 20, 500] {
                let bins = Bins::of(&numbers, suggested).unwrap();
                assert_eq!(bins.counts.iter().sum::<u64>(), 2, "{numbers:?}");
                assert!(bins.edges.iter().all(|edge| edge.is_finite()), "{numbers:?}");
                assert!(
                    bins.edges[0] <= numbers[0] && bins.edges[bins.counts.len()] >= numbers[1],
                    "{numbers:?}"
                );
            }
        }
    }
}
