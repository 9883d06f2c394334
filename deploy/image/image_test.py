#!/usr/bin/env python3
"""Whether a Dockerfile installs the libraries that its program links: the image itself cannot be built by the tests.

Arguments: pairs of a Dockerfile and the program as built.
"""

import os
import re
import subprocess
import sys
import unittest

PAIRS = list(zip(sys.argv[1::2], sys.argv[2::2]))
# Not a library of the program: the CAs that TLS connections are checked with.
NO_LIBRARY = {"ca-certificates"}


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout


def installed_packages(dockerfile):
    """The packages that the Dockerfile names."""
    with open(dockerfile, encoding="utf-8") as file:
        text = file.read()
    listed = re.search(r"--no-install-recommends \\\n(.*?)&& rm", text, re.DOTALL)
    return set(listed.group(1).replace("\\", " ").split())


def linked_packages(program):
    """The Debian packages of the shared libraries that the loader would map."""
    packages = set()
    for path in re.findall(r"=> (/\S+)", output("ldd", program)):
        for candidate in (os.path.realpath(path), path, path.replace("/lib/", "/usr/lib/", 1)):
            found = subprocess.run(["dpkg", "-S", candidate], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                   check=False)
            if found.returncode == 0:
                packages.add(found.stdout.split(":")[0])
                break
        else:
            raise AssertionError(f"no package owns {path}")
    return packages


def with_dependencies(packages):
    """The packages and everything that they depend on."""
    known, queue = set(), list(packages)
    while queue:
        package = queue.pop()
        if package in known:
            continue
        known.add(package)
        shown = subprocess.run(["dpkg-query", "-W", "-f", "${Depends},${Pre-Depends}", package], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True, check=False).stdout
        queue += re.findall(r"(?:^|[,|])\s*([a-z0-9][a-z0-9.+-]*)", shown)
    return known


class ImageTest(unittest.TestCase):
    def test_there_is_something_to_look_at(self):
        self.assertTrue(PAIRS)

    def test_every_library_comes_with_the_packages_that_the_dockerfile_names(self):
        for dockerfile, program in PAIRS:
            with self.subTest(dockerfile=dockerfile):
                missing = linked_packages(program) - with_dependencies(installed_packages(dockerfile))
                self.assertEqual(set(), missing)

    def test_no_package_is_named_that_the_program_does_not_link(self):
        for dockerfile, program in PAIRS:
            with self.subTest(dockerfile=dockerfile):
                self.assertEqual(set(), installed_packages(dockerfile) - linked_packages(program) - NO_LIBRARY)

    def test_no_image_runs_as_root(self):
        for dockerfile, _ in PAIRS:
            with open(dockerfile, encoding="utf-8") as file:
                self.assertRegex(file.read(), r"\nUSER 10001:10001\n")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
