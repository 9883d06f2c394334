// What ThreadSanitizer cannot see: gRPC and Abseil come from the system without its instrumentation, and their mutexes
// are futexes of their own, so that nothing seems to order what they hand from one thread to another.

extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_options();

extern "C" const char* __tsan_default_suppressions() {
  // Templates of its headers, compiled with us, and what they call: the answers to asynchronous calls.
  return "race:grpc::internal::\n";
}

// Memory that those libraries alone touch.
extern "C" const char* __tsan_default_options() { return "ignore_noninstrumented_modules=1:print_suppressions=0"; }
