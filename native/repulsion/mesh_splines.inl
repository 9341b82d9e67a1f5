// Spreads charges to the nodes, and interpolates potential and gradient at the points.
//
// Formula. A point at u (in units of the mesh) has the charge M_p(u_x - i) M_p(u_y - j) at node (i, j), where M_p is
// the cardinal B-spline of order p = kSplineOrder; the potential at a point is the sum of the nodes' potentials with
// the same weights, and its gradient the sum with M_p' along one axis (smooth particle-mesh Ewald; Essmann et al.
// 1995). Within a cell each of the p pieces of M_p is a polynomial of the offset t in [0, 1), evaluated by Horner's
// rule for all p nodes of an axis at once.
//
// Memory layout. A point touches p x p nodes: p rows of the mesh, each p = 8 floats long, which is one vector of
// SplineRow. With vectors of 16 floats, both axes, or value and slope, are adjacent in one SplinePair.
//
// Reason for order 8, measured: it fills a vector. At the same spacing and in about the same time its force error is
// about 40 % smaller than that of order 6.
namespace sigma::SIGMA_ISA {

typedef float SplineRow __attribute__((vector_size(4 * kSplineOrder)));

SIGMA_INLINE SplineRow load_row(const float* from) {
  SplineRow v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}

SIGMA_INLINE float sum_row(SplineRow v) {
  float total[kSplineOrder];
  __builtin_memcpy(total, &v, sizeof v);
  return ((total[0] + total[4]) + (total[1] + total[5])) + ((total[2] + total[6]) + (total[3] + total[7]));
}

// The pieces of the B-spline as polynomials of t in [0, 1), the offset of a charge within the cell of its first node.
// Coefficient k of all nodes is in one row. The polynomials follow from the recursion M_n(u) = (u M_{n-1}(u) + (n - u)
// M_{n-1}(u - 1)) / (n - 1) (Essmann 1995, eq. 4.1).
struct SplinePolynomials {
  SplineRow value[kSplineOrder], slope[kSplineOrder - 1];

