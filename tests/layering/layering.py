"""Finds includes that break the floors, or let one party name what another party knows.

An #include is the edge checked, written from the root of the repository as in
"common/kv/kv_cache.h". An include of a generated header, "kvwire/v1/bob.grpc.pb.h", counts as one
of the .proto file it comes from, and an import in a .proto file as an include.
"""

import pathlib
import re

# What each folder may include besides itself: the floors below its own.
_BASE = {"common/base"}
_KV = _BASE | {"common/coding", "common/attention", "common/kv"}
_CLAIMS = _KV | {"common/reduction", "common/statistics", "common/claims"}
_WIRE = _KV | {"common/reduction", "common/var", "common/wire", "proto"}
_SERVICE = _WIRE | {"server/calls", "server/process"}
_SERVER = {f"server/{folder}" for folder in ("calls", "process", "algorithm", "alice", "bob")}
_TAP = {"common/waterfall"}
_MAY_INCLUDE = {
    "common/base": set(),
    "common/coding": _BASE,
    "common/attention": _BASE,
    "common/statistics": set(),
    "common/kv": _KV,
    "common/reduction": _KV,
    "common/var": _KV,
    "common/workload": _KV | {"common/var"},
    "common/claims": _CLAIMS,
    "common/wire": _WIRE,
    "common/waterfall": _WIRE,
    "server/calls": _WIRE,
    "server/process": _WIRE | {"server/calls"},
    "server/algorithm": _SERVICE,
    "server/alice": _SERVICE,
    "server/bob": _SERVICE,
    "client": _WIRE | _CLAIMS | _TAP | {"common/workload"},
    "proto": set(),
}

# Below these folders nothing knows Protocol Buffers or gRPC.
_KNOW_RPC = _TAP | _SERVER | {"common/wire", "client", "proto"}
_RPC_HEADER = re.compile(r"(google/protobuf|grpc|grpcpp|grpc\+\+)/")

# What each party may not reach, however indirectly. A party is the first word of a file's name.
_MAY_NOT_REACH = {
    "alice": {"bob"},
    "bob": {"alice"},
    "algorithm": {"alice", "bob", "channel"},
}
_PARTY_FOLDERS = ("common/reduction", "common/wire", "server/", "proto")

# The driver knows both parties, but the message passes it by. Through the tap it sees what crossed
# the wire, as anybody could who captures there.
_CLIENT_MAY_NOT_REACH = {"channel"}

# Words that say nothing about what a file or folder holds. The top folder common/ is exempt.
_EMPTY_WORDS = {"common", "util", "utils", "helper", "helpers", "manager", "managers", "misc"}

_INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.MULTILINE)
_IMPORT = re.compile(r'^\s*import\s+(?:public\s+|weak\s+)?"([^"]+)"', re.MULTILINE)
_SOURCE_TREES = ("proto", "server", "client", "common", "tests", "docker")


def _source(target):
    """Returns the file behind an include: the .proto file for a generated header."""
    generated = re.fullmatch(r"(kvwire/[\w/]+?)(\.grpc)?(\.pb\.h|\.proto)", target)
    return f"proto/{generated[1]}.proto" if generated else target


def _folder(path):
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] in {"common", "server"} else parts[0]


def _party(path):
    if not _folder(path).startswith(_PARTY_FOLDERS):
        return None
    return re.split(r"[_.]", path.rsplit("/", 1)[1])[0]


class Tree:
    """The sources under a root, and what each includes."""

    def __init__(self, root):
        self._root = pathlib.Path(root)
        self._includes = {}
        for top in _SOURCE_TREES:
            for file in sorted((self._root / top).rglob("*")):
                if file.suffix in {".h", ".cc", ".proto"}:
                    path = file.relative_to(self._root).as_posix()
                    self._includes[path] = self._read_includes(file)

    def violations(self):
        """Returns a line of text for each broken rule, none for a sound tree."""
        found = self._name_violations()
        for path in self._includes:
            if not path.startswith("tests/"):
                found += self._include_violations(path) + self._reach_violations(path)
        return found

    def _read_includes(self, file):
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".proto":
            return [("<", target) for target in _IMPORT.findall(text)]
        return _INCLUDE.findall(text)

    def _name_violations(self):
        found = []
        for top in _SOURCE_TREES:
            for file in sorted((self._root / top).rglob("*")):
                words = set(re.split(r"[_.-]", file.name.lower()))
                for word in sorted(words & _EMPTY_WORDS):
                    found.append(f"{file.relative_to(self._root).as_posix()}: the name says {word}")
        return found

    def _include_violations(self, path):
        folder = _folder(path)
        if folder not in _MAY_INCLUDE:
            return [f"{path}: {folder} has no floor"]
        found = []
        for quote, target in self._includes[path]:
            source = _source(target)
            beside = quote == '"' and (self._root / path).parent.joinpath(target).exists()
            if beside or ".." in target.split("/"):
                found.append(f"{path}: {target} is not written from the root of the repository")
            elif _RPC_HEADER.match(target):
                if folder not in _KNOW_RPC:
                    found.append(f"{path}: {folder} may not include {target}")
            elif source.split("/")[0] in _SOURCE_TREES:
                if _folder(source) not in _MAY_INCLUDE[folder] | {folder}:
                    found.append(f"{path}: {folder} may not include {target}")
        return found

    def _reach_violations(self, path):
        forbidden = _MAY_NOT_REACH.get(_party(path), set())
        if _folder(path) == "client":
            forbidden = _CLIENT_MAY_NOT_REACH
        found = []
        closed = _TAP if _folder(path) == "client" else set()
        for reached, route in self._reachable(path, closed).items():
            if _party(reached) in forbidden:
                found.append(" -> ".join(route + [reached]))
        return found

    def _reachable(self, start, closed):
        """Returns every file that `start` includes or links, each with the route to it.

        A header brings along the .cc file beside it, which is linked wherever it is included. What
        lies behind files of `closed` folders is left out.
        """
        routes = {}
        pending = [(start, [])]
        while pending:
            path, route = pending.pop()
            if path in routes or path not in self._includes:
                continue
            routes[path] = route
            if _folder(path) in closed:
                continue
            following = [_source(target) for _, target in self._includes[path]]
            if path.endswith(".h"):
                following.append(path[:-2] + ".cc")
            pending += [(target, route + [path]) for target in following]
        return routes
