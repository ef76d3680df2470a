"""dnf as a judge: a request to a line of standard input, words apart by tabs; for each a line of what dnf would install.

    /usr/bin/python3 judge.py ARCHITECTURE EMPTY-DIRECTORY NAME,PRIORITY,COST,REPOSITORY...

`OK NAME-[EPOCH:]VERSION-RELEASE.ARCHITECTURE@NUMBER ...` in order, or `ERR` and what dnf says.
"""

import os
import sys

import dnf
import dnf.exceptions


def prepare(architecture, directory, repositories):
    base = dnf.Base()
    conf = base.conf
    conf.installroot = directory + "/root"
    for name in ("cachedir", "persistdir", "logdir"):
        os.makedirs(directory + "/" + name)
        setattr(conf, name, directory + "/" + name)
    conf.reposdir, conf.varsdir, conf.pluginpath = [], [], []
    conf.gpgcheck = False
    conf.obsoletes = True
    conf.multilib_policy = "best"
    for name in ("arch", "basearch"):
        conf.substitutions[name] = architecture
    conf.substitutions["releasever"] = "40"
    for repository in repositories:
        name, priority, cost, path = repository.split(",")
        repo = base.repos.add_new_repo(name, conf, baseurl=["file://" + path])
        repo.priority, repo.cost = int(priority), int(cost)
    base.fill_sack(load_system_repo=False)
    base.read_comps()
    return base


def answer(base, numbers, words):
    base.reset(goal=True)
    base.sack.reset_excludes()
    base.conf.install_weak_deps = "--weak" in words
    base.conf.best = "--nobest" not in words
    excluded = [word[2:] for word in words if word.startswith("-x")]
    for word in excluded:
        found = dnf.subject.Subject(word).get_best_query(base.sack, with_nevra=True, with_provides=False, with_filenames=False)
        base.sack.add_excludes(found)
    try:
        for word in words:
            if word.startswith("@"):
                base.env_group_install([word[1:]], tuple(base.conf.group_package_types), strict=True)
            elif not word.startswith("-"):
                base.install(word)
        base.resolve()
    except dnf.exceptions.Error as error:
        return "ERR " + str(error).replace("\n", "\\n")
    found = []
    for package in base.transaction.install_set:
        epoch = "%s:" % package.epoch if package.epoch else ""
        found.append("%s-%s%s-%s.%s@%d" % (package.name, epoch, package.version, package.release, package.arch, numbers[package.reponame]))
    return "OK " + " ".join(sorted(found))


def main():
    architecture, directory, *repositories = sys.argv[1:]
    base = prepare(architecture, directory, repositories)
    numbers = {repository.split(",")[0]: number for number, repository in enumerate(repositories)}
    for line in sys.stdin:
        print(answer(base, numbers, line.rstrip("\n").split("\t")), flush=True)


main()
