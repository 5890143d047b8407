"""``python -m benchmarks [b8_index ...]``: run the named benchmarks, or all of them, one after the other."""

import importlib
import os
import pkgutil
import platform
import sys

import benchmarks


def main() -> int:
    known = sorted(one.name for one in pkgutil.iter_modules(benchmarks.__path__) if one.name.startswith("b"))
    wanted = sys.argv[1:] or known
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        print(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(known)}.", file=sys.stderr)
        return 2
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} processors")
    met = [importlib.import_module(f"benchmarks.{name}").main() for name in wanted]
    return 0 if all(met) else 1


sys.exit(main())
