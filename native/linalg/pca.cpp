#include "pca.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "matrix_kernels.hpp"
#include "symmetric_eigen.hpp"

namespace sigma {
namespace {

constexpr std::size_t kBlock = PackedMatrix::kBlock;
// If the number of rows or the number of columns is at most this, the eigenproblem is solved as a whole.
constexpr std::size_t kExactSize = 256;
constexpr int kPowerIterations = 6;

// a^T b (a.cols x b.cols). Each task computes a range of rows of the result over all blocks, so sums do not depend on
// the number of threads.
std::vector<double> gram(const PackedMatrix& a, const PackedMatrix& b, ThreadTeam& team,
                         const Cancellation& cancellation) {
  constexpr std::size_t kGrain = 32;
  std::vector<double> out(a.cols() * b.cols(), 0.0);
  team.for_ranges(a.cols(), kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t block = 0; block < a.blocks(); ++block) {
      if (block % 64 == 0) cancellation.check();
      matrix_kernels().add_gram(a.block(block) + first * kBlock, last - first, b.block(block), b.cols(),
                                &out[first * b.cols()], b.cols());
    }
  });
  return out;
}

// rows times basis^T, where the basis is k x d.
PackedMatrix project(const PackedMatrix& rows, const std::vector<double>& basis, std::size_t k, ThreadTeam& team,
                     const Cancellation& cancellation) {
  std::vector<float> weights(rows.cols() * k);
  for (std::size_t c = 0; c < k; ++c) {
    for (std::size_t j = 0; j < rows.cols(); ++j) weights[j * k + c] = static_cast<float>(basis[c * rows.cols() + j]);
  }
  PackedMatrix out(rows.rows(), k);
  team.for_each(rows.blocks(), [&](std::size_t block, unsigned) {
    cancellation.check();
    matrix_kernels().project(rows.block(block), rows.cols(), weights.data(), k, out.block(block));
  });
  return out;
}

// Gram-Schmidt orthonormalization in two passes, which is enough (Giraud 2005). Rows that depend on earlier ones become
// zero.
void orthonormalize(std::vector<double>& basis, std::size_t k, std::size_t d, const Cancellation& cancellation) {
  for (std::size_t r = 0; r < k; ++r) {
    cancellation.check();
    double* row = &basis[r * d];
    double before = 0;
    for (std::size_t j = 0; j < d; ++j) before += row[j] * row[j];
    for (int pass = 0; pass < 2; ++pass) {
      for (std::size_t q = 0; q < r; ++q) {
        const double* other = &basis[q * d];
        double dot = 0;
        for (std::size_t j = 0; j < d; ++j) dot += row[j] * other[j];
        for (std::size_t j = 0; j < d; ++j) row[j] -= dot * other[j];
      }
    }
    double after = 0;
    for (std::size_t j = 0; j < d; ++j) after += row[j] * row[j];
    const double scale = after > 1e-24 * before && after > 0 ? 1.0 / std::sqrt(after) : 0.0;
    for (std::size_t j = 0; j < d; ++j) row[j] *= scale;
  }
}

// The rows x - mean of a sparse matrix x, which are never stored.
struct CenteredRows {
  const SparseMatrix& matrix;
  std::vector<double> mean;
};

constexpr std::size_t kMostStretches = 16;
constexpr std::size_t kStretchBytes = std::size_t{1} << 28;

// Rounds up to a multiple of the vector width of every instruction set.
std::size_t padded(std::size_t k) {
  return (k + 15) / 16 * 16;
}

// The number of rows per stretch. Stretches are summed in their order, which does not depend on the number of threads.
std::size_t stretch_of(const CenteredRows& rows, std::size_t k) {
  const std::size_t bytes = std::max<std::size_t>(1, rows.matrix.cols * padded(k) * sizeof(float));
  const std::size_t stretches = std::clamp<std::size_t>(kStretchBytes / bytes, 1, kMostStretches);
  return (rows.matrix.rows() + stretches - 1) / stretches;
}

CenteredRows center(const SparseMatrix& matrix) {
  CenteredRows rows{matrix, std::vector<double>(matrix.cols, 0.0)};
  for (std::size_t e = 0; e < matrix.values.size(); ++e) {
    rows.mean[matrix.columns[e]] += static_cast<double>(matrix.values[e]);
  }
  for (double& mean : rows.mean) mean /= static_cast<double>(matrix.rows());
  return rows;
}

