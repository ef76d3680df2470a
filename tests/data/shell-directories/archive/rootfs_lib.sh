build_rootfs() {
	local rootfs_dir="$1"

	[ -n "$OS_VERSION" ] || die "OS_VERSION is not set"
	if ! mmdebstrap --mode auto --variant essential --components "$REPO_COMPONENTS" \
		--aptopt 'Acquire::http::Proxy::127.0.0.1 "DIRECT"' \
		--include "${PACKAGES// /,}${EXTRA_PKGS:+,${EXTRA_PKGS// /,}}" \
		"$OS_VERSION" "$rootfs_dir" "$REPO_URL"; then
		echo "mmdebstrap failed" >&2
		return 1
	fi
	[ -e "$rootfs_dir/sbin/init" ] || ln -s ../bin/busybox "$rootfs_dir/sbin/init"

	rm -rf "${rootfs_dir:?}"/usr/share/{doc,info,locale,man}
	mkdir -p "$rootfs_dir/dev"
	rm -f "$rootfs_dir"/dev/{console,null,tty}
	mknod -m 600 "$rootfs_dir/dev/console" c 5 1
	mknod -m 666 "$rootfs_dir/dev/null" c 1 3
	mknod -m 666 "$rootfs_dir/dev/tty" c 5 0
	chroot "$rootfs_dir" dpkg-query --show >"$rootfs_dir/etc/packages"
}
