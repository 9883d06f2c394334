// Memory that libraries of the system keep until the process ends: LeakSanitizer does not count it as lost.

extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_options();

extern "C" const char* __lsan_default_suppressions() {
  // Read once for the whole process, by gRPC's resolver.
  return "leak:libcares\n";
}

// What a program says on its standard error is its interface.
extern "C" const char* __lsan_default_options() { return "print_suppressions=0"; }
