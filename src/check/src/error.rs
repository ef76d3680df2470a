use rootfs_tree::TreeError;

/// Why a rule can't say anything about a tree.
#[derive(Debug, thiserror::Error)]
#[error("the rule `{rule}` can't be checked")]
pub struct CheckError {
    /// The rule's name.
    pub rule: &'static str,
    /// Which content can't be read, and why.
    #[source]
    pub source: TreeError,
}
