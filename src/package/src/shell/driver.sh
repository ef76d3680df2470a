# Runs the scripts of a shell directory as Kata's osbuilder does: first argument the directory, second where the root is.
set -o errexit
set -o errtrace

# Tells rootfs-gen where it failed: status, command or message, function, file, line.
rootfs_gen_tell() {
	printf 'rootfs-gen-failed\t%s\t%s\t%s\t%s\t%s\n' "$1" "${2//[$'\n\t']/ }" "$3" "$4" "$5" >&2
}
trap 'rootfs_gen_tell "$?" "$BASH_COMMAND" "${FUNCNAME[0]:-}" "${BASH_SOURCE[0]:-}" "$LINENO"' ERR

CONFIG_DIR="$1"
script_dir="${CONFIG_DIR%/*}"
CONFIG_SH="${CONFIG_DIR}/config.sh"
LIB_SH=/run/rootfs-gen/lib.sh
ROOTFS_DIR="$2"
unset INSIDE_CONTAINER
cat >"$LIB_SH"
exec </dev/null
cd "$CONFIG_DIR"
[ -z "${DEBUG:-}" ] || set -o xtrace

. "$LIB_SH"
. "$CONFIG_SH"
[ ! -e "${CONFIG_DIR}/config_${ARCH}.sh" ] || . "${CONFIG_DIR}/config_${ARCH}.sh"
[ ! -e "${CONFIG_DIR}/rootfs_lib.sh" ] || . "${CONFIG_DIR}/rootfs_lib.sh"
[ "$(type -t build_rootfs)" = function ] || die "function build_rootfs was not defined"
ROOTFS_DIR="$2"
build_rootfs "$ROOTFS_DIR"
