// The functions that the WebAssembly modules need in addition to the core. zig's C library for WebAssembly lacks the
// functions for threads, so they are defined here. std::thread then reports that no thread can be started, and the core
// computes on the thread of its caller. The module with threads uses the threads of thread_slots.cpp instead. This file
// is compiled only for WebAssembly.
#include <pthread.h>

#include <cerrno>

#include "../interface/sigma_tsne.h"

extern "C" {

// Progress reports are passed to the function `report` of the module `host`. Its result is the result of the
// sigma_report function.
__attribute__((import_module("host"), import_name("report"))) int sigma_host_report(const sigma_values* report,
                                                                                    void* context);

// The function pointer that callers pass to the core for reports.
__attribute__((export_name("sigma_reporter"))) sigma_report sigma_reporter() {
  return &sigma_host_report;
}

// Two buffers of 1024 bytes in which callers store the name and the text of a call.
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
// Nothing to do: threads end with the module, and the module's memory is freed as a whole.
int __cxa_thread_atexit(void (*)(void*), void*, void*) {
  return 0;
}

}  // extern "C"

// The tag of C++ exceptions, which the linker expects the program to define.
__asm__(".tagtype __cpp_exception i32\n.globl __cpp_exception\n__cpp_exception:\n");
