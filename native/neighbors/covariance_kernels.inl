// Distances between Gaussians with covariances C_i = L_i L_i^T. All of them need a matrix for each pair of points,
//   A = C_i + C_j + floor I,
// or a product of the two factors. A vector holds the same entry of the matrices of neighboring columns of a tile, so
// the textbook's loops run for kPairs pairs at once. The kernels compute in float64: if errors are strongly correlated,
// the result depends on the small eigenvalues of A, which are differences of its large entries. The matrices C of each
// block are computed from the factors once per tile, which takes 1/64 of the work for the pairs. One row is compared
// with kVectors vectors at once, so that the inner loops have kVectors independent chains of additions, which hide each
// other's latency.

typedef double Doubles __attribute__((vector_size(4 * SIGMA_LANES)));
constexpr int kPairs = kLanes / 2;

SIGMA_INLINE Doubles load_doubles(const double* from) {
  Doubles v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}

SIGMA_INLINE Doubles square_root(Doubles v) {
  for (int lane = 0; lane < kPairs; ++lane) v[lane] = __builtin_sqrt(v[lane]);
  return v;
}

SIGMA_INLINE Doubles not_below(Doubles v, double least) {
  const Doubles bound = least - Doubles{};
  return v > bound ? v : bound;
}

// kVectors vectors, each with one number per pair.
template <int kVectors>
struct Pairs {
  Doubles v[kVectors];
};

// The number of entries of a lower triangle with a rows. This is also the position of the first entry of row a.
SIGMA_INLINE std::size_t triangle(std::size_t a) {
  return a * (a + 1) / 2;
}

// out[64 e + i] = entry e of the lower triangle of L L^T for each row i of a block.
static void multiply_factors(const float* factors, std::size_t cols, double* out) {
  constexpr std::size_t kBlock = PackedMatrix::kBlock;
  for (std::size_t a = 0; a < cols; ++a) {
    for (std::size_t b = 0; b <= a; ++b) {
      double* sums = out + (triangle(a) + b) * kBlock;
      for (std::size_t i = 0; i < kBlock; ++i) sums[i] = 0;
      for (std::size_t c = 0; c <= b; ++c) {
        const float *left = factors + (triangle(a) + c) * kBlock, *right = factors + (triangle(b) + c) * kBlock;
        for (std::size_t i = 0; i < kBlock; ++i) {
          sums[i] += static_cast<double>(left[i]) * static_cast<double>(right[i]);
        }
      }
    }
  }
}

// Cholesky's method raises each pivot to at least this share of its variance, so that rounding errors cannot make it
// zero or negative.
constexpr double kLeastPivot = 1e-14;

// Replaces the lower triangle of A by its Cholesky factor L, with the diagonal stored as reciprocals, and replaces
// `difference` by L^-1 difference. `squares` becomes the sum of the squares of the new difference, which is the squared
// Mahalanobis length.
template <int kVectors>
SIGMA_INLINE void solve(Pairs<kVectors>* matrix, Pairs<kVectors>* difference, std::size_t cols,
                        Pairs<kVectors>& squares) {
  squares = {};
  for (std::size_t a = 0; a < cols; ++a) {
    Pairs<kVectors>* row = matrix + triangle(a);
    const Pairs<kVectors> variance = row[a];
    for (std::size_t b = 0; b < a; ++b) {
      const Pairs<kVectors>* other = matrix + triangle(b);
      Pairs<kVectors> rest = row[b];
      for (std::size_t c = 0; c < b; ++c) {
        for (int v = 0; v < kVectors; ++v) rest.v[v] -= row[c].v[v] * other[c].v[v];
      }
      for (int v = 0; v < kVectors; ++v) {
        row[b].v[v] = rest.v[v] * other[b].v[v];
        row[a].v[v] -= row[b].v[v] * row[b].v[v];
        difference[a].v[v] -= row[b].v[v] * difference[b].v[v];
      }
    }
    for (int v = 0; v < kVectors; ++v) {
      const Doubles least = kLeastPivot * variance.v[v];
      const Doubles pivot = row[a].v[v] > least ? row[a].v[v] : least;
      row[a].v[v] = 1.0 / square_root(pivot);
      difference[a].v[v] *= row[a].v[v];
      squares.v[v] += difference[a].v[v] * difference[a].v[v];
    }
  }
}

