"""What tidy.py enforces and does not decide: who may include what, sizes, and the exceptions with their reasons."""

# Folders that may include a third-party header, by the prefix of the header's path. System headers escape Bazel's
# visibility, so this table is the fence. A folder stands for everything below it; tests may include anything.
THIRD_PARTY = {
    "boost/asio": ["api/telemetry", "controlplane/app", "dataplane/runtime"],
    "boost/beast": ["api/telemetry"],
    "grpcpp": ["controlplane/app", "controlplane/service", "dataplane/app", "dataplane/control", "tools/chaperone"],
    "grpc": ["controlplane/app", "controlplane/service", "dataplane/app", "dataplane/control", "tools/chaperone"],
    "rocksdb": ["controlplane/store/rocksdb"],
    "openssl": [
        "api/recording",
        "controlplane/app",
        "controlplane/fleet",
        "controlplane/identity",
        "controlplane/service",
        "dataplane/app",
        "dataplane/auth",
        "dataplane/control",
        "dataplane/listener",
        "dataplane/masking",
        "dataplane/policy",
        "dataplane/runtime",
        "dataplane/session",
        "dataplane/upstream",
        "dataplane/wire",
    ],
    "pg_query": ["api/sql"],
    "postgres.h": ["api/sql"],
    "nodes/": ["api/sql"],
    "yaml-cpp": ["api/yaml"],
    "prometheus": [
        "api/telemetry",
        "controlplane/app",
        "controlplane/metrics",
        "dataplane/app",
        "dataplane/events",
        "dataplane/session",
    ],
    "curl": ["controlplane/identity"],
    "hs": ["dataplane/masking"],
    "re2": ["api/policy", "dataplane/masking"],
    "cjose": ["controlplane/identity", "dataplane/auth"],
    "jwt": ["controlplane/identity"],
    "CLI": ["controlplane/app", "dataplane/app", "tools/chaperone"],
    "zstd": ["api/recording", "controlplane/store", "dataplane/recorder"],
    "catch2": ["controlplane/store/conformance", "tests/support"],
}

# Layers: (folder, prefix that it may not include, why).
FORBIDDEN_INCLUDES = [
    ("api", "dataplane/", "api knows no plane"),
    ("api", "controlplane/", "api knows no plane"),
    ("api", "tools/", "api knows no program"),
    ("dataplane", "controlplane/", "the planes meet only in api/"),
    ("controlplane", "dataplane/", "the planes meet only in api/"),
    ("dataplane", "tools/", "a plane knows no tool"),
    ("controlplane", "tools/", "a plane knows no tool"),
    ("tools/chaperone", "dataplane/", "the CLI speaks to the control plane through api/proto alone"),
    ("tools/chaperone", "controlplane/", "the CLI speaks to the control plane through api/proto alone"),
    ("api/base", "api/sql/", "base knows nothing of the product"),
    ("api/base", "api/policy/", "base knows nothing of the product"),
    ("api/base", "api/recording/", "base knows nothing of the product"),
    ("api/sql", "api/policy/", "facts come before verdicts"),
    ("api/sql", "api/masking/", "facts come before masks"),
    ("api/policy", "api/masking/", "masking asks policy, not the other way round"),
]

# Stages of the data plane are siblings: none includes another. These are no stages: every stage may include them, and they
# include nothing of the data plane but themselves.
DATAPLANE_SHARED = ["runtime", "wire"]
# These know several: session the stages and their order, app the wiring, control the ports that it implements over gRPC.
DATAPLANE_KNOWS_STAGES = ["session", "app", "control"]

# Pure folders: no sockets, no threads, no clocks, so that they are fuzzed and tested fast and give the same answer twice.
PURE = [
    "api/judgement",
    "api/masking",
    "api/policy",
    "api/recording",
    "api/sql",
    "dataplane/masking",
    "dataplane/wire",
]
IMPURE_HEADERS = {
    "boost/asio": "sockets",
    "boost/beast": "sockets",
    "sys/socket.h": "sockets",
    "sys/epoll.h": "sockets",
    "netinet/": "sockets",
    "arpa/inet.h": "sockets",
    "netdb.h": "sockets",
    "poll.h": "sockets",
    "thread": "threads",
    "mutex": "threads",
    "shared_mutex": "threads",
    "condition_variable": "threads",
    "future": "threads",
    "pthread.h": "threads",
    "ctime": "the clock",
    "time.h": "the clock",
    "sys/time.h": "the clock",
    "api/base/clock.h": "the clock",
    "dataplane/runtime/": "the event loop",
    "spdlog": "logging",
}

FILE_LINES_MAX = 600
TEST_FILE_LINES_MAX = 800
FUNCTION_LINES_MAX = 70
TEST_FUNCTION_LINES_MAX = 100
README_LINES_MAX = 60

BAD_NAMES = ["util", "utils", "helper", "helpers", "manager", "managers", "common", "misc"]

# (rule, path): reason. An exception that no file needs any more is itself an error.
_TABLE = "a table of data, one line an entry"
_CASES = "one switch or rule list that mirrors the server's own function; its parts mean nothing alone"
_CAPTURED = "recorded from a client: the spaces are what it sends"
EXCEPTIONS = {
    ("function-size", "api/sql/catalog_builder.cc"): _CASES,
    ("function-size", "api/sql/expression.cc"): _CASES,
    ("function-size", "api/sql/overload.cc"): _CASES,
    ("function-size", "api/sql/query_from.cc"): _CASES,
    ("function-size", "api/sql/where.cc"): _CASES,
    ("function-size", "dataplane/masking/detect/context.cc"): _TABLE,
    ("function-size", "dataplane/masking/detect/kinds.cc"): _TABLE,
    ("pure", "api/sql/sql_bench.cc"): "a program that measures the pure code beside it",
    ("pure", "dataplane/masking/detect/detector_bench.cc"): "a program that measures the pure code beside it",
    ("file-size", "tools/npm/package-lock.json"): "npm writes it",
    ("trailing-whitespace", "tests/corpus/precision/captured/psql.case"): _CAPTURED,
    ("trailing-whitespace", "tests/corpus/precision/captured/sqlalchemy.case"): _CAPTURED,
    ("trailing-whitespace", "tests/corpus/tools/clients/backslash.psql"): "a line that ends in a space on purpose",
}

# Folders whose sources need no README of their own, because the nearest one above speaks for them.
README_ABOVE = ["tools/bazel/shims", "api/proto/chaperone"]
