// The result of a repulsion and its error.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

namespace sigma::test {

struct Field {
  std::vector<float> forces;
  double z;
};

// Root mean square of the difference of F / Z, relative to the root mean square of the true F / Z.
inline double relative_error(const Field& found, const Field& truth) {
  double error = 0, size = 0;
  for (std::size_t i = 0; i < truth.forces.size(); ++i) {
    const double expected = static_cast<double>(truth.forces[i]) / truth.z;
    error += std::pow(static_cast<double>(found.forces[i]) / found.z - expected, 2);
    size += expected * expected;
  }
  return std::sqrt(error / size);
}

}  // namespace sigma::test
