use rootfs_plugin::BuildError;

/// An error with its causes as texts, as it crosses to a plugin.
#[must_use]
pub fn build_error(error: &(dyn std::error::Error + 'static)) -> BuildError {
    BuildError { message: error.to_string(), hint: hint_of(error), cause: error.source().map(|cause| Box::new(build_error(cause))) }
}

/// An error that another one caused, whose hint it has.
pub(crate) fn caused(message: impl Into<String>, cause: &(dyn std::error::Error + 'static)) -> BuildError {
    caused_by(message, build_error(cause))
}

/// As [`caused`], of an error that is one of these already.
pub(crate) fn caused_by(message: impl Into<String>, cause: BuildError) -> BuildError {
    BuildError { message: message.into(), hint: cause.hint.clone(), cause: Some(Box::new(BuildError { hint: None, ..cause })) }
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
        crate::portage::binary::BinaryError,
        crate::portage::binary::BinaryFault,
        crate::portage::CompileError,
        crate::portage::merge::MergeError,
        crate::portage::resolve::ResolveError,
        crate::rpm::MetadataFault,
        crate::rpm::resolve::RpmResolveError,
        crate::rpm::package::RpmError,
        crate::rpm::package::RpmFault,
        crate::rpm::transaction::TransactionError,
        crate::scripts::ScriptError,
        crate::shell::ShellError,
        crate::store::StoreError,
        rootfs_sandbox::SandboxError,
    )
}
