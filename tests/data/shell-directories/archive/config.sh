# Debian, by mmdebstrap.
OS_NAME="archive"
OS_VERSION=${OS_VERSION:-bookworm}
PACKAGES="busybox-static"
[ "$SECCOMP" = yes ] && PACKAGES+=" libseccomp2"
INIT_PROCESS=systemd
ARCH_EXCLUDE_LIST=()
REPO_URL=${REPO_URL:-http://ftp.debian.org/debian}
REPO_COMPONENTS=${REPO_COMPONENTS:-main}
