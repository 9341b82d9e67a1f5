namespace sigma::SIGMA_ISA {

template <int D>
static Attraction attract_point(const PlacementNeighbors& neighbors, const float* y) {
  Floats pull[D] = {}, stiffness{}, energy{};
  for (std::size_t j = 0; j < neighbors.padded; j += kLanes) {
    const Floats p = load(neighbors.p + j);
    Floats difference[D], squared = splat(1.0f);
    for (int d = 0; d < D; ++d) {
      difference[d] = splat(y[d]) - load(neighbors.coordinates[d] + j);
      squared += difference[d] * difference[d];
    }
    squared = smaller(squared, splat(1e30f));
    const Floats factor = p * reciprocal(squared);
    for (int d = 0; d < D; ++d) pull[d] += factor * difference[d];
    stiffness += factor;
    energy += p * logarithm(squared);
  }
  Attraction attraction{};
  for (int d = 0; d < D; ++d) attraction.pull[d] = sum(pull[d]);
  attraction.stiffness = sum(stiffness);
  attraction.energy = sum(energy);
  return attraction;
}

static Attraction attract_placed(int output_dimensions, const PlacementNeighbors& neighbors, const float* y) {
  switch (output_dimensions) {
    case 1:
      return attract_point<1>(neighbors, y);
    case 2:
      return attract_point<2>(neighbors, y);
    default:
      return attract_point<3>(neighbors, y);
  }
}

const PlacementKernels& placement_kernels() {
  static const PlacementKernels table{attract_placed};
  return table;
}

}  // namespace sigma::SIGMA_ISA
