"""The build's own rules: every C++ target of Chaperone goes through these, so that flags stand in one place."""

_COPTS = [
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wnon-virtual-dtor",
    "-Woverloaded-virtual",
    "-Wno-missing-field-initializers",
    "-fno-strict-aliasing",
    "-fstack-protector-strong",
    "-D_GLIBCXX_ASSERTIONS",
]

# Generated code is not ours to mend.
_GENERATED_COPTS = ["-w"]

# What LeakSanitizer and ThreadSanitizer are not to report; nothing without them.
_SUPPRESSIONS = select({
    "//tools/bazel:asan": ["//tools/bazel:leak_suppressions"],
    "//tools/bazel:tsan": ["//tools/bazel:race_suppressions"],
    "//conditions:default": [],
})

# What every statement runs through is compiled with what tools/profile saw: which branches are taken, which calls are
# worth inlining. An object or function without a profile of its own (a new one, one that has changed since) is compiled as
# without this.
_PROFILED_COPTS = select({
    "//tools/bazel:profile_use": [
        "-fprofile-use=tools/bazel/profile",
        "-fprofile-prefix-path=/proc/self/cwd",
        "-fprofile-partial-training",
        "-Wno-missing-profile",
        "-Wno-coverage-mismatch",
        # It sees more by inlining more, and some of it wrongly.
        "-Wno-maybe-uninitialized",
        # A function that has changed, called from one that has not, is a warning without a name that could be turned
        # off. The builds without the profile (sanitizers, clang) keep their warnings errors.
        "-Wno-error",
    ],
    "//tools/bazel:profile_make": ["-fprofile-generate", "-fprofile-update=atomic"],
    "//conditions:default": [],
})
_PROFILED_LINKOPTS = select({
    "//tools/bazel:profile_make": ["-fprofile-generate"],
    "//conditions:default": [],
})
_PROFILE = select({
    "//tools/bazel:profile_use": ["//tools/bazel:profile"],
    "//conditions:default": [],
})

def chaperone_library(name, srcs = [], hdrs = [], deps = [], copts = [], profiled = False, **kwargs):
    """A C++ library with the house flags.

    profiled: every statement runs through it, and it is compiled with the profile (tools/profile).
    """
    native.cc_library(
        name = name,
        srcs = srcs,
        hdrs = hdrs,
        deps = deps + (_PROFILE if profiled else []),
        copts = _COPTS + copts + (_PROFILED_COPTS if profiled else []),
        linkopts = _PROFILED_LINKOPTS if profiled else [],
        **kwargs
    )

def chaperone_binary(name, srcs, deps = [], copts = [], linkopts = [], **kwargs):
    """A C++ program with the house flags."""
    native.cc_binary(
        name = name,
        srcs = srcs,
        deps = deps + _SUPPRESSIONS,
        copts = _COPTS + copts,
        linkopts = linkopts + ["-Wl,-z,relro,-z,now", "-pie"],
        **kwargs
    )

def chaperone_test(name, srcs = None, deps = [], copts = [], size = "small", **kwargs):
    """A Catch2 unit test; its sources default to <name>.cc."""
    native.cc_test(
        name = name,
        srcs = srcs or [name + ".cc"],
        deps = deps + ["//tests/support:catch_main"] + _SUPPRESSIONS,
        copts = _COPTS + copts,
        size = size,
        **kwargs
    )

def chaperone_fuzz_target(name, srcs = None, corpus = [], deps = [], tags = [], **kwargs):
    """A fuzz target: libFuzzer under --config=fuzz, otherwise a test that replays its corpus with the same entry point.

    tests/fuzz/run finds it by its tag.
    """
    native.cc_test(
        name = name,
        srcs = srcs or [name + ".cc"],
        deps = deps + select({
            "//tests/fuzz:libfuzzer": [],
            "//conditions:default": ["//tests/fuzz:replay_main"],
        }),
        copts = _COPTS,
        linkopts = select({
            "//tests/fuzz:libfuzzer": ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        args = ["$(locations {})".format(c) for c in corpus],
        data = corpus,
        size = "small",
        tags = tags + ["fuzz"],
        **kwargs
    )

def chaperone_python_test(name, main, srcs = [], data = [], args = [], size = "small", **kwargs):
    """A Python test of pure functions: no servers, no ports."""
    native.sh_test(
        name = name,
        srcs = ["//tools/bazel:run_python.sh"],
        args = ["$(location {})".format(main)] + args,
        data = [main] + srcs + data,
        size = size,
        **kwargs
    )

def chaperone_script_test(name, main, srcs = [], data = [], args = [], size = "large", tags = [], **kwargs):
    """A Python test that starts real servers: unsandboxed and alone, since it forks daemons and owns ports."""
    native.sh_test(
        name = name,
        srcs = ["//tools/bazel:run_python.sh"],
        args = ["$(location {})".format(main)] + args,
        data = [main] + srcs + data,
        size = size,
        tags = tags + ["exclusive", "local", "no-sandbox"],
        **kwargs
    )

def chaperone_proto(name, srcs, visibility = None):
    """C++ for .proto files through protoc and grpc_cpp_plugin; import paths start at this package."""
    outs = []
    for src in srcs:
        stem = src[:-len(".proto")]
        outs += [stem + ext for ext in [".pb.h", ".pb.cc", ".grpc.pb.h", ".grpc.pb.cc"]]
    native.genrule(
        name = name + "_generated",
        srcs = srcs,
        outs = outs,
        cmd = "protoc -I {package} --cpp_out=$(RULEDIR) --grpc_out=$(RULEDIR) ".format(package = native.package_name()) +
              "--plugin=protoc-gen-grpc=/usr/bin/grpc_cpp_plugin $(SRCS)",
    )
    native.cc_library(
        name = name,
        srcs = [o for o in outs if o.endswith(".cc")],
        hdrs = [o for o in outs if o.endswith(".h")],
        includes = ["."],
        copts = _GENERATED_COPTS,
        deps = ["//tools/bazel/system:grpc", "//tools/bazel/system:protobuf"],
        visibility = visibility,
    )
