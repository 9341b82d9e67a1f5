#include "field.hpp"

namespace sigma {
namespace {

template <int D>
class TreeField final : public Field {
 public:
  TreeField(const float* positions, std::size_t n, double theta, ThreadTeam& team) : tree_(theta, team) {
    tree_.grow(positions, n);
  }
  double at(const float* y, float* force, WalkScratch& scratch) const override {
    return tree_.compute_at(y, force, scratch);
  }

 private:
  SpTree<D> tree_;
};

class MeshField final : public Field {
 public:
  MeshField(double spacing, ThreadTeam& team) : mesh_(spacing, team) {}
  bool charge(const float* positions, std::size_t n, const float* low, const float* high) {
    return mesh_.charge(positions, n, low, high);
  }
  double at(const float* y, float* force, WalkScratch&) const override { return mesh_.compute_at(y, force); }

 private:
  ParticleMesh mesh_;
};

}  // namespace

std::unique_ptr<Field> make_field(int output_dimensions, const float* positions, std::size_t n, const float* low,
                                  const float* high, double spacing, double theta, ThreadTeam& team) {
  if (resolve_method(Method::automatic, n, output_dimensions, theta) == Method::particle_mesh) {
    auto field = std::make_unique<MeshField>(spacing, team);
    if (field->charge(positions, n, low, high)) return field;
  }
  switch (output_dimensions) {
    case 1:
      return std::make_unique<TreeField<1>>(positions, n, theta, team);
    case 2:
      return std::make_unique<TreeField<2>>(positions, n, theta, team);
    default:
      return std::make_unique<TreeField<3>>(positions, n, theta, team);
  }
}

}  // namespace sigma
