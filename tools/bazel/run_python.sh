#!/bin/sh
# Runs a Python test with the system's interpreter, which is the one that Debian's python3-* packages serve.
exec /usr/bin/python3 -B "$@"