// The trace of A^-1 = L^-T L^-1. It is the sum of the squares of all entries of L^-1, which are computed column by
// column.
template <int kVectors>
SIGMA_INLINE void add_inverse_trace(const Pairs<kVectors>* factor, Pairs<kVectors>* column, std::size_t cols,
                                    Pairs<kVectors>& trace) {
  trace = {};
  for (std::size_t c = 0; c < cols; ++c) {
    column[c] = factor[triangle(c) + c];
    for (int v = 0; v < kVectors; ++v) trace.v[v] += column[c].v[v] * column[c].v[v];
    for (std::size_t a = c + 1; a < cols; ++a) {
      const Pairs<kVectors>* row = factor + triangle(a);
      Pairs<kVectors> sum{};
      for (std::size_t b = c; b < a; ++b) {
        for (int v = 0; v < kVectors; ++v) sum.v[v] -= row[b].v[v] * column[b].v[v];
      }
      for (int v = 0; v < kVectors; ++v) {
        column[a].v[v] = sum.v[v] * row[a].v[v];
        trace.v[v] += column[a].v[v] * column[a].v[v];
      }
    }
  }
}

// log det A, from the reciprocals of the diagonal of the factor. The logarithm is taken of products of eight pivots,
// which stay in the range of float64.
template <int kVectors>
SIGMA_INLINE void add_log_determinant(const Pairs<kVectors>* factor, std::size_t cols, Pairs<kVectors>& logarithm) {
  logarithm = {};
  for (std::size_t first = 0; first < cols; first += 8) {
    Pairs<kVectors> product = factor[triangle(first) + first];
    const std::size_t last = first + 8 < cols ? first + 8 : cols;
    for (std::size_t a = first + 1; a < last; ++a) {
      for (int v = 0; v < kVectors; ++v) product.v[v] *= factor[triangle(a) + a].v[v];
    }
    for (int v = 0; v < kVectors; ++v) {
      for (int lane = 0; lane < kPairs; ++lane) logarithm.v[v][lane] -= 2 * __builtin_log(product.v[v][lane]);
    }
  }
}

// The inverse-variance distance with covariances: squared Mahalanobis length over the trace of A^-1,
//   d^2 = (mu_i - mu_j)^T A^-1 (mu_i - mu_j) / tr A^-1,
// which is the weighted mean of squared differences if A is diagonal.
struct CorrelatedInverseVariance {
  static constexpr DistanceTraits traits{.spread = Spread::floored_covariances, .cost = 12};

  template <int kVectors>
  SIGMA_INLINE void measure(Pairs<kVectors>* matrix, Pairs<kVectors>* difference, std::size_t cols, DistanceWeights,
                            Pairs<kVectors>& squared) {
    Pairs<kVectors> trace;
    solve<kVectors>(matrix, difference, cols, squared);
    add_inverse_trace<kVectors>(matrix, difference, cols, trace);
    for (int v = 0; v < kVectors; ++v) squared.v[v] = squared.v[v] / trace.v[v];
  }
};

// Squared Mahalanobis length, (mu_i - mu_j)^T A^-1 (mu_i - mu_j).
struct CorrelatedMahalanobis {
  static constexpr DistanceTraits traits{.spread = Spread::floored_covariances, .cost = 8};

  template <int kVectors>
  SIGMA_INLINE void measure(Pairs<kVectors>* matrix, Pairs<kVectors>* difference, std::size_t cols, DistanceWeights,
                            Pairs<kVectors>& squared) {
    solve<kVectors>(matrix, difference, cols, squared);
  }
};

// Squared Mahalanobis length plus log det A.
struct CorrelatedMahalanobisLogdet {
  static constexpr DistanceTraits traits{.spread = Spread::floored_covariances, .may_be_negative = true, .cost = 9};

  template <int kVectors>
  SIGMA_INLINE void measure(Pairs<kVectors>* matrix, Pairs<kVectors>* difference, std::size_t cols,
                            DistanceWeights weights, Pairs<kVectors>& squared) {
    Pairs<kVectors> logarithm;
    solve<kVectors>(matrix, difference, cols, squared);
    add_log_determinant<kVectors>(matrix, cols, logarithm);
    for (int v = 0; v < kVectors; ++v) {
      squared.v[v] =
          static_cast<double>(weights.means) * squared.v[v] + static_cast<double>(weights.spread) * logarithm.v[v];
    }
  }
};

// The columns with which one row is compared in one step.
template <int kVectors>
struct PairsOfRow {
  const double* matrices;  // C of the column's block, triangle(cols) x 64
  const float* means;
  int column;  // the first of kVectors x kPairs
};

