// Catch2's entry point for every unit test; compiled once, since the single header is slow to compile.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
