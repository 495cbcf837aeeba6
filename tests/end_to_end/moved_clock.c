// Preloaded into a program: its wall clock is off by as many seconds as the file MOVED_CLOCK says, from the moment on in which they are
// written; the monotonic clock stays as it is, as on a machine whose time is set. Every so many-th wait of at most 10 s ends at once, as
// those do that are under way when the clock jumps forth. (Debian's libfaketime does the first, but waits for ever when the program
// brings an allocator of its own.)
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

typedef int wait_until(pthread_cond_t*, pthread_mutex_t*, const struct timespec*);

static const volatile struct {
  int64_t offset_s;
  int64_t hasty_every;  // 0: no wait ends early
} *moved;
static wait_until* real_wait;
static atomic_llong waits;

__attribute__((constructor)) static void map_offset(void) {
  const char* name = getenv("MOVED_CLOCK");
  const int file = name == NULL ? -1 : open(name, O_RDONLY | O_CLOEXEC);
  if (file < 0) abort();
  void* mapped = mmap(NULL, sizeof *moved, PROT_READ, MAP_SHARED, file, 0);
  if (mapped == MAP_FAILED) abort();
  close(file);
  moved = mapped;
  real_wait = (wait_until*)dlsym(RTLD_NEXT, "pthread_cond_timedwait");
}

int clock_gettime(clockid_t clock, struct timespec* now) {
  const int code = (int)syscall(SYS_clock_gettime, clock, now);
  const int is_wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
  if (code == 0 && is_wall && moved != NULL) now->tv_sec += moved->offset_s;
  return code;
}

int gettimeofday(struct timeval* restrict now, void* restrict zone) {
  (void)zone;
  struct timespec precise;
  clock_gettime(CLOCK_REALTIME, &precise);
  now->tv_sec = precise.tv_sec;
  now->tv_usec = precise.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* now) {
  struct timespec precise;
  clock_gettime(CLOCK_REALTIME, &precise);
  if (now != NULL) *now = precise.tv_sec;
  return precise.tv_sec;
}

int timespec_get(struct timespec* now, int base) {
  return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, now) == 0 ? base : 0;
}

static int is_before(struct timespec a, struct timespec b) {
  return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

static struct timespec in_a_moment(void) {
  struct timespec time;
  syscall(SYS_clock_gettime, CLOCK_REALTIME, &time);
  time.tv_nsec += 50 * 1000 * 1000;
  time.tv_sec += time.tv_nsec / 1000000000;
  time.tv_nsec %= 1000000000;
  return time;
}

static int ends_early(const struct timespec* deadline) {
  const int64_t every = moved->hasty_every;
  struct timespec limit;
  clock_gettime(CLOCK_REALTIME, &limit);
  limit.tv_sec += 10;
  return every > 0 && is_before(*deadline, limit) && atomic_fetch_add(&waits, 1) % every == 0;
}

// Up to a wall clock's time, as the kernel does it: in short pieces, so that a jump is noticed.
int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const struct timespec* deadline) {
  if (ends_early(deadline)) return ETIMEDOUT;
  for (;;) {
    struct timespec now, piece = in_a_moment(), real_deadline = *deadline;
    real_deadline.tv_sec -= moved->offset_s;
    const int code = real_wait(condition, mutex, is_before(piece, real_deadline) ? &piece : &real_deadline);
    if (code != ETIMEDOUT) return code;
    clock_gettime(CLOCK_REALTIME, &now);
    if (!is_before(now, *deadline)) return ETIMEDOUT;
  }
}

// librdkafka waits by this one, which in glibc is the same with another name and calls none of the above.
int cnd_timedwait(cnd_t* restrict condition, mtx_t* restrict mutex, const struct timespec* restrict deadline) {
  switch (pthread_cond_timedwait((pthread_cond_t*)condition, (pthread_mutex_t*)mutex, deadline)) {
    case 0: return thrd_success;
    case ETIMEDOUT: return thrd_timedout;
    default: return thrd_error;
  }
}
