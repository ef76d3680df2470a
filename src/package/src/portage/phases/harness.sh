#!/bin/bash
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

# Packages by their names alone: versions, slots and flags of what is asked for are not looked at.
rootfs_installed() {
    local atom=${!#} found
    while [[ ${atom} == ['<>=~!']* ]]; do atom=${atom:1}; done
    atom=${atom%%\[*}; atom=${atom%%:*}
    for found in "${ROOT%/}/var/db/pkg/${atom}" "${ROOT%/}/var/db/pkg/${atom}"-[0-9]*; do
        [[ -d ${found} ]] && echo "${found#"${ROOT%/}"/var/db/pkg/}" && return 0
    done
    return 1
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

# A new root replaces no version, so nothing compares any.
ver_test() { die "ver_test can't be called while a package is merged into a new root"; }
ver_cut() { die "ver_cut can't be called while a package is merged into a new root"; }
ver_rs() { die "ver_rs can't be called while a package is merged into a new root"; }

export ROOTFS_PID=$$
trap 'exit 1' TERM
for phase in "$@"; do
    export EBUILD_PHASE=${phase} EBUILD_PHASE_FUNC=pkg_${phase}
    cd "${T}" || exit 1
    declare -F "pkg_${phase}" >/dev/null && "pkg_${phase}"
done
exit 0