// (x - mean) basis^T = x basis^T - mean basis^T.
PackedMatrix project(const CenteredRows& rows, const std::vector<double>& basis, std::size_t k, ThreadTeam& team,
                     const Cancellation& cancellation) {
  const SparseMatrix& matrix = rows.matrix;
  const std::size_t n = matrix.rows(), d = matrix.cols, width = padded(k);
  AlignedVector<float> weights(d * width, 0.0f);
  std::vector<float> offsets(k);
  for (std::size_t c = 0; c < k; ++c) {
    for (std::size_t j = 0; j < d; ++j) weights[j * width + c] = static_cast<float>(basis[c * d + j]);
    const double* row = &basis[c * d];
    offsets[c] = static_cast<float>(std::inner_product(row, row + d, rows.mean.begin(), 0.0));
  }
  PackedMatrix out(n, k);
  team.for_ranges(n, kBlock, [&](std::size_t first, std::size_t last, std::size_t) {
    cancellation.check();
    AlignedVector<float> product(width);
    for (std::size_t i = first; i < last; ++i) {
      const std::uint64_t begin = matrix.offsets[i];
      matrix_kernels().project_sparse(matrix.columns.data() + begin, matrix.values.data() + begin,
                                      matrix.offsets[i + 1] - begin, weights.data(), width, product.data());
      for (std::size_t c = 0; c < k; ++c) out.at(i, c) = product[c] - offsets[c];
    }
  });
  return out;
}

// y^T (x - mean) = y^T x - (sum of y) mean^T, k x d.
std::vector<double> gram(const PackedMatrix& y, const CenteredRows& rows, ThreadTeam& team,
                         const Cancellation& cancellation) {
  const SparseMatrix& matrix = rows.matrix;
  const std::size_t n = matrix.rows(), d = matrix.cols, k = y.cols(), width = padded(k);
  const std::size_t stretch = stretch_of(rows, k), stretches = (n + stretch - 1) / stretch;
  std::vector<AlignedVector<float>> sums(stretches);
  std::vector<double> totals(k, 0.0);
  team.for_ranges(n, stretch, [&](std::size_t first, std::size_t last, std::size_t s) {
    sums[s].assign(d * width, 0.0f);
    AlignedVector<float> row(width, 0.0f);
    for (std::size_t i = first; i < last; ++i) {
      if (i % 256 == 0) cancellation.check();
      for (std::size_t c = 0; c < k; ++c) row[c] = y.at(i, c);
      const std::uint64_t begin = matrix.offsets[i];
      matrix_kernels().add_sparse_gram(matrix.columns.data() + begin, matrix.values.data() + begin,
                                       matrix.offsets[i + 1] - begin, row.data(), width, sums[s].data());
    }
  });
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t c = 0; c < k; ++c) totals[c] += static_cast<double>(y.at(i, c));
  }
  std::vector<double> out(k * d);
  team.for_ranges(d, 256, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t j = first; j < last; ++j) {
      for (std::size_t c = 0; c < k; ++c) {
        double sum = -totals[c] * rows.mean[j];
        for (const AlignedVector<float>& part : sums) sum += static_cast<double>(part[j * width + c]);
        out[c * d + j] = sum;
      }
    }
  });
  return out;
}

std::size_t columns_of(const CenteredRows& rows) {
  return rows.matrix.cols;
}

std::size_t columns_of(const PackedMatrix& rows) {
  return rows.cols();
}

// A basis (l x d) of the directions of largest variance. It may be rotated within the subspace.
template <class Rows>
std::vector<double> find_subspace(const Rows& rows, std::size_t l, Random& random, ThreadTeam& team,
                                  const Cancellation& cancellation) {
  const std::size_t d = columns_of(rows);
  std::vector<double> basis(l * d);
  for (double& entry : basis) entry = random.normal();
  orthonormalize(basis, l, d, cancellation);
  for (int iteration = 0; iteration < kPowerIterations; ++iteration) {
    basis = gram(project(rows, basis, l, team, cancellation), rows, team, cancellation);
    orthonormalize(basis, l, d, cancellation);
  }
  return basis;
}

