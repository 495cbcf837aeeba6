// Preloaded into a program: its wall clock is off by as many seconds as the first eight bytes of the file CLOCK_OFFSET_FILE say, from the
// moment on in which they are written; the monotonic clock stays as it is, as on a machine whose time is set. (Debian's libfaketime
// does the same, but waits for ever when the program brings an allocator of its own.)
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

typedef int wait_until(pthread_cond_t*, pthread_mutex_t*, const struct timespec*);

static const volatile int64_t* offset_s;
static wait_until* real_wait;

__attribute__((constructor)) static void map_offset(void) {
  const char* name = getenv("CLOCK_OFFSET_FILE");
  const int file = name == NULL ? -1 : open(name, O_RDONLY | O_CLOEXEC);
  if (file < 0) abort();
  void* mapped = mmap(NULL, sizeof *offset_s, PROT_READ, MAP_SHARED, file, 0);
  if (mapped == MAP_FAILED) abort();
  close(file);
  offset_s = mapped;
  real_wait = (wait_until*)dlsym(RTLD_NEXT, "pthread_cond_timedwait");
}

int clock_gettime(clockid_t clock, struct timespec* now) {
  const int code = (int)syscall(SYS_clock_gettime, clock, now);
  const int is_wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
  if (code == 0 && is_wall && offset_s != NULL) now->tv_sec += *offset_s;
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

static int is_before(struct timespec a, struct timespec b) {
  return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

// Up to a wall clock's time (librdkafka waits so): in short pieces, so that a jump is noticed. The end of one is a spurious wake-up.
int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const struct timespec* deadline) {
  struct timespec piece, real_deadline = *deadline;
  syscall(SYS_clock_gettime, CLOCK_REALTIME, &piece);
  piece.tv_nsec += 100 * 1000 * 1000;
  piece.tv_sec += piece.tv_nsec / 1000000000;
  piece.tv_nsec %= 1000000000;
  real_deadline.tv_sec -= *offset_s;
  const int code = real_wait(condition, mutex, is_before(piece, real_deadline) ? &piece : &real_deadline);
  if (code != ETIMEDOUT) return code;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return is_before(now, *deadline) ? 0 : ETIMEDOUT;
}
