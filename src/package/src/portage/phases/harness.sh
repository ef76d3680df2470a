# Runs phases of an ebuild, in its own environment: harness PHASE...

# What an environment of another machine must not decide.
unset ROOT EROOT D ED T WORKDIR EPREFIX SYSROOT ESYSROOT BROOT TMPDIR BASH_ENV
source "${ROOTFS_ENVIRONMENT}" || { echo "the environment of ${ROOTFS_CATEGORY}/${ROOTFS_PF} can't be read" >&2; exit 1; }

export ROOT=${ROOTFS_ROOT} EROOT=${ROOTFS_ROOT} EPREFIX= SYSROOT=${ROOTFS_ROOT} ESYSROOT=${ROOTFS_ROOT} BROOT=
export D=${ROOTFS_D} ED=${ROOTFS_D} T=${ROOTFS_T} TMPDIR=${ROOTFS_T} WORKDIR=${ROOTFS_WORKDIR}
export EAPI=${ROOTFS_EAPI} CATEGORY=${ROOTFS_CATEGORY} PF=${ROOTFS_PF} USE=${ROOTFS_USE} SLOT=${ROOTFS_SLOT}
export MERGE_TYPE=binary EMERGE_FROM=binary REPLACING_VERSIONS= REPLACED_BY_VERSION=
export PORTAGE_BUILDDIR=${ROOTFS_T%/*} PORTAGE_CONFIGROOT=${ROOTFS_ROOT}
umask 022

die() {
    local status=$?
    echo "${CATEGORY}/${PF}: ${EBUILD_PHASE_FUNC}: ${*:-failed with status ${status}}" >&2
    # From a subshell too.
    kill -s TERM "${ROOTFS_PID}" 2>/dev/null
    exit 1
}
assert() { local status; for status in "${PIPESTATUS[@]}"; do [[ ${status} -eq 0 ]] || die "$@"; done; }
nonfatal() { "$@"; }

einfo() { echo " * $*"; }
einfon() { echo -n " * $*"; }
elog() { echo " * $*"; }
ewarn() { echo " * $*" >&2; }
eqawarn() { echo " * $*" >&2; }
eerror() { echo " * $*" >&2; }
ebegin() { echo " * $* ..."; }
eend() { local status=${1:-0}; [[ ${status} -eq 0 ]] || { shift; eerror "${*:-failed}"; }; return "${status}"; }

has() { local wanted=$1 word; shift; for word in "$@"; do [[ ${word} == "${wanted}" ]] && return 0; done; return 1; }
hasv() { has "$@" && echo "$1"; }
hasq() { has "$@"; }
use() {
    local flag=$1
    if [[ ${flag} == '!'* ]]; then ! has "${flag#!}" ${USE}; else has "${flag}" ${USE}; fi
}
useq() { use "$@"; }
usev() { use "$1" && echo "${2:-${1#!}}"; }
usex() { if use "$1"; then echo "${2-yes}$4"; else echo "${3-no}$5"; fi; }
in_iuse() { has "$1" ${IUSE_EFFECTIVE//[-+]/} ${IUSE//[-+]/}; }
use_with() { usex "$1" "--with-${2:-$1}" "--without-${2:-$1}" "${3+=$3}" ""; }
use_enable() { usex "$1" "--enable-${2:-$1}" "--disable-${2:-$1}" "${3+=$3}" ""; }

# A file of portage's database as words.
rootfs_words() { local words=; [[ -r $1 ]] && read -rd '' words <"$1"; REPLY=${words//$'\n'/ }; }

# The highest version of what an atom means, as CATEGORY/PF. All roots are this one.
rootfs_installed() {
    local atom=${!#} database=${ROOT%/}/var/db/pkg best= found version slot flags iuse
    local atom_package atom_operator atom_version atom_slot atom_sub_slot atom_repository atom_flags
    rootfs_read_atom "${atom}" || die "${atom} is no atom"
    for found in "${database}/${atom_package}"-[0-9]*; do
        version=${found#"${database}/${atom_package}-"}
        [[ -d ${found} && ${version} =~ ^${rootfs_version}$ ]] || continue
        rootfs_words "${found}/SLOT"; slot=${REPLY}
        rootfs_words "${found}/USE"; flags=${REPLY}
        rootfs_words "${found}/IUSE_EFFECTIVE"; iuse=${REPLY}
        rootfs_words "${found}/IUSE"; iuse+=" ${REPLY//[-+]/ }"
        rootfs_words "${found}/repository"
        rootfs_allows "${version}" "${slot}" "${flags}" "${iuse}" "${REPLY}" || continue
        if [[ -n ${best} ]]; then
            rootfs_order_versions "${version}" "${best}"
            ((REPLY > 0)) || continue
        fi
        best=${version}
    done
    [[ -n ${best} ]] && echo "${atom_package}-${best}"
}
has_version() { rootfs_installed "$@" >/dev/null; }
best_version() { rootfs_installed "$@"; }

debug-print() { :; }
debug-print-function() { :; }
debug-print-section() { :; }
addread() { :; }
addwrite() { :; }
adddeny() { :; }
addpredict() { :; }
inherit() { die "inherit is for ebuilds, not for their phases"; }
EXPORT_FUNCTIONS() { :; }

into() { ROOTFS_INTO=$1; }
insinto() { ROOTFS_INSINTO=$1; }
exeinto() { ROOTFS_EXEINTO=$1; }
insopts() { :; }
dodir() { local one; for one in "$@"; do mkdir -p "${ED%/}/${one#/}" || die; done; }
keepdir() { local one; for one in "$@"; do dodir "${one}"; : >"${ED%/}/${one#/}/.keep_${CATEGORY}_${PN}-${SLOT%/*}" || die; done; }
doins() { local one; dodir "${ROOTFS_INSINTO}"; for one in "$@"; do cp -p "${one}" "${ED%/}/${ROOTFS_INSINTO#/}/" || die; done; }
newins() { dodir "${ROOTFS_INSINTO}"; if [[ $1 == - ]]; then cat; else cat "$1"; fi >"${ED%/}/${ROOTFS_INSINTO#/}/$2" || die; }
dosym() { [[ $1 == -r ]] && shift; dodir "$(dirname "$2")"; ln -snf "$1" "${ED%/}/${2#/}" || die; }
fowners() { local owner=$1 one; shift; for one in "$@"; do chown "${owner}" "${ED%/}/${one#/}" || die; done; }
fperms() { local mode=$1 one; shift; for one in "$@"; do chmod "${mode}" "${ED%/}/${one#/}" || die; done; }
emake() { make "$@" || die; }

ver_test() {
    local one=${PVR} operator=$1 other=$2
    (($# == 3)) && one=$1 operator=$2 other=$3
    rootfs_order_versions "${one}" "${other}" || die "${one} or ${other} is no version"
    test "${REPLY}" "${operator}" 0
}
# A new root replaces no version, so none is taken apart.
ver_cut() { die "ver_cut can't be called while a package is merged into a new root"; }
ver_rs() { die "ver_rs can't be called while a package is merged into a new root"; }

# Leaves to the functions that run later what these have set.
rootfs_save() {
    local rootfs_kind rootfs_flags rootfs_name
    while read -r rootfs_kind rootfs_flags rootfs_name; do
        [[ ${rootfs_kind} == declare && ${rootfs_flags} == -* && ${rootfs_flags} != *r* ]] || continue
        rootfs_name=${rootfs_name%%=*}
        case ${rootfs_name} in
            BASH* | ROOTFS_* | rootfs_* | DIRSTACK | EPOCH* | FUNCNAME | GROUPS | LINENO | PIPESTATUS | RANDOM | SECONDS | SRANDOM | _) ;;
            *) declare -p "${rootfs_name}" 2>/dev/null ;;
        esac
    done <<<"$(declare -p)"
    declare -f
}

export ROOTFS_PID=$$
trap 'exit 1' TERM
for phase in "$@"; do
    export EBUILD_PHASE=${phase} EBUILD_PHASE_FUNC=pkg_${phase}
    cd "${T}" || exit 1
    declare -F "pkg_${phase}" >/dev/null && "pkg_${phase}"
done
rootfs_save >"${ROOTFS_ENVIRONMENT}"
exit 0
