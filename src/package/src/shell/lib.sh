# What scripts of a shell directory may call, by the names that Kata's osbuilder has for it. Read on standard input, kept as LIB_SH.

info() { echo "INFO: $*" >&2; }

OK() { echo "OK: $*" >&2; }

warning() { echo "WARNING: $*" >&2; }

error() { echo "ERROR: $*" >&2; }

# Ends the build, and says who wanted that.
die() {
	error "$*"
	rootfs_gen_tell "" "$*" "${FUNCNAME[1]}" "${BASH_SOURCE[1]}" "${BASH_LINENO[0]}"
	exit 1
}

check_program() { type "$1" >/dev/null 2>&1; }

check_root() { [ "$(id -u)" = 0 ] || die "must be run as root"; }

# The agent and what belongs to it are installed by rootfs-gen, and so is the summary written; there is no container.
create_summary_file() { :; }
before_starting_container() { :; }
after_stopping_container() { :; }

# One repository of DNF_CONF: its name, then lines as they are.
rootfs_gen_repository() {
	printf '\n[%s]\nname=%s\nenabled=1\n' "$1" "$1"
	shift
	printf '%s\n' "$@"
}

# Downloads a key unless it is there, and says where it is: of a URL, and a file's name.
rootfs_gen_key() {
	local file="${CONFIG_DIR}/${2:-${1##*/}}"
	if [ ! -e "$file" ]; then
		check_program curl || die "curl is not installed, which downloads ${1}"
		curl --fail --silent --show-error --location --output "$file" "$1" || die "can't download the key ${1}"
	fi
	echo "file://${file}"
}

# Writes DNF_CONF of what config.sh says. The host's own repositories are none of it.
generate_dnf_config() {
	local source keys="" check="gpgcheck=0"
	if [ -n "${METALINK:-}" ]; then
		source="metalink=${METALINK}"
	elif [ -n "${MIRROR_LIST:-}" ]; then
		source="mirrorlist=${MIRROR_LIST}"
	elif [ -n "${BASE_URL:-}" ]; then
		source="baseurl=${BASE_URL}"
	else
		die "function build_rootfs was not defined: rootfs_lib.sh has none, and the default one needs BASE_URL or METALINK in config.sh"
	fi
	if [ -n "${GPG_KEY_URL:-}" ]; then
		check="gpgcheck=1"
		keys="$(rootfs_gen_key "$GPG_KEY_URL" "${GPG_KEY_FILE:-}")"
		[ -z "${GPG_KEY_ARCH_URL:-}" ] || keys="${keys} $(rootfs_gen_key "$GPG_KEY_ARCH_URL" "${GPG_KEY_ARCH_FILE:-}")"
	fi
	{
		printf '[main]\nreposdir=/nonexistent\nkeepcache=0\n'
		rootfs_gen_repository "${REPO_NAME:-base}" "$source" "$check" ${keys:+"gpgkey=${keys}"}
		if [ "${SELINUX:-}" = yes ] && [ -n "${METALINK_APPSTREAM:-}" ]; then
			rootfs_gen_repository appstream "metalink=${METALINK_APPSTREAM}" "$check" ${keys:+"gpgkey=${keys}"}
		fi
	} >"$DNF_CONF"
}

# PACKAGES and EXTRA_PKGS by dnf or yum, for directories without a builder of their own.
build_rootfs() {
	local root="$1" manager="${PKG_MANAGER:-}" name
	local -a options=(--assumeyes "--installroot=${root}" --noplugins)
	check_root
	if [ -z "${DNF_CONF:-}" ] && [ -z "${DISTRO_REPO:-}" ]; then
		DNF_CONF="./kata-${OS_NAME:-distro}-dnf.conf"
	fi
	if [ -n "${DNF_CONF:-}" ]; then
		[ -e "$DNF_CONF" ] || generate_dnf_config
		options+=("--config=${DNF_CONF}")
	fi
	[ -z "${OS_VERSION:-}" ] || options+=("--releasever=${OS_VERSION}")
	for name in dnf yum; do
		if [ -z "$manager" ] && check_program "$name"; then
			manager="$name"
		fi
	done
	[ -n "$manager" ] || die "neither dnf nor yum is installed"
	# shellcheck disable=SC2086
	"$manager" "${options[@]}" install ${PACKAGES[*]:-} ${EXTRA_PKGS:-}
	for name in bash-completion cracklib doc info locale man misc pixmaps terminfo zoneinfo zsh; do
		rm -rf "${root:?}/usr/share/${name}"
	done
	rm -rf "${root:?}/var/cache/dnf" "${root:?}/var/cache/yum"
}