// Computes components and eigenvalues by randomized subspace iteration.
template <class Rows>
SymmetricEigen search_at_random(const Rows& rows, std::size_t k, std::vector<double>& components, Random& random,
                                ThreadTeam& team, const Cancellation& cancellation) {
  const std::size_t d = columns_of(rows), l = k + kOversampling;
  const std::vector<double> basis = find_subspace(rows, l, random, team, cancellation);
  const PackedMatrix sketch = project(rows, basis, l, team, cancellation);
  SymmetricEigen eigen = solve_symmetric(gram(sketch, sketch, team, cancellation), l, cancellation);
  for (std::size_t c = 0; c < k; ++c) {
    cancellation.check();
    for (std::size_t r = 0; r < l; ++r) {
      const double weight = eigen.vectors[c * l + r];
      for (std::size_t j = 0; j < d; ++j) components[c * d + j] += weight * basis[r * d + j];
    }
  }
  return eigen;
}

// Computes the variances from the eigenvalues, and makes the largest entry of each component positive.
void finish(Pca& result, const SymmetricEigen& eigen, std::size_t n, std::size_t d, std::size_t k) {
  const double divisor = static_cast<double>(std::max<std::size_t>(n, 2) - 1);
  result.variances.assign(eigen.values.begin(), eigen.values.begin() + static_cast<std::ptrdiff_t>(k));
  for (std::size_t c = 0; c < k; ++c) {
    result.variances[c] = std::max(result.variances[c], 0.0) / divisor;
    const auto row = result.components.begin() + static_cast<std::ptrdiff_t>(c * d);
    const auto largest = std::max_element(row, row + static_cast<std::ptrdiff_t>(d),
                                          [](double a, double b) { return std::abs(a) < std::abs(b); });
    if (*largest < 0) std::transform(row, row + static_cast<std::ptrdiff_t>(d), row, [](double x) { return -x; });
  }
}

// Eigenvectors of rows rows^T, for data with few rows and many columns.
SymmetricEigen solve_among_rows(const PackedMatrix& rows, ThreadTeam& team, const Cancellation& cancellation) {
  const std::size_t n = rows.rows(), d = rows.cols();
  PackedMatrix transposed(d, n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < d; ++j) transposed.at(j, i) = rows.at(i, j);
  }
  return solve_symmetric(gram(transposed, transposed, team, cancellation), n, cancellation);
}

// Converts eigenvectors u of rows rows^T to components rows^T u / |rows^T u| (k x d). Centered rows have at least one
// eigenvector without variance. The component of such an eigenvector is a direction orthogonal to the others.
void lift(const SymmetricEigen& eigen, const PackedMatrix& rows, std::size_t k, std::vector<double>& components,
          Random& random, ThreadTeam& team, const Cancellation& cancellation) {
  const std::size_t n = rows.rows(), d = rows.cols();
  PackedMatrix vectors(n, k);
  for (std::size_t c = 0; c < k; ++c) {
    for (std::size_t i = 0; i < n; ++i) vectors.at(i, c) = static_cast<float>(eigen.vectors[c * n + i]);
  }
  components = gram(vectors, rows, team, cancellation);
  for (std::size_t c = 0; c < k; ++c) {
    if (eigen.values[c] > 1e-10 * eigen.values[0]) continue;
    for (std::size_t j = 0; j < d; ++j) components[c * d + j] = random.normal();
  }
  orthonormalize(components, k, d, cancellation);
}

// The largest magnitude in each row.
std::vector<float> row_radii(const PackedMatrix& rows) {
  std::vector<float> radii(rows.blocks() * kBlock, 0.0f);
  for (std::size_t b = 0; b < rows.blocks(); ++b) {
    const float* block = rows.block(b);
    for (std::size_t j = 0; j < rows.cols(); ++j) {
      for (std::size_t r = 0; r < kBlock; ++r) {
        radii[b * kBlock + r] = std::max(radii[b * kBlock + r], std::abs(block[j * kBlock + r]));
      }
    }
  }
  radii.resize(rows.rows());
  return radii;
}

// The median of the nonzero radii, or 0 if all are zero.
float median_radius(std::vector<float> radii) {
  std::erase(radii, 0.0f);
  if (radii.empty()) return 0;
  const auto middle = radii.begin() + static_cast<std::ptrdiff_t>(radii.size() / 2);
  std::nth_element(radii.begin(), middle, radii.end());
  return *middle;
}

