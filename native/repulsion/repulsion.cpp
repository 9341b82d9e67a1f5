#include "repulsion.hpp"

#include <stdexcept>

#include "exact.hpp"
#include "sp_tree.hpp"

namespace sigma {

std::unique_ptr<Repulsion> make_repulsion(int dims, double theta, ThreadTeam& team) {
  if (theta == 0) return std::make_unique<ExactRepulsion>(dims, team);
  switch (dims) {
    case 1:
      return std::make_unique<SpTree<1>>(theta, team);
    case 2:
      return std::make_unique<SpTree<2>>(theta, team);
    case 3:
      return std::make_unique<SpTree<3>>(theta, team);
    default:
      throw std::invalid_argument("dims must be 1, 2 or 3");
  }
}

}  // namespace sigma
