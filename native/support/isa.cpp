#include "isa.hpp"

#include <cstdlib>
#include <cstring>
#include <initializer_list>

#ifdef SIGMA_X86_64
#include <cpuid.h>
#endif

namespace sigma {

#ifdef SIGMA_X86_64
// An extension can be used if the processor has it and the operating system saves its registers (Intel, "Software
// Developer's Manual", volume 2, CPUID, and volume 1, section 14.3).
Isa widest_isa(const CpuFeatures& cpu) {
  constexpr unsigned kFma = 1u << 12, kOsXsave = 1u << 27;                         // leaf 1, ECX
  constexpr unsigned kAvx2 = 1u << 3 | 1u << 5 | 1u << 8;                          // leaf 7, EBX: BMI, AVX2, BMI2
  constexpr unsigned kAvx512 = kAvx2 | 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;  // and AVX-512 F, DQ, BW, VL
  constexpr unsigned kYmm = 0x06, kZmm = 0xe6;                                     // XCR0
  if ((cpu.leaf_1_ecx & kFma) == 0 || (cpu.leaf_1_ecx & kOsXsave) == 0) return Isa::baseline;
  if ((cpu.leaf_7_ebx & kAvx512) == kAvx512 && (cpu.xcr0 & kZmm) == kZmm) return Isa::avx512;
  if ((cpu.leaf_7_ebx & kAvx2) == kAvx2 && (cpu.xcr0 & kYmm) == kYmm) return Isa::avx2;
  return Isa::baseline;
}
#endif

namespace {

// Uses CPUID directly, because __builtin_cpu_supports always answers no in programs that zig links.
Isa widest() {
#ifdef SIGMA_X86_64
  CpuFeatures cpu;
  unsigned a, b, c, d;
  if (__get_cpuid(1, &a, &b, &c, &d)) cpu.leaf_1_ecx = c;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) cpu.leaf_7_ebx = b;
  constexpr unsigned kOsXsave = 1u << 27;
  if ((cpu.leaf_1_ecx & kOsXsave) != 0) asm("xgetbv" : "=a"(cpu.xcr0), "=d"(d) : "c"(0));
  return widest_isa(cpu);
#else
  return Isa::baseline;
#endif
}

Isa choose() {
  const Isa most = widest();
  const char* wanted = std::getenv("SIGMA_TSNE_ISA");
  for (const Isa isa : {Isa::baseline, Isa::avx2, Isa::avx512}) {
    if (wanted != nullptr && isa <= most && std::strcmp(wanted, name_of(isa)) == 0) return isa;
  }
  return most;
}

}  // namespace

Isa active_isa() {
  static const Isa chosen = choose();
  return chosen;
}

const char* name_of(Isa isa) {
  switch (isa) {
    case Isa::avx512:
      return "avx512";
    case Isa::avx2:
      return "avx2";
    default:
      return "baseline";
  }
}

}  // namespace sigma
