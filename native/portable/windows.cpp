// The functions of Node-API for the prebuilt binaries of Windows. They are looked up when the addon is loaded, in the
// program that loads it: node.exe under any name, Electron, Bun or Deno. An import library would name a fixed program,
// and Windows would load that program in addition to any other one. Every function is a jump through a slot, and the
// slots are filled before the addon is initialized.
#include <windows.h>

#include <cstdio>
#include <cstdlib>

// Written by scripts/binaries/targets.mjs. Defines NODE_API_FUNCTIONS(X), which calls X for each name.
#include "node_api_functions.inl"

#if defined(__x86_64__)
#define SIGMA_JUMP(name) "jmp *host_" #name "(%rip)\n"
#elif defined(__aarch64__)
#define SIGMA_JUMP(name) "adrp x16, host_" #name "\nldr x16, [x16, :lo12:host_" #name "]\nbr x16\n"
#else
#error "how to jump through a slot on this processor is not known here"
#endif

extern "C" {
#define SIGMA_SLOT(name) void* host_##name;
NODE_API_FUNCTIONS(SIGMA_SLOT)
}

#define SIGMA_FORWARD(name) __asm__(".text\n.p2align 4\n.globl " #name "\n" #name ":\n" SIGMA_JUMP(name));
NODE_API_FUNCTIONS(SIGMA_FORWARD)

namespace {

[[noreturn]] void report_missing() {
  std::fputs("sigma-tsne: this program lacks functions of Node-API version 8 that the addon needs.\n", stderr);
  std::abort();
}

__attribute__((constructor)) void find_functions() {
  const HMODULE host = GetModuleHandleW(nullptr);
#define SIGMA_FIND(name)                                              \
  host_##name = reinterpret_cast<void*>(GetProcAddress(host, #name)); \
  if (host_##name == nullptr) host_##name = reinterpret_cast<void*>(&report_missing);
  NODE_API_FUNCTIONS(SIGMA_FIND)
}

}  // namespace
