// Adds the near part of the repulsion, pair by pair.
//
// Formula. With s = 1 + d^2 and w = 1 / s, the near part of w is e^(-s / a^2) / s. The force, -1/2 its gradient, is
// (y_i - y_j) e^(-s / a^2) w (w + 1 / a^2).
//
// Memory layout. The points are sorted by cells as long as the reach, so the points near a cell are three stretches:
// one in each of three rows of cells. They are copied to one list, padded with distant points to whole vectors. A
// vector holds neighbors, and four points use each vector that was loaded.
namespace sigma::SIGMA_ISA {

// Adds the forces of the list on P points to `forces`. Returns the sum of the near part of w.
template <int P>
SIGMA_INLINE double add_near(const NearCells& cells, std::size_t first, const float* x, const float* y,
                             std::size_t padded, float* forces) {
  // Beyond it the products would be denormal, which processors compute a hundred times slower.
  const Floats most = splat(60.0f);
  const float decay = cells.decay;
  Floats totals[P] = {}, along_x[P] = {}, along_y[P] = {};
  for (std::size_t e = 0; e < padded; e += kLanes) {
    const Floats at_x = load(x + e), at_y = load(y + e);
    for (int p = 0; p < P; ++p) {
      const Floats dx = cells.x[first + p] - at_x, dy = cells.y[first + p] - at_y;
      const Floats s = dx * dx + (dy * dy + 1.0f);
      const Floats w = reciprocal(s), near = exponential(-smaller(s * decay, most)) * w, factor = near * (w + decay);
      totals[p] += near;
      along_x[p] += factor * dx;
      along_y[p] += factor * dy;
    }
  }
  double total = 0;
  for (int p = 0; p < P; ++p) {
    float* force = forces + 2 * std::size_t{cells.points[first + p]};
    force[0] += sum(along_x[p]);
    force[1] += sum(along_y[p]);
    total += static_cast<double>(sum(totals[p]));
  }
  return total;
}

static double add_near_pairs(const NearCells& cells, std::size_t row, float* list, float* forces) {
  // At this distance e^(-s / a^2) is the least number that exponential() returns, times w = 1e-8.
  constexpr float kDistant = 1e4f;
  float *x = list, *y = list + cells.longest_list;
  double total = 0;
  for (std::size_t column = 0; column < cells.columns; ++column) {
    const std::uint32_t* cell = cells.starts + row * cells.columns + column;
    std::size_t first = cell[0];
    const std::size_t last = cell[1];
    if (first == last) continue;
    std::size_t listed = 0;
    for (std::size_t r = row > 0 ? row - 1 : 0; r < std::min(row + 2, cells.rows); ++r) {
      const Stretch stretch = stretch_around(cells.starts, cells.columns, r, column);
      const std::size_t count = stretch.last - stretch.first;
      std::copy_n(cells.x + stretch.first, count, x + listed);
      std::copy_n(cells.y + stretch.first, count, y + listed);
      listed += count;
    }
    const std::size_t padded = (listed + kLanes - 1) / kLanes * kLanes;
    std::fill(x + listed, x + padded, cells.x[first] + kDistant);
    std::fill(y + listed, y + padded, cells.y[first]);
    for (; first + 4 <= last; first += 4) total += add_near<4>(cells, first, x, y, padded, forces);
    switch (last - first) {
      case 3:
        total += add_near<3>(cells, first, x, y, padded, forces);
        break;
      case 2:
        total += add_near<2>(cells, first, x, y, padded, forces);
        break;
      case 1:
        total += add_near<1>(cells, first, x, y, padded, forces);
        break;
      default:
        break;
    }
  }
  return total;
}

}  // namespace sigma::SIGMA_ISA