template <class Distance, int kVectors>
SIGMA_INLINE void compare_row(DistanceBlock rows, const double* own, int i, const PairsOfRow<kVectors>& others,
                              std::size_t cols, DistanceWeights weights, Pairs<kVectors>* scratch,
                              Pairs<kVectors>& squared) {
  constexpr int kBlock = static_cast<int>(PackedMatrix::kBlock);
  Pairs<kVectors>*matrix = scratch, *difference = scratch + triangle(cols);
  for (std::size_t e = 0; e < triangle(cols); ++e) {
    for (int v = 0; v < kVectors; ++v) {
      const Doubles other = load_doubles(others.matrices + e * kBlock + others.column + v * kPairs);
      matrix[e].v[v] = weights.covariance * (own[e * kBlock + i] + other);
    }
  }
  for (std::size_t k = 0; k < cols; ++k) {
    const double mean = static_cast<double>(rows.means[k * kBlock + i]);
    const float* means = others.means + k * kBlock + others.column;
    for (int v = 0; v < kVectors; ++v) {
      matrix[triangle(k) + k].v[v] += weights.floor;
      for (int lane = 0; lane < kPairs; ++lane) {
        difference[k].v[v][lane] = mean - static_cast<double>(means[v * kPairs + lane]);
      }
    }
  }
  Distance::template measure<kVectors>(matrix, difference, cols, weights, squared);
}

// Allocates the matrices of two blocks and one row of pairs in the scratch memory of the thread.
template <int kVectors>
struct CovarianceScratch {
  double *rows, *columns;
  Pairs<kVectors>* pairs;

  explicit CovarianceScratch(std::size_t cols) {
    const std::size_t block = triangle(cols) * PackedMatrix::kBlock;
    const std::size_t of_pairs = (triangle(cols) + cols) * sizeof(Pairs<kVectors>) / sizeof(double);
    rows = borrow_covariance_scratch(2 * block + of_pairs);
    columns = rows + block;
    pairs = reinterpret_cast<Pairs<kVectors>*>(columns + block);
  }
};

template <class Distance>
static void covariance_tile(DistanceBlock rows, DistanceBlock columns, std::size_t cols, DistanceWeights weights,
                            std::size_t height, std::size_t width, float* out) {
  constexpr int kBlock = static_cast<int>(PackedMatrix::kBlock), kVectors = 4;
  const CovarianceScratch<kVectors> scratch(cols);
  multiply_factors(rows.variances, cols, scratch.rows);
  multiply_factors(columns.variances, cols, scratch.columns);
  for (int j = 0; j < static_cast<int>(width); j += kVectors * kPairs) {
    const PairsOfRow<kVectors> others{scratch.columns, columns.means, j};
    for (int i = 0; i < static_cast<int>(height); ++i) {
      Pairs<kVectors> squared;
      compare_row<Distance, kVectors>(rows, scratch.rows, i, others, cols, weights, scratch.pairs, squared);
      for (int v = 0; v < kVectors; ++v) {
        for (int lane = 0; lane < kPairs; ++lane) {
          out[i * kBlock + j + v * kPairs + lane] = static_cast<float>(squared.v[v][lane]);
        }
      }
    }
  }
}

// Computes one pair with the arithmetic of one lane of a tile.
template <class Distance>
static double covariance_pair(DistanceBlock rows, std::size_t i, DistanceBlock columns, std::size_t j, std::size_t cols,
                              DistanceWeights weights) {
  constexpr int kVectors = 1;
  const CovarianceScratch<kVectors> scratch(cols);
  multiply_factors(rows.variances, cols, scratch.rows);
  multiply_factors(columns.variances, cols, scratch.columns);
  const int column = static_cast<int>(j) / kPairs * kPairs;
  const PairsOfRow<kVectors> others{scratch.columns, columns.means, column};
  Pairs<kVectors> squared;
  compare_row<Distance, kVectors>(rows, scratch.rows, static_cast<int>(i), others, cols, weights, scratch.pairs,
                                  squared);
  return squared.v[0][static_cast<int>(j) - column];
}

// The 2-Wasserstein distance of Gaussians (Givens & Shortt 1984, proposition 7; its second term is the squared distance
// of Bures),
//   |mu_i - mu_j|^2 + tr C_i + tr C_j - 2 tr (C_i^1/2 C_j C_i^1/2)^1/2.
// The last trace is the sum of the singular values of M = L_i^T L_j. One-sided Jacobi rotations make the columns of M
// orthogonal (Hestenes 1958); the lengths of the columns are then the singular values. The result must have the same
// bits if the two points are exchanged. Therefore L_i is always the factor whose numbers come first in lexicographic
// order.
struct CorrelatedWasserstein {
  static constexpr DistanceTraits traits{.spread = Spread::covariances, .cost = 60};
};

struct FactorPair {
  const float *left, *right;  // entry e of a factor is at index 64 e
};

SIGMA_INLINE FactorPair in_order(const float* a, const float* b, std::size_t cols) {
  for (std::size_t e = 0; e < triangle(cols) * PackedMatrix::kBlock; e += PackedMatrix::kBlock) {
    if (a[e] != b[e]) return a[e] < b[e] ? FactorPair{a, b} : FactorPair{b, a};
  }
  return {a, b};
}

