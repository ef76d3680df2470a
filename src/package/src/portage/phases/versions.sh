#!/bin/bash
# Versions, and which packages an atom means (PMS, section 3.3 and section 8.3).

rootfs_version='([0-9]+(\.[0-9]+)*)([a-z]?)((_(alpha|beta|pre|rc|p)[0-9]*)*)(-r([0-9]+))?'

# Whatever compares gives -1, 0 or 1 in REPLY.
rootfs_order_texts() {
    if [[ $1 == "$2" ]]; then REPLY=0; elif [[ $1 < $2 ]]; then REPLY=-1; else REPLY=1; fi
}

# Numbers of any length.
rootfs_order_numbers() {
    local one=${1#"${1%%[!0]*}"} other=${2#"${2%%[!0]*}"}
    if ((${#one} < ${#other})); then REPLY=-1; elif ((${#one} > ${#other})); then REPLY=1; else rootfs_order_texts "${one}" "${other}"; fi
}

# Numbers after the first one: with a zero in front they are fractions.
rootfs_order_parts() {
    if [[ $1 == 0* || $2 == 0* ]]; then
        rootfs_order_texts "${1%"${1##*[!0]}"}" "${2%"${2##*[!0]}"}"
    else
        rootfs_order_numbers "$1" "$2"
    fi
}

# Suffixes: _alpha before _beta, _pre, _rc, none and _p.
rootfs_order_suffixes() {
    local one other order=" alpha beta pre rc none p " one_kind other_kind
    IFS=_ read -ra one <<<"${1#_}"
    IFS=_ read -ra other <<<"${2#_}"
    local at
    for ((at = 0; at < ${#one[@]} || at < ${#other[@]}; at++)); do
        one_kind=${one[at]-none} other_kind=${other[at]-none}
        one_kind=${one_kind%%[0-9]*} other_kind=${other_kind%%[0-9]*}
        if [[ ${one_kind} != "${other_kind}" ]]; then
            one_kind=${order%% "${one_kind}" *} other_kind=${order%% "${other_kind}" *}
            rootfs_order_numbers "${#one_kind}" "${#other_kind}"
            return
        fi
        rootfs_order_numbers "${one[at]#"${one_kind}"}" "${other[at]#"${other_kind}"}"
        ((REPLY)) && return
    done
    REPLY=0
}

# Two versions; fails where one of them is none.
rootfs_order_versions() {
    local LC_ALL=C one other one_parts other_parts at
    [[ $1 =~ ^${rootfs_version}$ ]] || return 1
    one=("${BASH_REMATCH[@]}")
    [[ $2 =~ ^${rootfs_version}$ ]] || return 1
    other=("${BASH_REMATCH[@]}")
    IFS=. read -ra one_parts <<<"${one[1]}"
    IFS=. read -ra other_parts <<<"${other[1]}"
    rootfs_order_numbers "${one_parts[0]}" "${other_parts[0]}"
    for ((at = 1; REPLY == 0 && at < ${#one_parts[@]} && at < ${#other_parts[@]}; at++)); do
        rootfs_order_parts "${one_parts[at]}" "${other_parts[at]}"
    done
    ((REPLY)) || rootfs_order_numbers "${#one_parts[@]}" "${#other_parts[@]}"
    ((REPLY)) || rootfs_order_texts "${one[3]}" "${other[3]}"
    ((REPLY)) || rootfs_order_suffixes "${one[4]}" "${other[4]}"
    ((REPLY)) || rootfs_order_numbers "${one[8]}" "${other[8]}"
    return 0
}

# Takes an atom apart, into atom_* of its caller.
rootfs_read_atom() {
    local text=$1
    atom_operator= atom_version= atom_slot= atom_sub_slot= atom_repository= atom_flags=()
    if [[ ${text} == *'['*']' ]]; then
        local flags=${text#*\[}
        IFS=, read -ra atom_flags <<<"${flags%\]}"
        text=${text%%\[*}
    fi
    if [[ ${text} == *::* ]]; then
        atom_repository=${text##*::} text=${text%%::*}
    fi
    if [[ ${text} == *:* ]]; then
        atom_slot=${text#*:} text=${text%%:*}
        atom_slot=${atom_slot%[=*]}
        [[ ${atom_slot} == */* ]] && atom_sub_slot=${atom_slot#*/}
        atom_slot=${atom_slot%%/*}
    fi
    if [[ ${text} =~ ^([<>]=?|=|~)(.+)$ ]]; then
        atom_operator=${BASH_REMATCH[1]} text=${BASH_REMATCH[2]}
        if [[ ${text} == *'*' ]]; then
            atom_operator='=*' text=${text%'*'}
        fi
        [[ ${text} =~ ^(.+)-(${rootfs_version})$ ]] || return 1
        text=${BASH_REMATCH[1]} atom_version=${BASH_REMATCH[2]}
    fi
    atom_package=${text}
}

# Whether a version begins as the atom's does, up to the end of one of its parts.
rootfs_begins() {
    local version=$1 prefix=$2 next
    while [[ ${version} == 0[0-9]* ]]; do version=${version#0}; done
    while [[ ${prefix} == 0[0-9]* ]]; do prefix=${prefix#0}; done
    [[ ${version} == "${prefix}"* ]] || return 1
    next=${version:${#prefix}:1}
    [[ -z ${next} || ${next} == [._-] ]] && return 0
    if [[ ${prefix} == *[0-9] ]]; then [[ ${next} != [0-9] ]]; else [[ ${next} == [0-9] ]]; fi
}

rootfs_allows_version() {
    local version=$1
    case ${atom_operator} in
        '') return 0 ;;
        '=*') rootfs_begins "${version}" "${atom_version}"; return ;;
        '~') [[ ${version%-r*} == "${atom_version%-r*}" ]]; return ;;
    esac
    rootfs_order_versions "${version}" "${atom_version}" || return 1
    case ${atom_operator} in
        '<') ((REPLY < 0)) ;;
        '<=') ((REPLY <= 0)) ;;
        '=') ((REPLY == 0)) ;;
        '>=') ((REPLY >= 0)) ;;
        '>') ((REPLY > 0)) ;;
    esac
}

# A flag that must be on or off; with a condition, as the flags of the package that asks are (USE).
rootfs_allows_flag() {
    local wish=$1 flags=" $2 " iuse=" $3 " default= wanted=on own=off flag
    [[ ${wish} =~ ^([!-]?)([^\(\)?=]+)(\(([+-])\))?([?=]?)$ ]] || return 1
    flag=${BASH_REMATCH[2]} default=${BASH_REMATCH[4]}
    local sign=${BASH_REMATCH[1]} condition=${BASH_REMATCH[5]}
    [[ " ${USE} " == *" ${flag} "* ]] && own=on
    case ${sign}${condition} in
        -) wanted=off ;;
        =) wanted=${own} ;;
        '!=') [[ ${own} == on ]] && wanted=off ;;
        '?') [[ ${own} == on ]] || return 0 ;;
        '!?') [[ ${own} == off ]] || return 0; wanted=off ;;
    esac
    if [[ ${iuse} != *" ${flag} "* ]]; then
        [[ (${default} == + && ${wanted} == on) || (${default} == - && ${wanted} == off) ]]
    elif [[ ${flags} == *" ${flag} "* ]]; then
        [[ ${wanted} == on ]]
    else
        [[ ${wanted} == off ]]
    fi
}

# VERSION SLOT USE IUSE REPOSITORY of a package with the atom's name.
rootfs_allows() {
    local wish slot=${2%%/*} sub_slot=${2#*/}
    rootfs_allows_version "$1" || return 1
    [[ -z ${atom_slot} || ${atom_slot} == "${slot}" ]] || return 1
    [[ -z ${atom_sub_slot} || ${atom_sub_slot} == "${sub_slot}" ]] || return 1
    [[ -z ${atom_repository} || -z $5 || ${atom_repository} == "$5" ]] || return 1
    for wish in "${atom_flags[@]}"; do
        rootfs_allows_flag "${wish}" "$3" "$4" || return 1
    done
    return 0
}

