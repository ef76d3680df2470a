# A guest of one program.
OS_NAME="trivial"
OS_VERSION=${OS_VERSION:-1.0}
PACKAGES=""
INIT_PROCESS=kata-agent
ARCH_EXCLUDE_LIST=( s390x )
