use rootfs_plugin::BuildError;

/// An error with its causes as texts, as it crosses to a plugin.
#[must_use]
pub fn build_error(error: &(dyn std::error::Error + 'static)) -> BuildError {
    BuildError { message: error.to_string(), hint: hint_of(error), cause: error.source().map(|cause| Box::new(build_error(cause))) }
}

/// The hint of an error of ours, whichever it is.
fn hint_of(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    macro_rules! first_hint {
        ($($kind:ty),* $(,)?) => { None$(.or_else(|| error.downcast_ref::<$kind>().and_then(<$kind>::hint)))* };
    }
    first_hint!(
        crate::apk::ApkError,
        crate::apk::ApkFault,
        crate::apk::DependencyError,
        crate::apk::KeyError,
        crate::apk::ResolveError,
        crate::apk::install::InstallError,
        crate::apt::AptError,
        crate::apt::ResolveError,
        crate::apt::compose::ComposeError,
        crate::apt::install::InstallError,
        crate::deb::DebError,
        crate::fetch::FetchError,
        crate::rpm::MetadataFault,
        crate::rpm::resolve::RpmResolveError,
        crate::rpm::package::RpmError,
        crate::rpm::package::RpmFault,
        crate::rpm::transaction::TransactionError,
        crate::scripts::ScriptError,
        crate::store::StoreError,
        rootfs_sandbox::SandboxError,
    )
}
