#pragma once

#include <cstddef>
#include <memory>

#include "../support/cancellation.hpp"
#include "../support/threads.hpp"

namespace sigma {

// Floats per position. 1-D and 2-D positions are dense; 3-D positions are padded to 4, so that each is loaded at once.
constexpr std::size_t stride_of(int output_dimensions) {
  return output_dimensions == 3 ? 4 : static_cast<std::size_t>(output_dimensions);
}

// Computes the repulsive half of the gradient. With w_ij = 1 / (1 + |y_i - y_j|^2),
//   force_i = sum_j w_ij^2 (y_i - y_j),  Z = sum_{i != j} w_ij.
// With alpha degrees of freedom, w_ij = (1 + |y_i - y_j|^2 / alpha)^-alpha (Kobak, Linderman, Steinerberger, Kluger &
// Berens 2019), and the weights of the force are w_ij^(1 + 1 / alpha). As for alpha = 1, the force is -1/2 the gradient
// of w.
class Repulsion {
 public:
  virtual ~Repulsion() = default;
  // `positions` and `forces` are n x stride_of(output_dimensions). Returns Z.
  virtual double compute(const float* positions, std::size_t n, float* forces) = 0;
};

// The methods of computing the repulsion. The mesh is only for 2-D.
enum class Method { automatic, exact, barnes_hut, particle_mesh };
const char* name_of(Method method);

// The method that is actually used. `automatic` chooses the fastest method at the usual accuracy: exact for theta 0;
// the mesh in 2-D from 4,000 points on, where its step was measured to be faster than Barnes-Hut; otherwise Barnes-Hut.
// Barnes-Hut with theta 0 becomes exact. The mesh is replaced for fewer than 100 points.
Method resolve_method(Method method, std::size_t n, int output_dimensions, double theta);

// `theta` is the accuracy of Barnes-Hut, `spacing` that of the mesh. The team and the cancellation must outlive the
// result. The cancellation makes the exact method, whose steps may take minutes, throw Canceled.
std::unique_ptr<Repulsion> make_repulsion(Method method, int output_dimensions, double theta, double spacing,
                                          ThreadTeam& team, double degrees_of_freedom = 1,
                                          const Cancellation* cancellation = nullptr);

}  // namespace sigma
