// What lets a binary that was built beside a new glibc load beside glibc 2.28, the oldest that Node.js 20 itself runs
// with. The linker (--wrap, see binding.gyp) leads every call of these functions here, those in the static libstdc++ as
// well, and from here they go to the versions of them that every glibc has. Compiled for prebuilt binaries alone.
#include <pthread.h>

#if defined(__x86_64__)
#define OLDEST "GLIBC_2.2.5"
#elif defined(__aarch64__)
#define OLDEST "GLIBC_2.17"
#else
#error "the oldest version of glibc's symbols on this processor is not known here"
#endif

#define FORWARD(result, name, parameters, arguments)     \
  __asm__(".symver oldest_" #name "," #name "@" OLDEST); \
  extern "C" result oldest_##name parameters;            \
  extern "C" result __wrap_##name parameters {           \
    return oldest_##name arguments;                      \
  }

// Versions of 2.29 and 2.35 that do not set errno; the values are the same.
FORWARD(double, exp, (double x), (x))
FORWARD(double, exp2, (double x), (x))
FORWARD(double, log, (double x), (x))
FORWARD(double, log2, (double x), (x))
FORWARD(double, pow, (double x, double y), (x, y))
FORWARD(double, hypot, (double x, double y), (x, y))

// Moved from libpthread to libc by 2.34.
FORWARD(int, pthread_create,
        (pthread_t * thread, const pthread_attr_t* attributes, void* (*start)(void*), void* argument),
        (thread, attributes, start, argument))
FORWARD(int, pthread_join, (pthread_t thread, void** result), (thread, result))
FORWARD(int, pthread_detach, (pthread_t thread), (thread))
FORWARD(int, pthread_once, (pthread_once_t * control, void (*routine)()), (control, routine))
FORWARD(int, __pthread_key_create, (pthread_key_t * key, void (*destructor)(void*)), (key, destructor))

#define HIDDEN __attribute__((visibility("hidden")))

extern "C" {
// Of 2.32: whether counters of references may do without atomic operations. Never, here.
HIDDEN char __libc_single_threaded = 0;

// Of 2.36: a source of std::random_device, to which the static libstdc++ refers and which nothing here uses.
HIDDEN unsigned arc4random() {
  __builtin_trap();
}
}
