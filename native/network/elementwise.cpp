#include "elementwise.hpp"

#include <algorithm>
#include <vector>

namespace sigma {
namespace {

// How many array elements a thread processes as one chunk. For smaller chunks, waking a thread would cost more than it
// saves.
constexpr std::size_t kGrain = 16384;

}  // namespace

void sum_rows(const float* x, std::size_t rows, std::size_t cols, float scale, float* sums, ThreadTeam& team) {
  if (cols == 0) return;
  const NetworkKernels& kernels = network_kernels();
  const std::size_t grain = std::max<std::size_t>(kGrain / cols, 1), chunks = (rows + grain - 1) / grain;
  if (cols == 1) {
    std::vector<double> parts(chunks);
    team.for_ranges(rows, grain, [&](std::size_t first, std::size_t last, std::size_t chunk) {
      parts[chunk] = kernels.total(x + first, last - first);
    });
    double total = 0;
    for (const double part : parts) total += part;
    *sums = static_cast<float>(total * static_cast<double>(scale));
    return;
  }
  // If there are only a few long rows, the work is divided by columns instead.
  if (grain == 1) {
    team.for_ranges(cols, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
      std::fill(sums + first, sums + last, 0.0f);
      for (std::size_t i = 0; i < rows; ++i) kernels.add(x + i * cols + first, last - first, sums + first);
    });
  } else {
    std::vector<float> parts(chunks * cols);
    team.for_ranges(rows, grain, [&](std::size_t first, std::size_t last, std::size_t chunk) {
      for (std::size_t i = first; i < last; ++i) kernels.add(x + i * cols, cols, parts.data() + chunk * cols);
    });
    std::fill_n(sums, cols, 0.0f);
    for (std::size_t chunk = 0; chunk < chunks; ++chunk) kernels.add(parts.data() + chunk * cols, cols, sums);
  }
  for (std::size_t j = 0; j < cols; ++j) sums[j] *= scale;
}

void step_adam(const AdamStep& step, const float* gradient, const std::array<const float*, 3>& before,
               const std::array<float*, 3>& after, std::size_t count, ThreadTeam& team) {
  const NetworkKernels& kernels = network_kernels();
  team.for_ranges(count, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    const float* const from[] = {before[0] + first, before[1] + first, before[2] + first};
    float* const to[] = {after[0] + first, after[1] + first, after[2] + first};
    kernels.step(step, gradient + first, from, to, last - first);
  });
}

}  // namespace sigma
