#include "repulsion.hpp"

#include <stdexcept>

#include "exact.hpp"
#include "particle_mesh.hpp"
#include "sp_tree.hpp"

namespace sigma {
namespace {

// From this number of points on, the mesh is faster than the tree.
constexpr std::size_t kLeastPointsForMesh = 4000;
// Fewer points may spread so far apart that the mesh between them would grow without bounds.
constexpr std::size_t kTooFewPointsForMesh = 100;

}  // namespace

const char* name_of(Method method) {
  switch (method) {
    case Method::exact:
      return "exact";
    case Method::barnes_hut:
      return "barnes-hut";
    case Method::particle_mesh:
      return "fft";
    default:
      return "auto";
  }
}

Method resolve_method(Method method, std::size_t n, int output_dimensions, double theta) {
  if (method == Method::particle_mesh && n < kTooFewPointsForMesh) method = Method::barnes_hut;
  if (method == Method::barnes_hut || method == Method::automatic) {
    if (theta == 0) return Method::exact;
    const bool takes_mesh = method == Method::automatic && output_dimensions == 2 && n >= kLeastPointsForMesh;
    return takes_mesh ? Method::particle_mesh : Method::barnes_hut;
  }
  return method;
}

std::unique_ptr<Repulsion> make_repulsion(Method method, int output_dimensions, double theta, double spacing,
                                          ThreadTeam& team, double degrees_of_freedom,
                                          const Cancellation* cancellation) {
  if (method == Method::exact)
    return std::make_unique<ExactRepulsion>(output_dimensions, team, degrees_of_freedom, cancellation);
  if (method == Method::particle_mesh) {
    if (output_dimensions != 2) throw std::invalid_argument("the mesh method needs 2 output dimensions");
    return std::make_unique<ParticleMesh>(spacing, team, degrees_of_freedom);
  }
  switch (output_dimensions) {
    case 1:
      return std::make_unique<SpTree<1>>(theta, team, degrees_of_freedom);
    case 2:
      return std::make_unique<SpTree<2>>(theta, team, degrees_of_freedom);
    case 3:
      return std::make_unique<SpTree<3>>(theta, team, degrees_of_freedom);
    default:
      throw std::invalid_argument("output_dimensions must be 1, 2 or 3");
  }
}

}  // namespace sigma
