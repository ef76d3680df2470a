# What @name@ is, as Kata's osbuilder reads it.

OS_NAME="@name@"
OS_VERSION=${OS_VERSION:-trixie}
PACKAGES="systemd systemd-sysv dbus"
INIT_PROCESS=systemd
# Architectures that it isn't built for, as `uname -m` has them.
ARCH_EXCLUDE_LIST=()
