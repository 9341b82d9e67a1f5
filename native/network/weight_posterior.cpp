#include "weight_posterior.hpp"

#include <cmath>
#include <vector>

namespace sigma {
namespace {

// How many array elements a thread processes as one chunk. For smaller chunks, waking a thread would cost more than it
// saves.
constexpr std::size_t kGrain = 16384;

}  // namespace

void weight_variances(const float* rho, std::size_t count, float* variance, ThreadTeam& team) {
  const NetworkKernels& kernels = network_kernels();
  team.for_ranges(count, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    kernels.square_softplus(rho + first, last - first, variance + first);
  });
}

void weight_variances_back(const float* rho, const float* dvariance, std::size_t count, float* drho, ThreadTeam& team) {
  const NetworkKernels& kernels = network_kernels();
  team.for_ranges(count, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    kernels.square_softplus_back(rho + first, dvariance + first, last - first, drho + first);
  });
}

float weight_divergence(const float* mean, const float* rho, std::size_t count, float prior, ThreadTeam& team) {
  const NetworkKernels& kernels = network_kernels();
  std::vector<double> parts((count + kGrain - 1) / kGrain);
  team.for_ranges(count, kGrain, [&](std::size_t first, std::size_t last, std::size_t chunk) {
    parts[chunk] = kernels.divergence(mean + first, rho + first, last - first, prior);
  });
  double total = static_cast<double>(count) * (std::log(static_cast<double>(prior)) - 0.5);
  for (const double part : parts) total += part;
  return static_cast<float>(total);
}

void weight_divergence_back(const float* mean, const float* rho, std::size_t count, float prior, float dkl,
                            float* dmean, float* drho, ThreadTeam& team) {
  const NetworkKernels& kernels = network_kernels();
  team.for_ranges(count, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    kernels.divergence_back(mean + first, rho + first, last - first, prior, dkl, dmean + first, drho + first);
  });
}

}  // namespace sigma
