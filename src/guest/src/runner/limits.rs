use rootfs_guest::protocol::Failure;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::failure::Step;

/// Soft and hard limit of what scripts notice; none is unlimited.
const LIMITS: [(&str, Resource, Option<u64>, Option<u64>); 3] = [
    ("core", Resource::Core, Some(0), Some(0)),
    ("nofile", Resource::Nofile, Some(1024), Some(1 << 20)),
    ("stack", Resource::Stack, Some(8 << 20), None),
];

/// Makes limits the same whoever calls. A hard limit is never raised: that takes a privilege which even root may lack.
pub(super) fn reset() -> Result<(), Failure> {
    for (name, resource, soft, hard) in LIMITS {
        let maximum = lower(getrlimit(resource).maximum, hard);
        setrlimit(resource, Rlimit { current: lower(soft, maximum), maximum }).step(&format!("set the limit `{name}`"))?;
    }
    Ok(())
}

fn lower(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (limit, None) | (None, limit) => limit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_limit_is_the_highest() {
        assert_eq!(lower(None, None), None);
        assert_eq!(lower(Some(1), None), Some(1));
        assert_eq!(lower(None, Some(1)), Some(1));
        assert_eq!(lower(Some(2), Some(1)), Some(1));
    }
}
