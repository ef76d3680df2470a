/* @name@, a distribution for rootfs-gen. What distro.toml says is planned by rootfs-gen itself; here is what comes after installing. */

#include "rootfs_gen.h"

#define TRY(call) \
    do { \
        int32_t status = (call); \
        if (status != ROOTFS_GEN_DONE) \
            return status; \
    } while (0)

static const rootfs_gen_text nothing = {NULL, 0};

/* Turns the plan into a tree: the engine installs, and what is special comes after. */
static int32_t build_rootfs(rootfs_gen_text plan, const rootfs_gen_build *build, rootfs_gen_text *error) {
    void *engine = build->engine;
    (void)plan;
    /* No plan means the one that was given. */
    TRY(build->install(engine, nothing, error));
    build->log(engine, rootfs_gen_string("@name@ is installed"));
    TRY(build->write(engine, rootfs_gen_string("/etc/@name@-release"), rootfs_gen_string("@name@\n"), 0644, error));
    return build->symlink(engine, rootfs_gen_string("@name@-release"), rootfs_gen_string("/etc/system-release"), error);
}

static const rootfs_gen_plugin plugin = {
    .version = ROOTFS_GEN_VERSION,
    .size = sizeof(rootfs_gen_plugin),
    /* The plan is what distro.toml says. */
    .plan = NULL,
    .build_rootfs = build_rootfs,
};

const rootfs_gen_plugin *rootfs_gen_plugin_v1(void) {
    return &plugin;
}