  SplinePolynomials() {
    // piece[j][k]: coefficient of t^k of the spline at the j-th node, where u = t + order - 1 - j.
    double piece[kSplineOrder][kSplineOrder] = {};
    piece[0][0] = 1;
    for (int n = 2; n <= kSplineOrder; ++n) {
      double next[kSplineOrder][kSplineOrder] = {};
      for (int i = 0; i < n; ++i) {
        // On [i, i + 1), where u = t + i. piece[i] of order n - 1 is defined on the same interval.
        for (int k = 0; k < n; ++k) {
          const auto take = [&](int from, int power) {
            return from >= 0 && from < n - 1 && power >= 0 && power < n - 1 ? piece[from][power] : 0.0;
          };
          next[i][k] = (i * take(i, k) + take(i, k - 1) + (n - i) * take(i - 1, k) - take(i - 1, k - 1)) / (n - 1);
        }
      }
      for (int i = 0; i < kSplineOrder; ++i) std::copy_n(next[i], kSplineOrder, piece[i]);
    }
    for (int k = 0; k < kSplineOrder; ++k) {
      float values[kSplineOrder] = {}, slopes[kSplineOrder] = {};
      for (int j = 0; j < kSplineOrder; ++j) {
        values[j] = static_cast<float>(piece[kSplineOrder - 1 - j][k]);
        if (k > 0) slopes[j] = static_cast<float>(k * piece[kSplineOrder - 1 - j][k]);
      }
      value[k] = load_row(values);
      if (k > 0) slope[k - 1] = load_row(slopes);
    }
  }
};

SIGMA_INLINE SplineRow evaluate_spline(const SplineRow* coefficients, int count, float t) {
  SplineRow v = coefficients[count - 1];
  for (int k = count - 2; k >= 0; --k) v = v * t + coefficients[k];
  return v;
}

// The nodes that a point touches: the index of the first one, and the point's offset from it within its cell.
struct Stencil {
  std::size_t first;
  float t[2];
};

SIGMA_INLINE Stencil find_stencil(const MeshView& mesh, const MeshCoordinates& coordinates, const float* position) {
  Stencil stencil;
  std::size_t cell[2];
  for (int d = 0; d < 2; ++d) {
    const float u = (position[d] - coordinates.origin[d]) * coordinates.nodes_per_unit;
    cell[d] = static_cast<std::size_t>(u);
    stencil.t[d] = u - static_cast<float>(cell[d]);
  }
  stencil.first = cell[1] * mesh.stride + cell[0];
  return stencil;
}

static const SplinePolynomials& spline_polynomials() {
  static const SplinePolynomials polynomials;
  return polynomials;
}

#if SIGMA_LANES == 16
// Holds both axes, or potential and slope, in one vector.
typedef float SplinePair __attribute__((vector_size(8 * kSplineOrder)));

SIGMA_INLINE SplinePair join(SplineRow a, SplineRow b) {
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

SIGMA_INLINE SplinePair evaluate_pair(const SplineRow* coefficients, int count, SplinePair t) {
  SplinePair v = join(coefficients[count - 1], coefficients[count - 1]);
  for (int k = count - 2; k >= 0; --k) v = v * t + join(coefficients[k], coefficients[k]);
  return v;
}

SIGMA_INLINE void evaluate_splines(const SplinePolynomials& spline, const float (&t)[2], SplineRow& along_x,
                                   SplineRow& along_y) {
  const SplinePair both = evaluate_pair(spline.value, kSplineOrder, join(t[0] - SplineRow{}, t[1] - SplineRow{}));
  along_x = __builtin_shufflevector(both, both, 0, 1, 2, 3, 4, 5, 6, 7);
  along_y = __builtin_shufflevector(both, both, 8, 9, 10, 11, 12, 13, 14, 15);
}
#else
SIGMA_INLINE void evaluate_splines(const SplinePolynomials& spline, const float (&t)[2], SplineRow& along_x,
                                   SplineRow& along_y) {
  along_x = evaluate_spline(spline.value, kSplineOrder, t[0]);
  along_y = evaluate_spline(spline.value, kSplineOrder, t[1]);
}
#endif

// Adds the outer product of the two axes' splines to p rows of p nodes, one vector per row.
static void spread(const MeshView& mesh, const MeshCoordinates& coordinates, const float* positions,
                   const std::uint32_t* points, std::size_t count) {
  const SplinePolynomials& spline = spline_polynomials();
  for (std::size_t i = 0; i < count; ++i) {
    const Stencil stencil = find_stencil(mesh, coordinates, positions + 2 * std::size_t{points[i]});
    SplineRow along_x, along_y;
    evaluate_splines(spline, stencil.t, along_x, along_y);
    float* node = mesh.nodes + stencil.first;
    for (int row = 0; row < kSplineOrder; ++row, node += mesh.stride) {
      const SplineRow sum = load_row(node) + along_x * along_y[row];
      __builtin_memcpy(node, &sum, sizeof sum);
    }
  }
}

// The potential at a point, and its slopes along x and y in units of the mesh.
struct Reading {
  float potential, slope[2];
};

#if SIGMA_LANES == 16
// Adds the nodes of row R, multiplied by the splines' values along y in the first half and by their slopes in the
// second half.
template <int R>
SIGMA_INLINE void add_row(const float* first, std::size_t stride, SplinePair along_y, SplinePair& sums) {
  const SplineRow nodes = load_row(first + R * stride);
  sums += join(nodes, nodes) * __builtin_shufflevector(along_y, along_y, R, R, R, R, R, R, R, R, R + 8, R + 8, R + 8,
                                                       R + 8, R + 8, R + 8, R + 8, R + 8);
}

SIGMA_INLINE Reading read_potential(const SplinePolynomials& spline, const float* first, std::size_t stride,
                                    const float (&t)[2]) {
  const SplinePair at = join(t[0] - SplineRow{}, t[1] - SplineRow{});
  const SplinePair value = evaluate_pair(spline.value, kSplineOrder, at);
  const SplinePair slope = evaluate_pair(spline.slope, kSplineOrder - 1, at);
  const SplinePair along_y =
      __builtin_shufflevector(value, slope, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
  const SplinePair along_x = __builtin_shufflevector(value, value, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7);
  SplinePair even{}, odd{};
  add_row<0>(first, stride, along_y, even);
  add_row<1>(first, stride, along_y, odd);
  add_row<2>(first, stride, along_y, even);
  add_row<3>(first, stride, along_y, odd);
  add_row<4>(first, stride, along_y, even);
  add_row<5>(first, stride, along_y, odd);
  add_row<6>(first, stride, along_y, even);
  add_row<7>(first, stride, along_y, odd);
  const SplinePair columns = even + odd;
  // The first half of `a` adds up to the potential and its second half to the slope along y; the first half of `b` adds
  // up to the slope along x, and its second half is not used.
  const SplinePair a = columns * along_x, b = columns * slope;
  const SplinePair four = __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 20, 21, 22, 23) +
                          __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 16, 17, 18, 19);
  const SplinePair two =
      four + __builtin_shufflevector(four, four, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
  const SplinePair one = two + __builtin_shufflevector(two, two, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
  return {one[0], {one[8], one[4]}};
}
#else
SIGMA_INLINE Reading read_potential(const SplinePolynomials& spline, const float* first, std::size_t stride,
                                    const float (&t)[2]) {
  const SplineRow along_x = evaluate_spline(spline.value, kSplineOrder, t[0]);
  const SplineRow along_y = evaluate_spline(spline.value, kSplineOrder, t[1]);
  const SplineRow slope_x = evaluate_spline(spline.slope, kSplineOrder - 1, t[0]);
  const SplineRow slope_y = evaluate_spline(spline.slope, kSplineOrder - 1, t[1]);
  SplineRow level{}, rise{};
  for (int row = 0; row < kSplineOrder; ++row, first += stride) {
    const SplineRow potential = load_row(first);
    level += potential * along_y[row];
    rise += potential * slope_y[row];
  }
  return {sum_row(level * along_x), {sum_row(level * slope_x), sum_row(rise * along_x)}};
}
#endif

// Reads each point's p x p nodes once. Sums over the rows with values and slopes along y, then over the columns along
// x.
static double interpolate(const MeshView& mesh, const MeshCoordinates& coordinates, const float* positions,
                          const std::uint32_t* points, std::size_t count, float* forces) {
  const SplinePolynomials& spline = spline_polynomials();
  const float half = -0.5f * coordinates.nodes_per_unit;
  double total = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = 2 * std::size_t{points[i]};
    const Stencil stencil = find_stencil(mesh, coordinates, positions + at);
    const Reading reading = read_potential(spline, mesh.nodes + stencil.first, mesh.stride, stencil.t);
    total += static_cast<double>(reading.potential);
    for (std::size_t d = 0; d < 2; ++d) forces[at + d] = half * reading.slope[d];
  }
  return total;
}

}  // namespace sigma::SIGMA_ISA
