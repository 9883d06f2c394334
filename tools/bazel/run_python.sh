#!/bin/sh
# Runs a Python test from the tree's root with the system's interpreter, which is the one that Debian's python3-* packages serve.
PYTHONPATH="$PWD" exec /usr/bin/python3 -B "$@"
