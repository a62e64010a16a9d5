//! What must not compile in an application that uses this crate. `TRYBUILD=overwrite` writes down what the compiler says.

#[test]
fn what_must_not_compile_does_not() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
