/* A distribution in a shared object, for rootfs-gen. docs/plugins.md of rootfs-gen tells how to use this. */

#ifndef ROOTFS_GEN_H
#define ROOTFS_GEN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Another version is another ABI. Fields are only ever added at the end of a table; `size` says how many it has. */
#define ROOTFS_GEN_VERSION 1

#define ROOTFS_GEN_DONE 0
#define ROOTFS_GEN_FAILED (-1)

/* Bytes. They belong to the side that gives them, and are valid until that side is called again. Texts are UTF-8. */
typedef struct rootfs_gen_text {
    const char *data;
    size_t length;
} rootfs_gen_text;

/* The engine, while build_rootfs runs. Call it on the same thread only. Paths are absolute and mean the tree. What fails gives ROOTFS_GEN_FAILED, and a text to
 * be given on as build_rootfs's own error. */
typedef struct rootfs_gen_build {
    uint32_t size;
    /* The first argument of all that follow. */
    void *engine;
    /* Installs what a plan says (JSON); the plan that build_rootfs was given if it is empty. */
    int32_t (*install)(void *engine, rootfs_gen_text plan, rootfs_gen_text *error);
    /* Runs a program in the tree: {"arguments": ["ldconfig"], "environment": [], "input": []}; the result is {"status": 0, "text": [bytes]}. */
    int32_t (*run)(void *engine, rootfs_gen_text command, rootfs_gen_text *result);
    /* The content of a file. */
    int32_t (*read)(void *engine, rootfs_gen_text path, rootfs_gen_text *result);
    /* The names in a directory, as a JSON array. */
    int32_t (*list)(void *engine, rootfs_gen_text path, rootfs_gen_text *result);
    /* Writes a file; its parents are made. */
    int32_t (*write)(void *engine, rootfs_gen_text path, rootfs_gen_text content, uint32_t mode, rootfs_gen_text *error);
    /* Removes a file, a link, or a directory with all below it. */
    int32_t (*remove)(void *engine, rootfs_gen_text path, rootfs_gen_text *error);
    /* Makes a symbolic link. */
    int32_t (*symlink)(void *engine, rootfs_gen_text target, rootfs_gen_text path, rootfs_gen_text *error);
    /* Says where the build is. */
    void (*progress)(void *engine, rootfs_gen_text step, uint64_t done, uint64_t total);
    /* A line for the build's log. */
    void (*log)(void *engine, rootfs_gen_text line);
    /* 1 when the user wants the build to end. */
    int32_t (*cancelled)(void *engine);
} rootfs_gen_build;

/* What a library is. */
typedef struct rootfs_gen_plugin {
    /* ROOTFS_GEN_VERSION */
    uint32_t version;
    /* sizeof(rootfs_gen_plugin) */
    uint32_t size;
    /* Turns a request (JSON) into a plan (JSON). NULL when the plan is what distro.toml says. On failure the plan is a line of text. */
    int32_t (*plan)(rootfs_gen_text request, rootfs_gen_text *plan);
    /* Turns a plan into a tree. NULL when that is to install what the plan says. On failure the error is what the engine gave, or a line of text. */
    int32_t (*build_rootfs)(rootfs_gen_text plan, const rootfs_gen_build *build, rootfs_gen_text *error);
} rootfs_gen_plugin;

/* The one symbol that a library exports. */
const rootfs_gen_plugin *rootfs_gen_plugin_v1(void);

/* A text of a C string. */
static inline rootfs_gen_text rootfs_gen_string(const char *string) {
    rootfs_gen_text text = {string, strlen(string)};
    return text;
}

#ifdef __cplusplus
}
#endif

#endif
