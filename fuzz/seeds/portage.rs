//! Where the search for dependencies and indexes of portage's that break the readers begins. Nothing but the standard library is used.

/// A dependency string, and behind it two versions, a line each, by name.
pub(crate) fn dependencies() -> Vec<(&'static str, Vec<u8>)> {
    let texts = [
        ("plain", "sys-libs/zlib\n1.2.3-r4\n1.2.3_alpha4_p5"),
        ("operators", ">=dev-lang/python-3.11:3.11[ssl,-tk(-),threads?] !!<app-misc/a-1 =cat/b-1.2*:0/1= ~cat/c-4:*\n0001\n1.0a_rc"),
        ("groups", "|| ( a/b ( c/d e/f ) ) ssl? ( dev-libs/openssl:= ) !ssl? ( || ( g/h i/j ) ) ^^ ( k/l )\nssl\n20240101-r0"),
        ("uses", "a/b[c=,!d=,e?,!f?,-g,h(+)] a/b::gentoo\n9999\n1_pre_beta3"),
    ];
    texts.map(|(name, text)| (name, text.as_bytes().to_vec())).into()
}

/// Indexes of binary hosts, by name.
pub(crate) fn indexes() -> Vec<(&'static str, Vec<u8>)> {
    let header =
        "ARCH: amd64\nCHOST: x86_64-pc-linux-gnu\nPACKAGES: 4\nPROFILE: default\nTIMESTAMP: 1\nURI: https://example.org\nVERSION: 0\n\n";
    let packages = "BUILD_ID: 1\nCPV: a/b-1\nDEFINED_PHASES: install\nEAPI: 8\nKEYWORDS: amd64\nMD5: 00\nPATH: a/b/b-1-1.gpkg.tar\nPROVIDES: x86_64: libb.so.1\n\
        RDEPEND: || ( c/d:= e/f[g,-h] ) !i/j\nSHA1: 00\nSIZE: 7\nSLOT: 0/1\nUSE: amd64 g\nIUSE: +g h\n\n\
        CPV: c/d-2-r1\nEAPI: 7\nPDEPEND: a/b\nREQUIRES: x86_64: libb.so.1 libc.so.6\nSLOT: 2\nSIZE: 1\n\n\
        CPV: e/f-1.2_p3\nBDEPEND: a/b\nIDEPEND: >=c/d-2\nUSE: g\nIUSE: g h\nSLOT: 0\n\nCPV: i/j-0\nRDEPEND: <a/b-2 g? ( c/d:2= )\nSLOT: 0\n\n";
    vec![("header", header.into()), ("packages", [header, packages].concat().into())]
}
