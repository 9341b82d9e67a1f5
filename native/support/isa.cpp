#include "isa.hpp"

#include <cstdlib>
#include <cstring>
#include <initializer_list>

namespace sigma {
namespace {

Isa widest() {
#ifdef SIGMA_X86_64
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl")) {
    return Isa::avx512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return Isa::avx2;
#endif
  return Isa::baseline;
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
