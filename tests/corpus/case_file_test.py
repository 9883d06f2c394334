"""Reads case files: what is well formed is taken over, and everything else is an error that names its line."""
import os
import pathlib
import re
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from runner import case_file, coverage  # noqa: E402

GOOD = "=== one\ntitle: t\npolicy: p\nsql: SELECT 1\n  FROM x\nparams: [\"a\", 1]\ndirect: leak\nsidecar: denied\n"


class CaseFile(unittest.TestCase):
    def read(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "area.case"
            path.write_text(text)
            return case_file.read(path)

    def problem(self, text):
        with self.assertRaises(case_file.CaseError) as caught:
            self.read(text)
        return str(caught.exception)

    def test_values_run_on_over_indented_lines_and_parameters_become_text(self):
        (case,) = self.read(GOOD)
        self.assertEqual(case.steps[0].text, "SELECT 1\nFROM x")
        self.assertEqual(case.steps[0].params, ["a", "1"])
        self.assertEqual(case.statement_count, 1)

    def test_defaults_hold_for_all_cases_of_a_file(self):
        cases = self.read("default policy: q\ndefault sidecar: ok\n" + GOOD + GOOD.replace("policy: p\n", "").replace("one", "two"))
        self.assertEqual([case.policy for case in cases], ["p", "q"])

    def test_errors_name_the_line(self):
        self.assertIn("area.case:5: unknown key 'colour'", self.problem(GOOD.replace("params: [\"a\", 1]", "colour: red").replace("  FROM x\n", "")))
        self.assertIn("there is no title", self.problem(GOOD.replace("title: t\n", "")))
        self.assertIn("sidecar is 'fine'", self.problem(GOOD.replace("denied", "fine")))
        self.assertIn("nothing is expected of the direct run", self.problem(GOOD.replace("direct: leak\n", "")))

    def test_every_row_of_the_threat_catalogue_that_concerns_deciding_has_a_case(self):
        cases = case_file.load([os.path.dirname(os.path.abspath(__file__))])
        print(coverage.text(cases))
        self.assertEqual(coverage.missing(cases), [])

    def test_there_are_a_hundred_reports_over_five_masked_columns(self):
        folder = pathlib.Path(os.path.dirname(os.path.abspath(__file__)))
        texts = {" ".join(step.text.split()) for case in case_file.load([folder / "reports"]) for step in case.steps}
        self.assertGreaterEqual(len(texts), 100)
        columns = re.findall(r"public\.\w+\.\w+", (folder / "policies" / "shop_masked.yaml").read_text(encoding="utf-8"))
        self.assertEqual(len(set(columns)), 5)

    def test_every_file_of_the_corpus_is_well_formed_and_ids_are_unique(self):
        self.assertGreater(len(case_file.load([os.path.dirname(os.path.abspath(__file__))])), 800)


if __name__ == "__main__":
    unittest.main()
