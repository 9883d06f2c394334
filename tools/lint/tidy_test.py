#!/usr/bin/env python3
"""Every rule of tidy.py: what it must find, and what it must let pass."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import cpp  # noqa: E402
import tables  # noqa: E402
import tidy  # noqa: E402


def header(path, body=""):
    guard = "CHAPERONE_" + path.replace("/", "_").replace(".", "_").upper() + "_"
    return f"#ifndef {guard}\n#define {guard}\n{body}\n#endif  // {guard}\n"


class TidyTest(unittest.TestCase):
    def findings(self, files):
        """(path, line, rule) of a tree that holds `files`; every folder gets a README unless the test brings one."""
        with tempfile.TemporaryDirectory() as root:
            all_files = dict(files)
            for path in files:
                all_files.setdefault(str(pathlib.PurePosixPath(path).parent / "README.md"), "# x\n")
            for path, text in all_files.items():
                full = pathlib.Path(root, path)
                full.parent.mkdir(parents=True, exist_ok=True)
                full.write_bytes(text if isinstance(text, bytes) else text.encode())
            checker = tidy.Tidy(root)
            checker.check([p for p, t in all_files.items() if t is not None])
            return [(path, line, rule) for path, line, rule, _ in sorted(checker.findings)]

    def rules(self, path, text):
        return [rule for _, _, rule in self.findings({path: text})]

    # Includes.

    def test_a_system_library_is_included_only_by_the_folders_of_the_table(self):
        for include, good, bad in [
            ("<boost/asio.hpp>", "dataplane/runtime/a.cc", "dataplane/recorder/a.cc"),
            ("<boost/asio/ip/tcp.hpp>", "api/telemetry/a.cc", "controlplane/store/memory/a.cc"),
            ("<grpcpp/grpcpp.h>", "controlplane/service/a.cc", "controlplane/policies/a.cc"),
            ("<rocksdb/db.h>", "controlplane/store/rocksdb/a.cc", "controlplane/store/memory/a.cc"),
            ("<openssl/ssl.h>", "dataplane/upstream/a.cc", "api/policy/a.cc"),
            ("<pg_query.h>", "api/sql/a.cc", "dataplane/session/a.cc"),
            ("<pg_query/pg_query_internal.h>", "api/sql/a.cc", "dataplane/session/a.cc"),
            ("<yaml-cpp/yaml.h>", "api/yaml/a.cc", "dataplane/app/a.cc"),
            ("<prometheus/counter.h>", "api/telemetry/a.cc", "dataplane/masking/a.cc"),
            ("<curl/curl.h>", "controlplane/identity/a.cc", "dataplane/auth/a.cc"),
            ("<hs/hs.h>", "dataplane/masking/a.cc", "api/sql/a.cc"),
            ("<re2/re2.h>", "dataplane/masking/a.cc", "api/sql/a.cc"),
            ("<cjose/jws.h>", "dataplane/auth/a.cc", "dataplane/session/a.cc"),
            ("<jwt/jwt.hpp>", "controlplane/identity/a.cc", "dataplane/auth/a.cc"),
        ]:
            with self.subTest(include=include):
                line = f"#include {include}\n"
                self.assertEqual([], self.rules(good, line))
                self.assertIn("third-party", self.rules(bad, line))
                self.assertEqual([], self.rules("tests/integration/a.cc", line))
                if bad.startswith("dataplane"):
                    self.assertEqual([], self.rules(bad.replace("a.cc", "a_test.cc"), line))

    def test_pg_query_prefix_does_not_catch_other_names(self):
        self.assertEqual([], self.rules("dataplane/session/a.cc", "#include <pg_queryx.h>\n"))

    def test_api_includes_neither_plane_and_the_planes_not_each_other(self):
        for path, include in [
            ("api/base/a.cc", "dataplane/session/session.h"),
            ("api/base/a.cc", "controlplane/model/model.h"),
            ("dataplane/session/a.cc", "controlplane/model/model.h"),
            ("controlplane/app/a.cc", "dataplane/runtime/loop.h"),
            ("tools/chaperone/a.cc", "controlplane/model/model.h"),
        ]:
            with self.subTest(path=path):
                self.assertEqual(["layering"], self.rules(path, f'#include "{include}"\n'))

    def test_stages_are_siblings(self):
        stage = '#include "dataplane/upstream/connection.h"\n'
        self.assertEqual(["layering"], self.rules("dataplane/masking/a.cc", stage))
        self.assertEqual(["layering"], self.rules("dataplane/runtime/a.cc", stage))
        self.assertEqual(["layering"], self.rules("dataplane/runtime/a.cc", '#include "dataplane/wire/postgres/x.h"\n'))
        for path in ["dataplane/upstream/a.cc", "dataplane/session/a.cc", "dataplane/app/a.cc", "dataplane/control/a.cc",
                     "tests/e2e/a.cc"]:
            self.assertEqual([], self.rules(path, stage))
        self.assertEqual([], self.rules("dataplane/upstream/a.cc", '#include "dataplane/runtime/stream.h"\n'))

    def test_pure_folders_include_no_sockets_threads_or_clocks(self):
        for include in ["<sys/socket.h>", "<thread>", "<mutex>", "<ctime>", '"api/base/clock.h"', "<netinet/in.h>"]:
            with self.subTest(include=include):
                for folder in ["api/sql", "api/policy", "dataplane/masking", "dataplane/wire/postgres"]:
                    self.assertEqual(["pure"], self.rules(f"{folder}/a.cc", f"#include {include}\n"))
                self.assertEqual([], self.rules("dataplane/listener/a.cc", f"#include {include}\n"))
        self.assertIn("pure", self.rules("api/policy/a.cc", "auto t = std::chrono::system_clock::now();\n"))
        self.assertEqual([], self.rules("api/policy/a.cc", "#include <chrono>\n"))
        self.assertEqual([], self.rules("api/sql/a_test.cc", "#include <thread>\n"))

    def test_fakes_and_test_support_are_for_tests(self):
        self.assertEqual(["layering"], self.rules("dataplane/app/a.cc", '#include "api/base/fake_clock.h"\n'))
        self.assertEqual(["layering"], self.rules("dataplane/app/a.cc", '#include "tests/support/pg.h"\n'))
        self.assertEqual([], self.rules("dataplane/app/a_test.cc", '#include "tests/support/pg.h"\n'))

    def test_an_include_in_a_comment_is_none(self):
        self.assertEqual([], self.rules("api/sql/a.cc", "// #include <thread>\n/*\n#include <thread>\n*/\n"))

    # Coroutines.

    def test_hazardous_co_await_operands_are_found(self):
        for code in [
            "co_await Run([x] { return x; });",
            "co_await Run(1, [x = std::move(y)]() -> int { return x; });",
            "co_await Run([=] {});",
            "co_await Send(Frame{a, b});",
            "co_await Send(std::vector<int>{1, 2});",
            "co_await Send({a, b});",
            "auto v = co_await loop.Run(\n    [&, copy] { return copy; });",
            "co_return co_await Send(Frame{});",
        ]:
            with self.subTest(code=code):
                self.assertEqual(["co-await"], self.rules("dataplane/session/a.cc", f"Task F() {{\n  {code}\n}}\n"))

    def test_harmless_co_await_operands_pass(self):
        for code in [
            "co_await Send(frame);",
            "co_await Run([&] { Frame frame{a, b}; return frame; });",
            "co_await Run([this] { return Frame{1}; });",
            "co_await Sleep(std::chrono::milliseconds{5});",
            "co_await Send(std::string(text));",
            "co_await Send(buffers[i]); Frame f{1};",
            "if (co_await Ready()) { Frame f{1}; }",
            "// co_await Send(Frame{a});",
        ]:
            with self.subTest(code=code):
                self.assertEqual([], self.rules("dataplane/session/a.cc", f"Task F() {{\n  {code}\n}}\n"))

    # Names and sizes.

    def test_names_that_say_nothing_are_refused(self):
        for path in ["api/base/util.h", "api/base/string_utils.h", "api/common/x.h", "api/base/session_manager.h"]:
            self.assertIn("name", self.rules(path, header(path)))
        self.assertEqual([], self.rules("api/base/utility_rate.h", header("api/base/utility_rate.h")))
        self.assertEqual(["name"], self.rules("api/base/a.cc", "class SessionManager {};\n"))

    def test_a_file_has_600_lines_and_a_test_800(self):
        self.assertEqual([], self.rules("api/base/a.cc", "\n" * 600))
        self.assertEqual(["file-size"], self.rules("api/base/a.cc", "\n" * 601))
        self.assertEqual([], self.rules("api/base/a_test.cc", "\n" * 800))
        self.assertEqual(["file-size"], self.rules("tests/e2e/a.py", "\n" * 801))
        self.assertEqual(["file-size"], self.rules("tools/demo", "#!/bin/bash\n" + "\n" * 600))

    def test_a_function_has_70_lines(self):
        for declaration in [
            "int F(int a) {",
            "Session::Session(int a) : a_(a), b_{1} {",
            "template <typename T, class U>\nrequires(sizeof(T) > 4)\nauto Name::F(std::map<T, U> m) const noexcept -> int {",
            "namespace x {\nstruct S final : public Base {\n public:\n  int F() override {",
            "bool operator==(const A& a, const B& b) {",
        ]:
            closing = "}\n};\n}" if "struct" in declaration else "}"
            with self.subTest(declaration=declaration):
                self.assertEqual([], self.rules("api/base/a.cc", declaration + "\n" * 69 + closing + "\n"))
                self.assertEqual(["function-size"], self.rules("api/base/a.cc", declaration + "\n" * 70 + closing + "\n"))

    def test_labels_of_a_switch_do_not_count(self):
        labels = "".join(f"    case K{i}:\n" for i in range(200))
        table = "int F(int a) {\n  switch (a) {\n" + labels + "      return 1;\n    default:\n      return 2;\n  }\n}\n"
        self.assertEqual([], self.rules("api/base/a.cc", table))
        work = "int F(int a) {\n  switch (a) {\n" + "    case 1:\n      G();\n      break;\n" * 40 + "  }\n}\n"
        self.assertEqual(["function-size"], self.rules("api/base/a.cc", work))

    def test_tables_and_classes_are_no_functions(self):
        for code in ["constexpr int kTable[] = {", "enum class E {", "class A {", "namespace a {", "const M kM{"]:
            self.assertEqual([], self.rules("api/base/a.cc", code + "\n" * 90 + "};\n"))

    def test_braces_in_literals_and_comments_do_not_count(self):
        code = "int F() { return g(\"}{{\", '{', R\"x(}}})x\"); /* { */ }\n// {\n" + "\n" * 80 + "int G() {}\n"
        self.assertEqual([], self.rules("api/base/a.cc", code))
        self.assertEqual(["F", "G"], [name for _, name, _ in cpp.functions(cpp.strip(code))])

    def test_digit_separators_do_not_open_a_literal(self):
        self.assertEqual(["endl"], self.rules("api/base/a.cc", "int a = 1'000; b << std::endl; int c = 2'0;\n"))

    def test_python_functions_have_70_lines(self):
        body = "    pass\n"
        self.assertEqual([], self.rules("tools/x/a.py", "def f():\n" + body * 69))
        self.assertEqual(["function-size"], self.rules("tools/x/a.py", "def f():\n" + body * 70))

    def test_a_folder_with_sources_has_a_short_readme(self):
        source = "int x;\n"
        with_readme = {"api/x/a.cc": source, "api/x/README.md": "# x\n" * 60}
        self.assertEqual([], self.findings(with_readme))
        with_readme["api/x/README.md"] = "# x\n" * 61
        self.assertEqual([("api/x/README.md", 60, "readme-size")], self.findings(with_readme))
        with tempfile.TemporaryDirectory() as root:
            checker = tidy.Tidy(root)
            checker.check(["api/x/a.cc"])
            self.assertEqual(["readme"], [rule for _, _, rule, _ in checker.findings])

    # Hygiene.

    def test_unfinished_work_and_untidy_text_are_found_where_they_stand(self):
        self.assertEqual([("api/x/a.cc", 2, "unfinished")], self.findings({"api/x/a.cc": "int a;\n// TO" "DO: b\n"}))
        self.assertEqual([("api/x/a.md", 1, "unfinished")], self.findings({"api/x/a.md": "FIX" "ME\n"}))
        self.assertEqual([("api/x/a.cc", 3, "trailing-whitespace")], self.findings({"api/x/a.cc": "int a;\n\n \n"}))
        self.assertEqual(["final-newline"], self.rules("api/x/a.cc", "int a;"))
        self.assertEqual(["utf-8"], self.rules("api/x/a.cc", b"// \xff\n"))
        self.assertEqual([], self.rules("api/x/a.bin", b"\x00 \n \xff"))

    def test_endl_and_using_namespace_in_headers(self):
        self.assertEqual(["endl"], self.rules("api/x/a.cc", "out << std::endl;\n"))
        self.assertEqual(["using-namespace"], self.rules("api/x/a.h", header("api/x/a.h", "using namespace std;")))
        self.assertEqual([], self.rules("api/x/a.cc", "using namespace std::chrono_literals;\n"))

    def test_include_guards_spell_the_path(self):
        self.assertEqual([], self.rules("api/x/a_b.h", "// About.\n" + header("api/x/a_b.h")))
        self.assertEqual(["include-guard"], self.rules("api/x/a_b.h", header("api/x/ab.h")))
        self.assertEqual(["include-guard"], self.rules("api/x/a.h", "#pragma once\n"))
        self.assertEqual(["include-guard"], self.rules("api/x/a.h", "int a;\n"))

    def test_an_exception_that_nothing_needs_is_reported(self):
        with tempfile.TemporaryDirectory() as root:
            checker = tidy.Tidy(root)
            tables.EXCEPTIONS[("file-size", "api/x/gone.cc")] = "a test"
            try:
                checker.check_exceptions()
            finally:
                del tables.EXCEPTIONS[("file-size", "api/x/gone.cc")]
            self.assertIn("exceptions", [rule for _, _, rule, _ in checker.findings])


if __name__ == "__main__":
    unittest.main()
