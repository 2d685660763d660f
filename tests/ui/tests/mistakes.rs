//! The derive's errors are part of the product: each mistake has a folder under `mistakes/`.

#[test]
fn mistakes_are_explained() {
    trybuild::TestCases::new().compile_fail("mistakes/*/*.rs");
}

/// Names of the user's types and modules do not change what generated code means.
#[test]
fn any_name_is_free() {
    trybuild::TestCases::new().pass("names/*.rs");
}
