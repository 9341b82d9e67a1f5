#include "limits.hpp"

#include <cstdint>
#include <vector>

#include "stopwatch.hpp"
#include "support/aligned.hpp"
#include "support/isa.hpp"
#include "support/random.hpp"

namespace sigma::bench {
namespace {

constexpr std::uint64_t kSteps = 2'000'000;

// Independent chains of operations, as many as there are registers. Every chain consists of multiply-adds or, with
// `additions`, every second chain consists of additions only. Returns a sum of the chains, so that the compiler cannot
// remove any of them.
#define SIGMA_DEFINE_CHAINS(name, target, lanes, count, additions)                              \
  target float name(float factor, float addend) {                                               \
    typedef float Vector __attribute__((vector_size(4 * lanes)));                               \
    Vector chains[count];                                                                       \
    for (int c = 0; c < count; ++c) {                                                           \
      chains[c] = Vector{} + static_cast<float>(c);                                             \
    }                                                                                           \
    for (std::uint64_t step = 0; step < kSteps; ++step) {                                       \
      _Pragma("GCC unroll 24") for (int c = 0; c < count; ++c) {                                \
        chains[c] = additions && c % 2 == 1 ? chains[c] + addend : chains[c] * factor + addend; \
      }                                                                                         \
    }                                                                                           \
    float sum = 0;                                                                              \
    for (int c = 0; c < count; ++c) sum += chains[c][0];                                        \
    return sum;                                                                                 \
  }
#define SIGMA_DEFINE_BOTH(name, target, lanes, count)                 \
  SIGMA_DEFINE_CHAINS(name##_multiplies, target, lanes, count, false) \
  SIGMA_DEFINE_CHAINS(name##_all, target, lanes, count, true)

SIGMA_DEFINE_BOTH(baseline, , 4, 12)
#ifdef SIGMA_X86_64
SIGMA_DEFINE_BOTH(avx2, __attribute__((target("avx2,fma"))), 8, 12)
SIGMA_DEFINE_BOTH(avx512, __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,fma"))), 16, 24)
#endif

struct Chains {
  float (*multiplies)(float, float);
  float (*all)(float, float);
  double floats;  // number of floats computed in one step
};

Chains chains_of(Isa isa) {
  switch (isa) {
#ifdef SIGMA_X86_64
    case Isa::avx512:
      return {avx512_multiplies, avx512_all, 16 * 24};
    case Isa::avx2:
      return {avx2_multiplies, avx2_all, 8 * 12};
#endif
    default:
      return {baseline_multiplies, baseline_all, 4 * 12};
  }
}

}  // namespace

Operations measure_operations(ThreadTeam& team) {
  const Chains chains = chains_of(active_isa());
  std::vector<float> sums(team.size() * 16);
  // Volatile, so that the compiler cannot compute the result itself.
  volatile float factor = 0.5f, addend = 1.0f;
  const auto rate_of = [&](float (*run)(float, float)) {
    const double seconds = best_seconds([&] {
      team.for_each(team.size(), [&](std::size_t part, unsigned) { sums[16 * part] = run(factor, addend); });
    });
    return chains.floats * static_cast<double>(kSteps) * team.size() / seconds;
  };
  const double multiplies = rate_of(chains.multiplies);
  return {multiplies, std::max(multiplies, rate_of(chains.all))};
}

double measure_indexed_loads(ThreadTeam& team) {
  // 32 KiB in total, half of it for the indices.
  constexpr std::size_t kIndices = 4096, kPositions = 2048, kPasses = 2000;
  struct Position {
    float x, y;
  };
  std::vector<std::uint32_t> indices(kIndices);
  const std::vector<Position> positions(kPositions, Position{1, 2});
  Random random(1);
  for (std::uint32_t& index : indices) index = static_cast<std::uint32_t>(random.bits() % kPositions);
  std::vector<std::uint64_t> sums(team.size() * 8);
  const double seconds = best_seconds([&] {
    team.for_each(team.size(), [&](std::size_t part, unsigned) {
      std::uint64_t sum[4] = {};
      for (std::size_t pass = 0; pass < kPasses; ++pass) {
        for (std::size_t i = 0; i < kIndices; i += 4) {
          for (std::size_t lane = 0; lane < 4; ++lane) {
            std::uint64_t both;
            __builtin_memcpy(&both, &positions[indices[i + lane]], sizeof both);
            sum[lane] += both;
          }
        }
      }
      sums[8 * part] = sum[0] + sum[1] + sum[2] + sum[3];
    });
  });
  return static_cast<double>(kIndices * kPasses) * team.size() / seconds;
}

double measure_triad(std::size_t bytes, ThreadTeam& team) {
  const std::size_t count = bytes / (3 * sizeof(float)), grain = (count + team.size() - 1) / team.size();
  AlignedVector<float> a(count, 0.0f), b(count, 1.0f), c(count, 2.0f);
  // Small arrays are processed many times, so that the time for waking the threads does not matter.
  const std::size_t passes = std::max<std::size_t>(1, (std::size_t{64} << 20) / bytes);
  volatile float factor = 3.0f;
  const double seconds = best_seconds([&] {
    team.for_ranges(count, grain, [&](std::size_t first, std::size_t last, std::size_t) {
      for (std::size_t pass = 0; pass < passes; ++pass) {
        const float s = factor;
        float* __restrict to = a.data();
        const float* __restrict x = b.data(), * __restrict y = c.data();
        for (std::size_t i = first; i < last; ++i) to[i] = x[i] + s * y[i];
      }
    });
  });
  return static_cast<double>(count * passes) * 3 * sizeof(float) / seconds;
}

}  // namespace sigma::bench
