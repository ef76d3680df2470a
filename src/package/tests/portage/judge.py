"""portage as a judge: a question to a line of standard input, as JSON; for each a line with its answer, as JSON.

    python3 judge.py SUBJECT

versions    [LEFT, RIGHT]                   -1, 0 or 1; null where one of them is none
atoms       [ATOM, EAPI or null]            the atom's parts; null if it is none
matches     [ATOM, CPV, SLOT, USE, IUSE]    true or false
reduce      [DEPENDENCIES, USE, EAPI]       what remains for these flags; null if they are malformed
resolve     {packages, wishes, options}     the packages to merge, in order; null if there is no such set; "cycle" if there is one that can't be ordered
scenarios   nothing                         what portage's own tests of its resolver ask: as for resolve, one to a line
facts       nothing                         what portage's own tests of atoms ask, with the answers
"""

import importlib
import json
import os
import pkgutil
import sys
import tempfile


def versions(question):
    from portage.versions import vercmp

    left, right = question
    return vercmp(left, right)


def atoms(question):
    from portage.dep import Atom
    from portage.exception import InvalidAtom

    text, eapi = question
    try:
        atom = Atom(text, allow_wildcard=eapi is None, allow_repo=True if eapi is None else None, eapi=eapi)
    except InvalidAtom:
        return None
    return [atom.cp, atom.operator, atom.version, atom.slot, atom.sub_slot, atom.slot_operator, atom.repo, atom.build_id]


class Candidate:
    """What match_from_list looks at of a package."""

    def __init__(self, cpv, slot, use, iuse):
        from portage.versions import _pkg_str

        self.cpv = _pkg_str(cpv, slot=slot, repo="r", eapi="8")
        self.cp, self.version, self.cpv_split = self.cpv.cp, self.cpv.version, self.cpv.cpv_split
        self.slot, self.sub_slot, self.repo = self.cpv.slot, self.cpv.sub_slot, "r"
        self.use = type("Use", (), {"enabled": frozenset(use.split())})()
        flags = frozenset(iuse.split())
        valid = lambda asked: all(flag in flags for flag in ([asked] if isinstance(asked, str) else asked))
        self.iuse = type("Iuse", (), {"is_valid_flag": staticmethod(valid)})()


def matches(question):
    from portage.dep import Atom, match_from_list

    text, cpv, slot, use, iuse = question
    return bool(match_from_list(Atom(text, allow_wildcard=True, allow_repo=True), [Candidate(cpv, slot, use, iuse)]))


def reduce(question):
    from portage.dep import Atom, use_reduce
    from portage.exception import InvalidDependString

    def shown(items):
        return [shown(item) if isinstance(item, list) else str(item) for item in items]

    text, use, eapi = question
    try:
        return shown(use_reduce(text, uselist=use.split(), opconvert=True, token_class=Atom, eapi=eapi))
    except InvalidDependString:
        return None


class Resolver:
    """emerge --usepkgonly --pretend over an index, in a root that is empty."""

    def __init__(self):
        import portage
        from portage.tests.resolver.ResolverPlayground import ResolverPlayground

        self.keys = tempfile.mkdtemp()
        # It looks for a tar called gtar.
        os.environ["PATH"] = os.path.dirname(sys.executable) + ":" + os.environ["PATH"]
        os.environ.update(PORTAGE_GRPNAME="root", PORTAGE_USERNAME="root", PORTAGE_GNUPGHOME=self.keys)
        prefix = tempfile.mkdtemp()
        # What @system and @world mean is looked for there.
        shared = os.path.join(prefix, portage.const.GLOBAL_CONFIG_PATH.strip("/"))
        os.makedirs(shared)
        os.symlink(os.path.join(sys.prefix, "share/portage/config/sets"), os.path.join(shared, "sets"))
        settings = ('FEATURES="pkgdir-index-trusted"', 'BINPKG_FORMAT="xpak"')
        self.playground = ResolverPlayground(eprefix=prefix, user_config={"make.conf": settings})
        self.count = 0
        portage.util.noiselimit = -2

    def __call__(self, question):
        from portage.dbapi.bintree import binarytree

        playground = self.playground
        self.count += 1
        directory = os.path.join(playground.eprefix, "packages-%d" % self.count)
        os.makedirs(directory)
        with open(os.path.join(directory, "Packages"), "w") as index:
            index.write("VERSION: 0\nREPO: test_repo\n\n")
            for cpv, fields in question["packages"]:
                index.write("CPV: %s\n" % cpv)
                for name, value in sorted(fields.items()):
                    index.write("%s: %s\n" % (name, value))
                index.write("\n")
        playground.trees[playground.eroot]["bintree"] = binarytree(pkgdir=directory, settings=playground.settings)
        options = dict(question.get("options", {}), **{"--usepkgonly": True})
        real = os.dup(2)
        with open(os.devnull, "w") as nothing:
            os.dup2(nothing.fileno(), 2)
            try:
                result = playground.run(question["wishes"], options)
            finally:
                os.dup2(real, 2)
                os.close(real)
        if result.virtual_cycle or result.circular_dependency_solutions is not None:
            return "cycle"
        if not result.success or result.mergelist is None:
            return None
        return [merge.replace("[binary]", "") for merge in result.mergelist]


