//! Unified kernel images, judged by binutils and sbsigntool. Firmware judges them where guests boot.

use std::path::Path;

use rootfs_image::{Uki, UkiError};

use crate::judge::{path, run, run_well};
use crate::pe::{ARM64, FILE_HEADER, OPTIONAL, Program, TABLE, X64};

const OS_RELEASE: &[u8] = b"ID=test\nPRETTY_NAME=\"Test\"\n";
const INITRD: &[u8] = &[0x5A; 70_001];

fn uki<'a>(stub: &'a [u8], linux: &'a [u8]) -> Uki<'a> {
    Uki { stub, linux, initrd: Some(INITRD), command_line: "root=/dev/sda1 ro", os_release: Some(OS_RELEASE), uname: Some("6.1.0-1") }
}

/// Every section's line and flags as objdump tells them, in order.
fn sections(image: &Path) -> Vec<(String, String)> {
    let said = run_well("objdump", &["-h", path(image)]);
    let lines: Vec<&str> = said.lines().skip_while(|line| !line.starts_with("Idx")).skip(1).collect();
    lines
        .as_chunks::<2>()
        .0
        .iter()
        .map(|[line, flags]| (line.split_whitespace().nth(1).unwrap().to_owned(), flags.trim().to_owned()))
        .collect()
}

/// What binutils finds in a section.
fn dumped(image: &Path, section: &str) -> Vec<u8> {
    let target = image.with_extension("section");
    run_well(
        "objcopy",
        &["-O", "binary", "--only-section", section, "--dump-section", &format!("{section}={}", path(&target)), path(image), "/dev/null"],
    );
    fs_err::read(target).unwrap()
}

#[test]
fn binutils_finds_what_was_put_in() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("image.efi");
    let kernel = Program::kernel(X64, 200_000).bytes();
    for (section_alignment, symbols) in [(4096, 0), (512, 7)] {
        let stub = Program { section_alignment, symbols, ..Program::stub(X64) }.bytes();
        fs_err::write(&image, uki(&stub, &kernel).assemble().unwrap()).unwrap();
        let sections = sections(&image);
        let names: Vec<&str> = sections.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, [".text", ".sbat", ".osrel", ".cmdline", ".uname", ".initrd", ".linux"]);
        assert_eq!(sections[5].1, "CONTENTS, ALLOC, LOAD, READONLY, DATA");
        assert_eq!(sections[6].1, "CONTENTS, ALLOC, LOAD, READONLY, CODE");
        for (section, content) in
            [(".osrel", OS_RELEASE), (".cmdline", b"root=/dev/sda1 ro"), (".uname", b"6.1.0-1"), (".initrd", INITRD), (".linux", &kernel)]
        {
            assert!(dumped(&image, section) == content, "{section}");
        }
        assert_eq!(dumped(&image, ".text"), [0xC3; 3000]);
        let headers = run_well("objdump", &["-p", path(&image)]);
        // 70001 bytes and what is before end below 0x18000, and the kernel wants 1 MiB.
        assert!(headers.contains("SizeOfImage\t\t00118000"), "{headers}");
        assert!(run_well("objdump", &["-t", path(&image)]).contains("no symbols"));
    }
}

#[test]
fn what_is_not_given_has_no_section() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("image.efi");
    let (stub, kernel) = (Program::stub(ARM64).bytes(), Program::kernel(ARM64, 1000).bytes());
    let bare = Uki { initrd: None, command_line: "", os_release: None, uname: None, ..uki(&stub, &kernel) };
    let bytes = bare.assemble().unwrap();
    assert_eq!(bytes, bare.assemble().unwrap());
    fs_err::write(&image, bytes).unwrap();
    // Only some binutils know the machine; the format is the same.
    let table = &fs_err::read(&image).unwrap()[TABLE..];
    let names: Vec<&[u8]> = table.chunks(40).take(4).map(|header| &header[..8]).collect();
    assert_eq!(names, [b".text\0\0\0", b".sbat\0\0\0", b".linux\0\0", &[0; 8]]);
}