// Makes columns p and q of a cols x cols matrix, stored column by column, orthogonal. Returns whether they already
// were.
SIGMA_INLINE bool rotate_columns(double* p, double* q, std::size_t cols) {
  constexpr double kOrthogonal = 1e-13;
  double pp = 0, qq = 0, pq = 0;
  for (std::size_t a = 0; a < cols; ++a) {
    pp += p[a] * p[a];
    qq += q[a] * q[a];
    pq += p[a] * q[a];
  }
  if (pq * pq <= kOrthogonal * kOrthogonal * pp * qq) return true;
  const double zeta = (qq - pp) / (2 * pq);
  const double tangent = (zeta < 0 ? -1.0 : 1.0) / (magnitude(zeta) + __builtin_sqrt(1 + zeta * zeta));
  const double cosine = 1 / __builtin_sqrt(1 + tangent * tangent), sine = cosine * tangent;
  for (std::size_t a = 0; a < cols; ++a) {
    const double old = p[a];
    p[a] = cosine * old - sine * q[a];
    q[a] = sine * old + cosine * q[a];
  }
  return false;
}

// The sum of the singular values of L_i^T L_j.
static double add_singular_values(FactorPair factors, std::size_t cols) {
  constexpr std::size_t kBlock = PackedMatrix::kBlock;
  constexpr int kMostSweeps = 40;
  double* product = borrow_covariance_scratch(cols * cols);
  for (std::size_t q = 0; q < cols; ++q) {
    for (std::size_t a = 0; a < cols; ++a) {
      double sum = 0;
      for (std::size_t c = a > q ? a : q; c < cols; ++c) {
        sum += static_cast<double>(factors.left[(triangle(c) + a) * kBlock]) *
               static_cast<double>(factors.right[(triangle(c) + q) * kBlock]);
      }
      product[q * cols + a] = sum;
    }
  }
  bool is_orthogonal = false;
  for (int sweep = 0; sweep < kMostSweeps && !is_orthogonal; ++sweep) {
    is_orthogonal = true;
    for (std::size_t p = 0; p + 1 < cols; ++p) {
      for (std::size_t q = p + 1; q < cols; ++q) {
        is_orthogonal &= rotate_columns(product + p * cols, product + q * cols, cols);
      }
    }
  }
  double total = 0;
  for (std::size_t q = 0; q < cols; ++q) {
    double squared = 0;
    for (std::size_t a = 0; a < cols; ++a) squared += product[q * cols + a] * product[q * cols + a];
    total += __builtin_sqrt(squared);
  }
  return total;
}

template <>
double covariance_pair<CorrelatedWasserstein>(DistanceBlock rows, std::size_t i, DistanceBlock columns, std::size_t j,
                                              std::size_t cols, DistanceWeights weights) {
  constexpr std::size_t kBlock = PackedMatrix::kBlock;
  double squares = 0, trace = 0;
  for (std::size_t k = 0; k < cols; ++k) {
    const double difference =
        static_cast<double>(rows.means[k * kBlock + i]) - static_cast<double>(columns.means[k * kBlock + j]);
    squares += difference * difference;
  }
  for (std::size_t e = 0; e < triangle(cols); ++e) {
    const double left = static_cast<double>(rows.variances[e * kBlock + i]);
    const double right = static_cast<double>(columns.variances[e * kBlock + j]);
    trace += left * left + right * right;
  }
  const FactorPair factors = in_order(rows.variances + i, columns.variances + j, cols);
  const double bures = trace - 2 * add_singular_values(factors, cols);
  return static_cast<double>(weights.means) * squares + static_cast<double>(weights.spread) * (bures > 0 ? bures : 0);
}

template <>
void covariance_tile<CorrelatedWasserstein>(DistanceBlock rows, DistanceBlock columns, std::size_t cols,
                                            DistanceWeights weights, std::size_t height, std::size_t width,
                                            float* out) {
  for (std::size_t i = 0; i < height; ++i) {
    for (std::size_t j = 0; j < width; ++j) {
      out[i * PackedMatrix::kBlock + j] =
          static_cast<float>(covariance_pair<CorrelatedWasserstein>(rows, i, columns, j, cols, weights));
    }
  }
}

#define SIGMA_COVARIANCE_DISTANCES(X)              \
  X("inverse-variance", CorrelatedInverseVariance) \
  X("wasserstein", CorrelatedWasserstein)          \
  X("mahalanobis", CorrelatedMahalanobis)          \
  X("mahalanobis-logdet", CorrelatedMahalanobisLogdet)