// Subtracts the mean of each column and returns it.
std::vector<double> center_columns(PackedMatrix& rows) {
  std::vector<double> means(rows.cols(), 0.0);
  for (std::size_t j = 0; j < rows.cols(); ++j) {
    for (std::size_t i = 0; i < rows.rows(); ++i) means[j] += static_cast<double>(rows.at(i, j));
    means[j] /= static_cast<double>(rows.rows());
    const auto mean = static_cast<float>(means[j]);
    for (std::size_t i = 0; i < rows.rows(); ++i) rows.at(i, j) -= mean;
  }
  return means;
}

// Computes components and variances, but no scores. None of the rows may be far from the others.
Pca find_components(const PackedMatrix& rows, std::size_t k, Random& random, ThreadTeam& team,
                    const Cancellation& cancellation) {
  const std::size_t n = rows.rows(), d = rows.cols();
  Pca result;
  result.components.assign(k * d, 0.0);
  SymmetricEigen eigen;
  if (std::min(n, d) <= kExactSize || 2 * (k + kOversampling) > std::min(n, d)) {
    if (d <= n) {
      eigen = solve_symmetric(gram(rows, rows, team, cancellation), d, cancellation);
      std::copy_n(eigen.vectors.begin(), k * d, result.components.begin());
    } else {
      eigen = solve_among_rows(rows, team, cancellation);
      lift(eigen, rows, k, result.components, random, team, cancellation);
    }
  } else {
    eigen = search_at_random(rows, k, result.components, random, team, cancellation);
  }
  finish(result, eigen, n, d, k);
  return result;
}

}  // namespace

std::optional<NearRows> draw_in_far_rows(const PackedMatrix& rows, double limit) {
  const std::vector<float> radii = row_radii(rows);
  const auto typical = static_cast<double>(median_radius(radii));
  const auto is_far = [&](float radius) { return static_cast<double>(radius) > kFarRow * typical; };
  if (typical == 0 || std::none_of(radii.begin(), radii.end(), is_far)) return {};
  NearRows near{PackedMatrix(rows.rows(), rows.cols()), {}, typical};
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const double unit = is_far(radii[i]) ? static_cast<double>(radii[i]) / limit : typical;
    for (std::size_t j = 0; j < rows.cols(); ++j) {
      near.rows.at(i, j) = static_cast<float>(static_cast<double>(rows.at(i, j)) / unit);
    }
  }
  near.mean = center_columns(near.rows);
  return near;
}

Pca find_principal_components(const PackedMatrix& rows, std::size_t k, Random& random, ThreadTeam& team,
                              const Cancellation& cancellation) {
  const std::optional<NearRows> near = draw_in_far_rows(rows, kFarRow);
  if (!near) {
    Pca result = find_components(rows, k, random, team, cancellation);
    result.scores = project(rows, result.components, k, team, cancellation);
    return result;
  }
  const std::size_t d = rows.cols();
  Pca result = find_components(near->rows, k, random, team, cancellation);
  result.scores = project(near->rows, result.components, k, team, cancellation);
  for (std::size_t c = 0; c < k; ++c) {
    const double* component = &result.components[c * d];
    const double offset = std::inner_product(near->mean.begin(), near->mean.end(), component, 0.0);
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      const double score = static_cast<double>(result.scores.at(i, c)) + offset;
      result.scores.at(i, c) = static_cast<float>(score * near->typical);
    }
  }
  for (double& variance : result.variances) variance *= near->typical * near->typical;
  for (const double x : near->mean) result.mean.push_back(x * near->typical);
  return result;
}

Pca find_principal_components(const SparseMatrix& rows, std::size_t k, Random& random, ThreadTeam& team,
                              const Cancellation& cancellation) {
  CenteredRows centered = center(rows);
  Pca result;
  result.components.assign(k * rows.cols, 0.0);
  const SymmetricEigen eigen = search_at_random(centered, k, result.components, random, team, cancellation);
  finish(result, eigen, rows.rows(), rows.cols, k);
  result.scores = project(centered, result.components, k, team, cancellation);
  result.mean = std::move(centered.mean);
  return result;
}

}  // namespace sigma
