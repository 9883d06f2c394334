// Memory that libraries of the system keep until the process ends: LeakSanitizer does not count it as lost.

extern "C" const char* __lsan_default_suppressions();

extern "C" const char* __lsan_default_suppressions() {
  // Read once for the whole process, by gRPC's resolver.
  return "leak:libcares\n";
}
