"""Turns builtin_functions.tsv into C++ initializers, sorted by oid.

usage: gen_function_table.py TSV OUT
"""

import sys


def main():
    rows = []
    with open(sys.argv[1], encoding="utf-8") as f:
        for line in f:
            if line.startswith("#"):
                continue
            oid, schema, name, arguments, label, _ = line.rstrip("\n").split("\t")
            rows.append((int(oid), schema, name, arguments, label))
    rows.sort()
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        for oid, schema, name, arguments, label in rows:
            camel = "k" + "".join(p.capitalize() for p in label.split("_"))
            out.write('{%d, "%s", "%s", "%s", FunctionClass::%s},\n' % (oid, schema, name, arguments, camel))


if __name__ == "__main__":
    main()
