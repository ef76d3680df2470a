# Copies the host's static busybox, and tells what it was told.

build_rootfs() {
	local root="$1" name

	[ "$(id -u)" = 0 ] || die "not root"
	[ "$root" = "$ROOTFS_DIR" ] || die "${root} is not ${ROOTFS_DIR}"
	check_program busybox || die "the host has no busybox"
	info "making a guest of busybox"

	mkdir -p "$root"/{bin,sbin,etc,dev,proc,sys,run,tmp}
	install -m 755 "$(type -P busybox)" "$root/bin/busybox"
	for name in sh mknod cat; do
		ln -s busybox "$root/bin/$name"
	done
	ln -s ../bin/busybox "$root/sbin/init"
	chmod 1777 "$root/tmp"
	install -o 33 -g 44 -m 4711 /dev/null "$root/etc/owned"

	mknod -m 600 "$root/dev/console" c 5 1
	chroot "$root" /bin/mknod -m 666 /dev/null c 1 3
	mknod "$root/dev/vda" b 254 0
	chgrp 6 "$root/dev/vda"
	chmod 660 "$root/dev/vda"
	mkfifo "$root/run/pipe"

	# Beside config.sh, as a generated configuration would be.
	echo "$OS_VERSION" >"$CONFIG_DIR/generated"
	echo "changed" >>"$CONFIG_DIR/greeting"
	cp "$CONFIG_DIR/greeting" "$root/etc/greeting"
	grep -h '^OS_NAME' "$CONFIG_SH" "$script_dir/trivial/config.sh" | sort -u >"$root/etc/from-script-dir"

	for name in OS_NAME OS_VERSION ARCH EXTRA_PKG EXTRA_PKGS AGENT_INIT AGENT_BIN SECCOMP SELINUX LIBC HOME; do
		echo "$name=${!name}"
	done >"$root/etc/told"
	[ -z "${INSIDE_CONTAINER+set}" ] || die "in a container"
	[ -e "$LIB_SH" ] || die "no library"
	OK "made"
}
