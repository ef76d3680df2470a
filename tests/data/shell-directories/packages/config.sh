# Packages of rpm's, by osbuilder's own builder: there is no rootfs_lib.sh.
OS_NAME="packages"
OS_VERSION=${OS_VERSION:-7}
BASE_URL="${REPO_URL}"
REPO_NAME="packages-base"
GPG_KEY_URL="${REPO_URL}/key.asc"
PACKAGES="base init"
INIT_PROCESS=systemd
