// What the WebAssembly module needs beside the core. It has one thread; zig's C library for WebAssembly has none, so
// that the functions for threads are missing there. std::thread reports that no thread can be started, and the core
// then computes on the thread of its caller. Compiled only for WebAssembly.
#include <pthread.h>

#include <cerrno>

#include "../interface/sigma_tsne.h"

extern "C" {

// Reports of progress go to the function `report` of the module `host`; what it returns is that of sigma_report.
__attribute__((import_module("host"), import_name("report"))) int sigma_host_report(const sigma_values* report,
                                                                                    void* context);

// The function pointer that callers of the core pass on.
__attribute__((export_name("sigma_reporter"))) sigma_report sigma_reporter() {
  return &sigma_host_report;
}

// Two buffers of 1024 bytes, in which callers put the name and the text of a call.
__attribute__((export_name("sigma_text_buffers"))) char* sigma_text_buffers() {
  static char buffers[2][1024];
  return buffers[0];
}

int pthread_create(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*) {
  return EAGAIN;
}
int pthread_join(pthread_t, void**) {
  return EINVAL;
}
int pthread_detach(pthread_t) {
  return EINVAL;
}
// The one thread ends with the module, whose memory is freed as a whole.
int __cxa_thread_atexit(void (*)(void*), void*, void*) {
  return 0;
}

}  // extern "C"

// The tag of C++ exceptions, which the linker leaves to the program.
__asm__(".tagtype __cpp_exception i32\n.globl __cpp_exception\n__cpp_exception:\n");
