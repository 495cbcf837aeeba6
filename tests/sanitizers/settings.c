// What the sanitizers are told in every program built with one; ASAN_OPTIONS, UBSAN_OPTIONS and TSAN_OPTIONS come on top.
// The sanitizer calls these before main, from any one thread; they cannot fail.
const char* __asan_default_options(void) {
  return "detect_stack_use_after_return=1:strict_string_checks=1:check_initialization_order=1";
}

const char* __ubsan_default_options(void) { return "print_stacktrace=1"; }

const char* __tsan_default_options(void) { return "history_size=4:second_deadlock_stack=1"; }
