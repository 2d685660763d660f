//! The structs of a file driver, as they are declared here and as the C headers have them.

#[allow(dead_code, missing_docs)]
#[path = "../../../filebacked-storage/src/libhdf5/vfd/class.rs"]
mod class;

use class::{Class, Public};
use filebacked_tests::scratch;
use std::collections::BTreeMap;
use std::mem::offset_of;
use std::process::Command;

macro_rules! offsets {
    ($type:ident as $c:literal: $($field:ident)*) => {
        vec![(concat!("sizeof(", $c, ")").to_string(), size_of::<$type>()),
            $((format!("offsetof({}, {})", $c, stringify!($field)), offset_of!($type, $field))),*]
    };
}

/// What C calls it, and how large it is or where it lies here.
fn declared() -> Vec<(String, usize)> {
    let mut all = offsets!(Class as "H5FD_class_t": version value name maxaddr fc_degree terminate sb_size sb_encode
        sb_decode fapl_size fapl_get fapl_copy fapl_free dxpl_size dxpl_copy dxpl_free open close cmp query get_type_map
        alloc free get_eoa set_eoa get_eof get_handle read write flush truncate lock unlock del ctl fl_map);
    let pieces = offset_of!(Class, pieces);
    for (n, name) in
        ["read_vector", "write_vector", "read_selection", "write_selection"].into_iter().enumerate()
    {
        all.push((format!("offsetof(H5FD_class_t, {name})"), pieces + n * size_of::<usize>()));
    }
    all.extend(
        offsets!(Public as "H5FD_t": driver_id cls fileno access_flags feature_flags maxaddr base_addr threshold
        alignment paged_aggr),
    );
    all.push(("H5FD_CLASS_VERSION".into(), class::VERSION as usize));
    all.push(("H5FD_MEM_DRAW".into(), class::DATA as usize));
    all.push(("H5FD_MEM_NTYPES".into(), class::DICHOTOMY.len()));
    all.extend(
        class::DICHOTOMY
            .iter()
            .enumerate()
            .map(|(n, kind)| (format!("dichotomy[{n}]"), *kind as usize)),
    );
    all.push(("sizeof(H5FD_mem_t)".into(), size_of::<class::Kind>()));
    all
}

#[test]
fn the_structs_are_those_of_the_headers() {
    let declared = declared();
    let include = env!("HDF5_INCLUDE");
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".into());
    if Command::new(&compiler).arg("--version").output().is_err() {
        eprintln!("skipped: there is no C compiler");
        return;
    }
    let lines: String = declared
        .iter()
        .map(|(name, _)| {
            format!("    printf(\"{name} = %llu\\n\", (unsigned long long)({name}));\n")
        })
        .collect();
    let source = format!(
        "#include <stddef.h>\n#include <stdio.h>\n#include <hdf5.h>\n#include <H5FDdevelop.h>\n\
         int main(void) {{\n    H5FD_mem_t dichotomy[] = H5FD_FLMAP_DICHOTOMY;\n{lines}    return 0;\n}}\n"
    );
    let (dir, path) = scratch("layout.c");
    std::fs::write(&path, source).unwrap();
    let program = dir.path().join("layout");
    let made = Command::new(&compiler)
        .arg(format!("-I{include}"))
        .arg(&path)
        .arg("-o")
        .arg(&program)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let told = Command::new(&program).output().unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    let in_c: BTreeMap<&str, usize> = told
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, value)| (name, value.parse().unwrap()))
        .collect();
    assert_eq!(in_c.len(), declared.len());
    for (name, here) in &declared {
        assert_eq!(Some(here), in_c.get(name.as_str()), "{name}");
    }
    // No field of either is missing: what follows the last one is its padding.
    assert_eq!((size_of::<Class>(), size_of::<Public>()), (336, 80));
}
