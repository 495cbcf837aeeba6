// What the sanitizers are told in every program built with one; ASAN_OPTIONS, UBSAN_OPTIONS and TSAN_OPTIONS come on top.
// The sanitizer calls these before main, from any one thread; they cannot fail.
const char* __asan_default_options(void) {
  return "detect_stack_use_after_return=1:strict_string_checks=1:check_initialization_order=1";
}

const char* __ubsan_default_options(void) { return "print_stacktrace=1"; }

const char* __tsan_default_options(void) { return "history_size=4:second_deadlock_stack=1"; }

// libprotobuf: Debian's is not compiled with the sanitizer, which sees the memory and the locks that the library makes, and not what
// orders them: each descriptor's first use would be a race. The others are librdkafka's own (2.8.0): a plain store to a counter that is
// read atomically, a timer's callback set after its lock is given back (mended in 2.14.2), a broker's name and number set by one thread and
// read by another, and two locks taken in two orders, by one and the same thread.
const char* __tsan_default_suppressions(void) {
  return "called_from_lib:libprotobuf.so\n"
         "race:rd_atomic32_set\n"
         "race:rd_atomic64_set\n"
         "race:rd_kafka_timer_start0\n"
         "race:rd_kafka_broker_set_nodename\n"
         "deadlock:rd_kafka_topic_metadata_update2\n";
}
