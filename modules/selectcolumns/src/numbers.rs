//! Column numbers as people write them: `1-3, 5`.

use crunchbox_sdk::parse_range;

/// What is wrong with a list of numbers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BadNumbers {
    /// This part is neither a number nor a range.
    Invalid(String),
    /// A number is there twice.
    Overlapping,
}

/// For each of `count` columns whether `list` names it.
pub(crate) fn chosen(list: &str, count: usize) -> Result<Vec<bool>, BadNumbers> {
    let mut ranges = Vec::new();
    for part in list.split(',').map(str::trim) {
        let (first, last) = parse_range(part).ok_or_else(|| BadNumbers::Invalid(part.to_owned()))?;
        if first <= last {
            ranges.push((first, last));
        }
    }
    ranges.sort_unstable();
    if ranges.windows(2).any(|pair| pair[1].0 <= pair[0].1) {
        return Err(BadNumbers::Overlapping);
    }
    let mut chosen = vec![false; count];
    for (first, last) in ranges {
        let end = last.min(count);
        if first <= end {
            chosen[first - 1..end].fill(true);
        }
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lists_are_read() {
        assert_eq!(chosen(" 2 , 4-9 ", 4).unwrap(), [false, true, false, true]);
        assert_eq!(chosen("99999999999999999999999", 2).unwrap(), [false, false]);
        assert_eq!(chosen("3-1", 3).unwrap(), [false; 3]);
    }

    #[test]
    fn bad_parts_are_named() {
        for (list, part) in [
            ("", ""),
            ("1,,2", ""),
            ("-1,2", "-1"),
            ("1,0", "0"),
            ("01", "01"),
            ("1-2-3", "1-2-3"),
            ("1 - 2", "1 - 2"),
            ("2-", "2-"),
            ("٣", "٣"),
        ] {
            assert_eq!(chosen(list, 3), Err(BadNumbers::Invalid(part.to_owned())), "{list:?}");
        }
    }

    #[test]
    fn a_number_that_is_there_twice_is_refused() {
        for list in ["1,1", "1-3,3-4", "2-5,3", "7,6-8"] {
            assert_eq!(chosen(list, 3), Err(BadNumbers::Overlapping), "{list:?}");
        }
    }

    proptest! {
        #[test]
        fn single_numbers_choose_their_columns(wanted in prop::collection::btree_set(1usize..20, 1..10)) {
            let list: Vec<String> = wanted.iter().map(usize::to_string).collect();
            let expected: Vec<bool> = (1..=15).map(|number| wanted.contains(&number)).collect();
            prop_assert_eq!(chosen(&list.join(", "), 15).unwrap(), expected);
        }

        #[test]
        fn no_text_breaks_it(list in "[-0-9, a]{0,30}", count in 0usize..30) {
            if let Ok(chosen) = chosen(&list, count) {
                prop_assert_eq!(chosen.len(), count);
            }
        }
    }
}
