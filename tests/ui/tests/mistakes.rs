//! The derive's errors are part of the product: each mistake has a folder under `mistakes/`.

#[test]
fn mistakes_are_explained() {
    trybuild::TestCases::new().compile_fail("mistakes/*/*.rs");
}
