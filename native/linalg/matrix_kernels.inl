namespace sigma::SIGMA_ISA {

constexpr int kBlockRows = static_cast<int>(PackedMatrix::kBlock);

template <int R, int C>
SIGMA_INLINE void gram_tile(const float* a, const float* b, double* out, std::size_t width) {
  Floats sums[R][C] = {};
  for (int row = 0; row < kBlockRows; row += kLanes) {
    Floats left[R];
    for (int i = 0; i < R; ++i) left[i] = load(a + i * kBlockRows + row);
    for (int j = 0; j < C; ++j) {
      const Floats right = load(b + j * kBlockRows + row);
      for (int i = 0; i < R; ++i) sums[i][j] += left[i] * right;
    }
  }
  for (int i = 0; i < R; ++i) {
    for (int j = 0; j < C; ++j) out[i * width + j] += sum(sums[i][j]);
  }
}

static void add_gram(const float* a, std::size_t a_cols, const float* b, std::size_t b_cols, double* out,
                     std::size_t width) {
  for (std::size_t i = 0; i < a_cols; i += 4) {
    for (std::size_t j = 0; j < b_cols; j += 4) {
      const float* left = a + i * kBlockRows;
      const float* right = b + j * kBlockRows;
      double* tile = out + i * width + j;
      if (i + 4 <= a_cols && j + 4 <= b_cols) {
        gram_tile<4, 4>(left, right, tile, width);
        continue;
      }
      for (std::size_t r = i; r < std::min(i + 4, a_cols); ++r) {
        for (std::size_t c = j; c < std::min(j + 4, b_cols); ++c) {
          gram_tile<1, 1>(a + r * kBlockRows, b + c * kBlockRows, out + r * width + c, width);
        }
      }
    }
  }
}

static void project(const float* x, std::size_t d, const float* v, std::size_t k, float* out) {
  constexpr int kVectors = kBlockRows / kLanes < 8 ? kBlockRows / kLanes : 8;
  for (std::size_t c = 0; c < k; ++c) {
    for (int row = 0; row < kBlockRows; row += kVectors * kLanes) {
      Floats sums[kVectors] = {};
      for (std::size_t j = 0; j < d; ++j) {
        const float weight = v[j * k + c];
        for (int u = 0; u < kVectors; ++u) sums[u] += load(x + j * kBlockRows + row + u * kLanes) * weight;
      }
      for (int u = 0; u < kVectors; ++u) store(out + c * kBlockRows + row + u * kLanes, sums[u]);
    }
  }
}

template <int V>
SIGMA_INLINE void project_sparse_part(const std::uint32_t* columns, const float* values, std::size_t count,
                                      const float* v, std::size_t width, float* out) {
  Floats sums[V] = {};
  for (std::size_t e = 0; e < count; ++e) {
    const float* row = v + columns[e] * width;
    for (int u = 0; u < V; ++u) sums[u] += load(row + u * kLanes) * values[e];
  }
  for (int u = 0; u < V; ++u) store(out + u * kLanes, sums[u]);
}

static void project_sparse(const std::uint32_t* columns, const float* values, std::size_t count, const float* v,
                           std::size_t width, float* out) {
  constexpr std::size_t kPart = 64, kLeast = 16;
  std::size_t at = 0;
  for (; at + kPart <= width; at += kPart) {
    project_sparse_part<kPart / kLanes>(columns, values, count, v + at, width, out + at);
  }
  for (; at < width; at += kLeast) {
    project_sparse_part<kLeast / kLanes>(columns, values, count, v + at, width, out + at);
  }
}

static void add_sparse_gram(const std::uint32_t* columns, const float* values, std::size_t count, const float* y,
                            std::size_t width, float* sums) {
  for (std::size_t e = 0; e < count; ++e) {
    float* row = sums + columns[e] * width;
    for (std::size_t at = 0; at < width; at += kLanes) store(row + at, load(row + at) + load(y + at) * values[e]);
  }
}

const MatrixKernels& matrix_kernels() {
  static const MatrixKernels table{add_gram, project, project_sparse, add_sparse_gram};
  return table;
}

}  // namespace sigma::SIGMA_ISA
