use super::*;

/// Promise: `audit/export-inert`
#[test]
fn a_cell_is_quoted_and_never_a_formula() {
    let cases = [
        ("plain", "\"plain\""),
        ("two \"words\", and more", "\"two \"\"words\"\", and more\""),
        ("=1+1", "\"'=1+1\""),
        ("+49", "\"'+49\""),
        ("-1", "\"'-1\""),
        ("@SUM(A1)", "\"'@SUM(A1)\""),
        ("\t=1", "\"'\t=1\""),
        ("", "\"\""),
    ];
    for (text, expected) in cases {
        assert_eq!(cell(text), expected);
    }
}
