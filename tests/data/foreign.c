/* A program from elsewhere, linked to glibc as most are: says for each thing that needs more of glibc than itself whether it works. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <langinfo.h>
#include <locale.h>
#include <math.h>
#include <netdb.h>
#include <pthread.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <wctype.h>

static int failed;

static void say(const char *what, int works) {
    printf("%s %s\n", what, works ? "works" : "FAILS");
    failed |= !works;
}

static void *wait_for_long(void *unused) {
    sleep(1000);
    return unused;
}

int main(void) {
    pthread_t thread;
    void *end = NULL;
    int started = pthread_create(&thread, NULL, wait_for_long, NULL) == 0;
    /* glibc unwinds a cancelled thread with libgcc, which it loads then. */
    say("threads", started && pthread_cancel(thread) == 0 && pthread_join(thread, &end) == 0 && end == PTHREAD_CANCELED);

    void *library = dlopen("libm.so.6", RTLD_NOW);
    double (*root)(double) = library ? (double (*)(double))dlsym(library, "cbrt") : NULL;
    say("dlopen", root && fabs(root(27) - 3) < 1e-9);

    struct addrinfo hint = {.ai_socktype = SOCK_STREAM}, *address;
    say("getaddrinfo", getaddrinfo("localhost", "http", &hint, &address) == 0);

    struct passwd *user = getpwnam("root");
    say("getpwnam", user && strcmp(user->pw_dir, "/root") == 0);

    setlocale(LC_ALL, "C.UTF-8");
    say("locale", strcmp(nl_langinfo(CODESET), "UTF-8") == 0 && iswalpha(0xe9));
    return failed;
}
