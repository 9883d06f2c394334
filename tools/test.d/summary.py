"""Reads Bazel's event file and prints each test with its outcome and time, slowest last, and how many passed.

  summary.py EVENTS BAZEL_EXIT_CODE

Exit 0 when Bazel's was 0 and every test passed.
"""
import json
import sys


def outcomes(path):
    """{label: (status, seconds, cached)} of the tests in an event file, and the labels that could not be built."""
    tests, cached, broken = {}, set(), set()
    with open(path, encoding="utf-8") as events:
        for line in events:
            event = json.loads(line)
            about = event["id"]
            if "testResult" in about and event.get("testResult", {}).get("cachedLocally"):
                cached.add(about["testResult"]["label"])
            if "testSummary" in about:
                summary = event["testSummary"]
                milliseconds = int(summary.get("totalRunDurationMillis", 0))
                tests[about["testSummary"]["label"]] = (summary["overallStatus"], milliseconds / 1000)
            if "targetCompleted" in about and not event.get("completed", {}).get("success"):
                broken.add(about["targetCompleted"]["label"])
    return {label: (*outcome, label in cached) for label, outcome in tests.items()}, broken - set(tests)


def main(path, code):
    tests, broken = outcomes(path)
    passed = [label for label, (status, *_) in tests.items() if status in ("PASSED", "FLAKY")]
    print("\ntest: summary")
    for label, (status, seconds, cached) in sorted(tests.items(), key=lambda entry: (entry[0] not in passed, entry[1][1])):
        print(f"  {status:8} {seconds:7.1f} s  {label}{'  (cached)' if cached else ''}")
    for label in sorted(broken):
        print(f"  NOT BUILT           {label}")
    total = sum(seconds for _, seconds, cached in tests.values() if not cached)
    failed = len(tests) - len(passed) + len(broken)
    if code and not failed:
        print(f"  Bazel ended with exit code {code}")
        failed = 1
    print(f"  {total:.0f} s in tests that ran")
    print(f"{len(passed)} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