class Recorder:
    """Takes the place of ResolverPlayground in portage's tests, and keeps what they ask."""

    asked = []

    def __init__(self, ebuilds={}, binpkgs={}, installed={}, world=(), **others):
        self.packages, self.world = (ebuilds, binpkgs), world
        self.settings = self.trees = self.debug = None

    def note(self, wishes):
        told = [atom for wish in wishes for atom in (sorted(self.world) if wish == "@world" else [wish])]
        Recorder.asked.append((self.packages, told))

    def run_TestCase(self, case):
        case.test_success = True
        for wishes in case.requests:
            self.note(wishes)

    def run(self, atoms, options={}, action=None):
        self.note(atoms)
        raise SkipRest

    def cleanup(self):
        pass


class SkipRest(Exception):
    pass


# Not: licences, which nobody is asked for here, and what only ebuilds have.
TOLD = "BDEPEND BUILD_ID BUILD_TIME DEPEND EAPI IDEPEND IUSE KEYWORDS PDEPEND PROVIDES RDEPEND REQUIRES SLOT USE".split()


def as_binary(packages):
    """Packages as a binary host would have them, built with the flags that are on by default."""
    ebuilds, binpkgs = packages
    told = []
    items = getattr(binpkgs, "items", None)
    built = list(items() if items else binpkgs)
    # Two that are alike in all that tells packages apart would be one.
    known = {cpv for cpv, fields in built if "BUILD_ID" not in fields}
    for is_built, (cpv, fields) in [(False, item) for item in ebuilds.items()] + [(True, item) for item in built]:
        cpv = cpv.split("::")[0]
        if not is_built and cpv in known:
            continue
        known.add(cpv)
        fields = {name: str(value) for name, value in fields.items() if name.isupper() and name in TOLD}
        fields.setdefault("EAPI", "0")
        fields.setdefault("KEYWORDS", "x86")
        if not is_built:
            fields["USE"] = " ".join(flag[1:] for flag in fields.get("IUSE", "").split() if flag[0] == "+")
        fields = {name: " ".join(value.split()) for name, value in fields.items()}
        told.append([cpv, fields])
    return told


def scenarios():
    import portage.tests.resolver as tests
    from portage.tests.resolver import ResolverPlayground as module

    module.ResolverPlayground = Recorder
    told = set()
    for info in pkgutil.walk_packages(tests.__path__, tests.__name__ + "."):
        if ".test_" not in info.name:
            continue
        try:
            loaded = importlib.import_module(info.name)
        except ImportError:
            continue
        cases = [value for value in vars(loaded).values() if isinstance(value, type) and hasattr(value, "run") and value.__module__ == info.name]
        for case in cases:
            for method in sorted(name for name in dir(case) if name.startswith("test")):
                before = len(Recorder.asked)
                try:
                    getattr(case(method), method)()
                except (Exception, SystemExit):
                    pass
                for number, (packages, wishes) in enumerate(Recorder.asked[before:]):
                    name = "%s.%s.%d" % (info.name.rsplit(".", 1)[1], method, number)
                    scenario = {"name": name, "packages": as_binary(packages), "wishes": wishes}
                    key = json.dumps([scenario["packages"], wishes])
                    if wishes and not any(wish.startswith("@") for wish in wishes) and key not in told:
                        told.add(key)
                        yield scenario


def facts():
    from portage.tests.dep import test_isvalidatom, test_match_from_list

    told = []
    is_valid, match = test_isvalidatom.isvalidatom, test_match_from_list.match_from_list

    def isvalidatom(atom, allow_wildcard, allow_repo, allow_build_id, eapi):
        answer = is_valid(atom, allow_wildcard=allow_wildcard, allow_repo=allow_repo, allow_build_id=allow_build_id, eapi=eapi)
        told.append({"atom": atom, "pattern": allow_wildcard or allow_repo is not False and eapi is None, "eapi": eapi, "valid": bool(answer)})
        told[-1]["is_odd"] = allow_repo is not None and eapi is not None
        return answer

    def match_from_list(atom, candidates):
        answer = match(atom, candidates)
        for candidate in candidates:
            cpv, _, slot = (candidate if isinstance(candidate, str) else candidate.cpv).partition(":")
            fact = {"atom": atom, "cpv": cpv, "slot": slot or "0", "repository": "r", "use": [], "iuse": []}
            if not isinstance(candidate, str):
                slot = "%s/%s" % (candidate.slot, candidate.sub_slot)
                flags = {"use": sorted(candidate.use.enabled), "iuse": sorted(candidate.iuse.all)}
                fact.update(slot=slot, repository=candidate.repo or "r", **flags)
            told.append(dict(fact, matches=any(candidate is one for one in answer)))
        return answer

    test_isvalidatom.isvalidatom, test_match_from_list.match_from_list = isvalidatom, match_from_list
    # What they assert is asserted: portage itself passes.
    test_isvalidatom.IsValidAtom("testIsValidAtom").testIsValidAtom()
    test_match_from_list.Test_match_from_list("testMatch_from_list").testMatch_from_list()
    return told


def main(subject):
    # What portage prints is for people.
    answer, sys.stdout = sys.stdout, open(os.devnull, "w")
    if subject in ("scenarios", "facts"):
        for told in globals()[subject]():
            print(json.dumps(told), file=answer, flush=True)
        return
    judge = Resolver() if subject == "resolve" else globals()[subject]
    for line in sys.stdin:
        try:
            told = judge(json.loads(line))
        except Exception as error:
            told = {"error": "%s: %s" % (type(error).__name__, error)}
        print(json.dumps(told), file=answer, flush=True)
    if subject == "resolve":
        judge.playground.cleanup()


if __name__ == "__main__":
    main(sys.argv[1])