#[test]
fn sbsigntool_signs_it_without_a_warning() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let (key, certificate, image, signed) = (at("key"), at("certificate"), at("image"), at("signed"));
    let subject = ["-subj", "/CN=test", "-keyout", path(&key), "-out", path(&certificate)];
    run_well("openssl", &[&["req", "-new", "-x509", "-newkey", "rsa:2048", "-nodes"][..], &subject].concat());
    // Symbols are what it warns of.
    let stub = Program { symbols: 7, ..Program::stub(X64) }.bytes();
    let kernel = Program::kernel(X64, 5000).bytes();
    fs_err::write(&image, uki(&stub, &kernel).assemble().unwrap()).unwrap();
    let sign =
        |image: &Path| run_well("sbsign", &["--key", path(&key), "--cert", path(&certificate), "--output", path(&signed), path(image)]);
    assert_eq!(sign(&image), "Signing Unsigned original image\n");
    assert_eq!(run_well("sbverify", &["--cert", path(&certificate), path(&signed)]), "Signature verification OK\n");

    let mut bytes = fs_err::read(&signed).unwrap();
    assert!(matches!(uki(&bytes, &kernel).assemble(), Err(UkiError::Signed)));
    let at = bytes.windows(5).position(|window| window == b"root=").unwrap();
    bytes[at] = b'b';
    fs_err::write(&signed, bytes).unwrap();
    assert!(!run("sbverify", &["--cert", path(&certificate), path(&signed)]).status.success(), "sbverify accepts another command line");
    fs_err::write(&image, stub).unwrap();
    assert!(sign(&image).contains("gaps"), "sbsign doesn't mind symbols");
}

#[test]
fn what_does_not_fit_is_refused() {
    let stub = || Program::stub(X64);
    let kernel = Program::kernel(X64, 1000).bytes();
    let with = |change: fn(&mut Vec<u8>)| {
        let mut bytes = stub().bytes();
        change(&mut bytes);
        bytes
    };
    let taken = Program { sections: vec![(".linux", vec![1])], ..stub() }.bytes();
    let many = Program { sections: vec![(".many", vec![1]); 13], ..stub() }.bytes();
    let cases = [
        (Vec::new(), "the stub is not an EFI program for 64 bits"),
        (with(|bytes| bytes[0x40] = b'N'), "the stub is not an EFI program for 64 bits"),
        (with(|bytes| bytes[0x3C..0x40].fill(0xFF)), "the stub is not an EFI program for 64 bits"),
        (with(|bytes| bytes[OPTIONAL] = 0x07), "the stub is not an EFI program for 64 bits"),
        (with(|bytes| bytes[FILE_HEADER + 16] = 100), "the stub is not an EFI program for 64 bits"),
        (with(|bytes| bytes[OPTIONAL + 68] = 11), "the stub is for the subsystem 11, and 10 is that of EFI applications"),
        (with(|bytes| bytes[OPTIONAL + 36] = 1), "the stub aligns sections to 4096 bytes in memory and 513 in the file"),
        (with(|bytes| bytes.truncate(4607)), "the stub is cut off: it has 4607 bytes, and its sections end at 4608"),
        (with(|bytes| bytes.truncate(400)), "the stub is cut off: it has 400 bytes, and its sections end at 408"),
        (with(|bytes| bytes[OPTIONAL + 144] = 1), "the stub is signed"),
        (with(|bytes| bytes.extend_from_slice(b"more")), "the stub has 4 bytes behind its sections that are not symbols"),
        (with(|bytes| bytes[TABLE + 80] = 1), "the stub has room for 0 more sections, and 5 are needed"),
        (with(|bytes| bytes[TABLE + 48..TABLE + 52].fill(0xFF)), "the image would have more than 4294967295 bytes"),
        (taken, "the stub has a section `.linux` already"),
        (many, "the stub has room for 4 more sections, and 5 are needed"),
        (Program::stub(ARM64).bytes(), "the stub is for the machine 0xaa64, and the kernel for 0x8664"),
    ];
    for (stub, expected) in cases {
        let error = uki(&stub, &kernel).assemble().err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some(expected));
    }
    let stub = stub().bytes();
    let gzip = uki(&stub, b"\x1f\x8b").assemble().unwrap_err();
    assert_eq!(gzip.to_string(), "the kernel is not an EFI program for 64 bits");
    assert!(gzip.hint().unwrap().contains("compressed"));
    let nul = Uki { command_line: "a\0b", ..uki(&stub, &kernel) };
    assert_eq!(nul.assemble().unwrap_err().to_string(), "the command line has a NUL byte");
}

#[test]
fn hostile_stubs_do_no_harm() {
    let (stub, kernel) = (Program { symbols: 3, ..Program::stub(X64) }.bytes(), Program::kernel(X64, 1000).bytes());
    // Symbols are what comes after.
    for length in 0..4608 {
        assert!(uki(&stub[..length], &kernel).assemble().is_err(), "{length}");
    }
    for at in 0..TABLE + 80 {
        for value in [0, 1, 0x7F, 0x80, 0xFF] {
            let (mut odd_stub, mut odd_kernel) = (stub.clone(), kernel.clone());
            (odd_stub[at], odd_kernel[at]) = (value, value);
            let _ = uki(&odd_stub, &kernel).assemble();
            let _ = uki(&stub, &odd_kernel).assemble();
        }
    }
}
