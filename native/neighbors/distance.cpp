#include "distance.hpp"

#include <stdexcept>
#include <string>

namespace sigma {
namespace {

const DistanceKernel* find(std::string_view name) {
  for (const DistanceKernel& kernel : distance_kernels().all) {
    if (name == kernel.name) return &kernel;
  }
  return nullptr;
}

}  // namespace

std::optional<bool> uses_sigma(std::string_view name) {
  const DistanceKernel* kernel = find(name);
  return kernel != nullptr ? std::optional<bool>(kernel->uses_sigma) : std::nullopt;
}

Distance::Distance(std::string_view name, const Gaussians& points) : kernel_(find(name)), points_(&points) {
  if (kernel_ == nullptr) throw std::invalid_argument("unknown distance: " + std::string(name));
  if (kernel_->uses_sigma && points.variances.rows() != points.count()) {
    throw std::invalid_argument("distance needs sigma: " + std::string(name));
  }
}

}  // namespace sigma
