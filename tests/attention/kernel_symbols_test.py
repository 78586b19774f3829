"""No code that is compiled for one kind of machine may be taken for everybody's.

usage: kernel_symbols_test.py NM OBJECT...

Each object file of an attention kernel must define one symbol that others can see, its kernel. A
function besides, were it only inline in a header, would be merged with that of other files by
the linker, which does not know that one of them needs AVX-512.
"""

import re
import subprocess
import sys

# What sanitizers add to every object.
_OF_SANITIZERS = re.compile(r"__(odr_)?[ahlmtu]+san|DW\.ref\.")


def visible_symbols(nm, path):
    listing = subprocess.run([nm, "--extern-only", "--defined-only", "--format=posix", path],
                             capture_output=True, text=True, check=True).stdout
    symbols = [line.split()[0] for line in listing.splitlines() if line]
    return [symbol for symbol in symbols if not _OF_SANITIZERS.match(symbol)]


def main(nm, *objects):
    assert objects, "no object files"
    for path in objects:
        symbols = visible_symbols(nm, path)
        if len(symbols) != 1 or not re.fullmatch(r"_ZN6kvwire\d+k\w+KernelE", symbols[0]):
            sys.exit(f"{path} defines {symbols}, not one kernel alone")


if __name__ == "__main__":
    main(*sys.argv[1:])
