// Transfers charges from the fine mesh to the coarse mesh, and the potential back.
//
// Formula. A B-spline of the coarse mesh is a sum of fine ones (kCoarser = m, order p):
//   M_p(v) = sum_j c_j M_p(m v - j),  sum_j c_j z^j = (1 + z + ... + z^(m - 1))^p / m^(p - 1)
// So the charge of a coarse node J is exactly Q_J = sum_f c_(f + kBeyond - m J) q_f over fine nodes f, as if the points
// had been spread on the coarse mesh. The potential of a fine node is the transposed sum over coarse nodes. The points
// are therefore read only once, for the fine mesh. Both sums are separable: first one axis, then the other.
//
// Memory layout. Between the two passes, `wide` holds the coarse rows of the fine columns, wide_stride(fine) numbers
// apart. Splines reach over the edge, so there are kBeyond zeros before the first column. There are also zeros behind
// the last column, so that whole vectors can be read anywhere.
//
// Reason for two meshes, measured: a single mesh in open space must be twice as long and wide as the embedding. With
// two meshes, a step takes half the time at 10,000 points (0.49 instead of 0.92 ms on two threads, including faster
// transposes and interpolation from the same change) and three quarters of the time at 70,000 points. The errors of the
// forces change by at most 0.2 % of their size.
namespace sigma::SIGMA_ISA {

// The coefficients c_j, of (1 + z + ... + z^(m - 1))^p / m^(p - 1), with zeros to fill the last vector.
struct Refinement {
  float c[(kRefinement + 15) / 16 * 16] = {};

  Refinement() {
    double power[kRefinement] = {1};
    std::size_t count = 1;
    for (int n = 0; n < kSplineOrder; ++n, count += kCoarser - 1) {
      double next[kRefinement] = {};
      const double share = n == 0 ? 1 : 1.0 / kCoarser;
      for (std::size_t j = 0; j < count; ++j) {
        for (std::size_t k = 0; k < kCoarser; ++k) next[j + k] += share * power[j];
      }
      std::copy_n(next, kRefinement, power);
    }
    for (std::size_t j = 0; j < kRefinement; ++j) c[j] = static_cast<float>(power[j]);
  }
};

static const Refinement& refinement() {
  static const Refinement coefficients;
  return coefficients;
}

// The number of fine nodes by which a coarse spline reaches beyond the first fine node.
constexpr std::size_t kBeyond = kRefinement - 1;
// The number of coarse nodes that contribute to a fine node along an axis.
constexpr std::size_t kShares = kBeyond / kCoarser + 1;

// Computes sums along y for a stretch of fine columns: coarse row J gets sum_f c_(f + kBeyond - m J) times fine row f.
// A full stretch is four vectors wide, and its sums stay in registers while the fine rows are read. The last stretch is
// computed vector by vector.
static void restrict_columns(const MeshView& fine, std::size_t column, std::size_t coarse_rows, float* wide,
                             std::size_t stride) {
  const Refinement& spline = refinement();
  constexpr std::size_t kVectors = 4;
  const std::size_t end = std::min(column + kVectors * kLanes, fine.stride - kSplineOrder);
  for (std::size_t row = 0; row < coarse_rows; ++row) {
    const std::size_t start = kCoarser * row;
    const std::size_t first = start > kBeyond ? start - kBeyond : 0, last = std::min(start + 1, fine.rows);
    const float* c = spline.c + (first + kBeyond - start);
    float* to = wide + row * stride + kBeyond;
    const float* from = fine.nodes + first * fine.stride;
    if (end - column == kVectors * kLanes) {
      Floats sums[kVectors] = {};
      for (std::size_t f = first; f < last; ++f, from += fine.stride) {
        for (std::size_t v = 0; v < kVectors; ++v) sums[v] += c[f - first] * load(from + column + v * kLanes);
      }
      for (std::size_t v = 0; v < kVectors; ++v) store(to + column + v * kLanes, sums[v]);
      continue;
    }
    for (std::size_t x = column; x < end; x += kLanes) {
      Floats sum{};
      const float* at = from + x;
      for (std::size_t f = first; f < last; ++f, at += fine.stride) sum += c[f - first] * load(at);
      store(to + x, sum);
    }
  }
}

// Computes sums along x for one row of `wide`. Coarse node J is the dot product of the coefficients with the
// kRefinement numbers starting at kCoarser J.
static void restrict_row(const MeshView& fine, float* wide, const MeshView& coarse, std::size_t row) {
  const Refinement& spline = refinement();
  const std::size_t filled = kBeyond + fine.stride - kSplineOrder;
  std::fill(wide, wide + kBeyond, 0.0f);
  std::fill(wide + filled, wide + wide_stride(fine), 0.0f);
  float* to = coarse.nodes + row * coarse.stride;
  for (std::size_t x = 0; x < coarse.columns; ++x) {
    Floats sums{};
    if (kCoarser * x < filled) {
      for (std::size_t j = 0; j < kRefinement; j += kLanes) sums += load(spline.c + j) * load(wide + kCoarser * x + j);
    }
    to[x] = sum(sums);
  }
}

// Interpolates one coarse row along x. Fine node f = kCoarser x + phase gets sum_i c_(kCoarser i + phase) times coarse
// node x - i. Each phase has its own coefficients, so a vector computes one phase of kLanes neighboring x, and the
// phases are interleaved afterwards.
static void prolong_row(const MeshView& coarse, std::size_t row, const MeshView& fine, float* wide) {
  const Refinement& spline = refinement();
  const float* from = coarse.nodes + row * coarse.stride;
  for (std::size_t x = kBeyond / kCoarser; kCoarser * x < kBeyond + fine.columns; x += kLanes) {
    float parts[kCoarser][kLanes];
    for (std::size_t phase = 0; phase < kCoarser; ++phase) {
      Floats sum{};
      for (std::size_t i = 0; i < kShares; ++i) sum += spline.c[kCoarser * i + phase] * load(from + x - i);
      store(parts[phase], sum);
    }
    float* to = wide + kCoarser * x;
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      for (std::size_t phase = 0; phase < kCoarser; ++phase) *to++ = parts[phase][lane];
    }
  }
}

// Interpolates along y and adds the result to one fine row. All nodes of the row have the same phase.
static void prolong_columns(const MeshView& fine, std::size_t row, const float* wide, std::size_t stride) {
  const Refinement& spline = refinement();
  const std::size_t last = (row + kBeyond) / kCoarser, phase = (row + kBeyond) % kCoarser;
  float c[kShares];
  for (std::size_t i = 0; i < kShares; ++i) c[i] = spline.c[kCoarser * i + phase];
  const float* from = wide + last * stride + kBeyond;
  float* to = fine.nodes + row * fine.stride;
  for (std::size_t x = 0; x < fine.columns; x += kLanes) {
    Floats sum = load(to + x);
    for (std::size_t i = 0; i < kShares; ++i) sum += c[i] * load(from + x - i * stride);
    store(to + x, sum);
  }
}

}  // namespace sigma::SIGMA_ISA
