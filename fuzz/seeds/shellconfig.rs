//! Where the search for a `config.sh` that breaks its reader begins: each form of an assignment.

/// Scripts by name.
pub(crate) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let words = "OS_NAME=\"my os\" # why\nOS_VERSION=${OS_VERSION:-9.1}\nexport INIT_PROCESS='systemd';\nBUILD_CAN_FAIL=1\n";
    let lists = "PACKAGES=(a 'b c' # all\n \"d\")\nPACKAGES+=\" e\\\n f\"\nARCH_EXCLUDE_LIST=( ppc64le s390x )\n";
    let unknown = "A=$B\nC=\"a $(b)\"\nD=`e`\nif x; then\n\tF=g\nfi\nH=i command\nJ=(k\n";
    vec![("words", words.into()), ("lists", lists.into()), ("unknown", unknown.into())]
}
