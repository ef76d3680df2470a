# How @name@ is made. The host's programs are there, and its network; of the host's files only the root can be written.

# Makes the root filesystem in the directory $1.
build_rootfs() {
	local root="$1"
	local packages="${PACKAGES} ${EXTRA_PKGS:-}"

	command -v mmdebstrap >/dev/null || die "mmdebstrap is not installed on this host"
	mmdebstrap --variant=minbase --mode=root --include="$(echo ${packages} | tr ' ' ',')" "${OS_VERSION}" "${root}" ${REPO_URL:-}
	echo "${OS_NAME}" > "${root}/etc/hostname"
}
