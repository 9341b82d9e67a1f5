#pragma once

namespace sigma {

// The instruction sets for which the kernels are compiled. `baseline` is the compiler's target without flags: SSE2 on
// x86-64, NEON on arm64.
enum class Isa { baseline, avx2, avx512 };

// The widest instruction set that this processor and operating system support, or a narrower one that the environment
// requests by SIGMA_TSNE_ISA=baseline|avx2|avx512. It is determined once per process.
Isa active_isa();

const char* name_of(Isa isa);

}  // namespace sigma

// The kernels of one module form a table of function pointers with one instance per instruction set:
// `baseline::table()` and so on. The functions are declared here and defined by the files in isa/.
#if defined(__x86_64__) || defined(_M_X64)
#define SIGMA_X86_64 1
namespace sigma {

// The registers of CPUID and XGETBV that describe the features of the processor and the registers that the system
// saves.
struct CpuFeatures {
  unsigned leaf_1_ecx = 0, leaf_7_ebx = 0, xcr0 = 0;
};

// The widest instruction set that these registers allow.
Isa widest_isa(const CpuFeatures& cpu);

}  // namespace sigma

#define SIGMA_DECLARE_KERNELS(Table, table) \
  namespace baseline {                      \
  const Table& table();                     \
  }                                         \
  namespace avx2 {                          \
  const Table& table();                     \
  }                                         \
  namespace avx512 {                        \
  const Table& table();                     \
  }                                         \
  inline const Table& table() {             \
    switch (active_isa()) {                 \
      case Isa::avx512:                     \
        return avx512::table();             \
      case Isa::avx2:                       \
        return avx2::table();               \
      default:                              \
        return baseline::table();           \
    }                                       \
  }
#else
#define SIGMA_DECLARE_KERNELS(Table, table) \
  namespace baseline {                      \
  const Table& table();                     \
  }                                         \
  inline const Table& table() {             \
    return baseline::table();               \
  }
#endif
