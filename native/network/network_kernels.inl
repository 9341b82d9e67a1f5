namespace sigma::SIGMA_ISA {

// As many sums as the registers hold beside a column of the right factor and a number of the left.
#if SIGMA_LANES == 16 || defined(__aarch64__)
constexpr std::size_t kTileRows = 12;
#else
constexpr std::size_t kTileRows = 6;
#endif
constexpr std::size_t kPanelVectors = 2, kPanelCols = kPanelVectors * kLanes;

template <std::size_t R, std::size_t V, bool ByDepth>
static void multiply_tile(const float* left, const float* right, std::size_t rows, std::size_t cols, std::size_t depth,
                          float* const* c, std::size_t column, bool adds) {
  constexpr std::size_t kRowStep = ByDepth ? 1 : ProductBlock::kStride;
  constexpr std::size_t kDepthStep = ByDepth ? kTileRows : 1;
  Floats sums[R][V] = {};
  for (std::size_t k = 0; k < depth; ++k) {
    Floats column_of[V];
#pragma GCC unroll 2
    for (std::size_t v = 0; v < V; ++v) column_of[v] = load(right + k * kPanelCols + v * kLanes);
#pragma GCC unroll 12
    for (std::size_t i = 0; i < R; ++i) {
      const float factor = left[i * kRowStep + k * kDepthStep];
#pragma GCC unroll 2
      for (std::size_t v = 0; v < V; ++v) sums[i][v] += factor * column_of[v];
    }
  }
  if (cols == V * kLanes) {
#pragma GCC unroll 12
    for (std::size_t i = 0; i < R; ++i) {
      if (i >= rows) break;
      float* to = c[i] + column;
#pragma GCC unroll 2
      for (std::size_t v = 0; v < V; ++v) {
        store(to + v * kLanes, adds ? load(to + v * kLanes) + sums[i][v] : sums[i][v]);
      }
    }
    return;
  }
  float edge[R][V * kLanes];
#pragma GCC unroll 12
  for (std::size_t i = 0; i < R; ++i) {
#pragma GCC unroll 2
    for (std::size_t v = 0; v < V; ++v) store(edge[i] + v * kLanes, sums[i][v]);
  }
  for (std::size_t i = 0; i < rows; ++i) {
    float* to = c[i] + column;
    for (std::size_t j = 0; j < cols; ++j) to[j] = adds ? to[j] + edge[i][j] : edge[i][j];
  }
}

template <std::size_t V, bool ByDepth>
SIGMA_INLINE void multiply_panels(const float* left, const float* right, std::size_t rows, std::size_t cols,
                                  std::size_t depth, float* const* c, std::size_t column, bool adds) {
  constexpr std::size_t kThird = kTileRows / 3;
  for (std::size_t i = 0; i < rows; i += kTileRows) {
    const std::size_t rest = rows - i < kTileRows ? rows - i : kTileRows;
    const float* block = left + i * (ByDepth ? ProductBlock::kDepth : ProductBlock::kStride);
    if (rest <= kThird) {
      multiply_tile<kThird, V, ByDepth>(block, right, rest, cols, depth, c + i, column, adds);
    } else if (rest <= 2 * kThird) {
      multiply_tile<2 * kThird, V, ByDepth>(block, right, rest, cols, depth, c + i, column, adds);
    } else {
      multiply_tile<kTileRows, V, ByDepth>(block, right, rest, cols, depth, c + i, column, adds);
    }
  }
}

template <bool ByDepth>
SIGMA_INLINE void multiply_blocks(const float* left, const float* right, std::size_t rows, std::size_t cols,
                                  std::size_t depth, float* const* c, bool adds) {
  for (std::size_t j = 0; j < cols; j += kPanelCols) {
    const std::size_t rest = cols - j < kPanelCols ? cols - j : kPanelCols;
    const float* panel = right + j * ProductBlock::kDepth;
    if (rest <= kLanes) {
      multiply_panels<1, ByDepth>(left, panel, rows, rest, depth, c, j, adds);
    } else {
      multiply_panels<kPanelVectors, ByDepth>(left, panel, rows, rest, depth, c, j, adds);
    }
  }
}

static void multiply_block(const float* left, bool by_depth, const float* right, std::size_t rows, std::size_t cols,
                           std::size_t depth, float* const* c, bool adds) {
  if (by_depth) {
    multiply_blocks<true>(left, right, rows, cols, depth, c, adds);
  } else {
    multiply_blocks<false>(left, right, rows, cols, depth, c, adds);
  }
}

template <std::size_t Width>
SIGMA_INLINE void spread_panels(const float* from, std::size_t count, float* to) {
  std::size_t i = 0;
  for (; i + Width <= count; i += Width, to += Width * ProductBlock::kDepth) __builtin_memcpy(to, from + i, 4 * Width);
  for (std::size_t j = 0; i < count; ++i, ++j) to[j] = from[i];
}

static void spread(const float* from, std::size_t count, std::size_t width, float* to) {
  if (width == kTileRows) {
    spread_panels<kTileRows>(from, count, to);
  } else {
    spread_panels<kPanelCols>(from, count, to);
  }
}

// The lower, or upper, halves of two vectors, their lanes taken in turn.
template <int Half, int... Lane>
SIGMA_INLINE Floats interleave(Floats a, Floats b, std::integer_sequence<int, Lane...>) {
  return __builtin_shufflevector(a, b, (Half * kLanes / 2 + Lane / 2 + (Lane % 2) * kLanes)...);
}

static void transpose(const float* const* columns, std::size_t depth, float* to) {
  constexpr auto kAll = std::make_integer_sequence<int, kLanes>();
  std::size_t k = 0;
  for (; k + kLanes <= depth; k += kLanes) {
    Floats square[kLanes], next[kLanes];
#pragma GCC unroll 16
    for (int j = 0; j < kLanes; ++j) square[j] = load(columns[j] + k);
    // Each round doubles how many of a row's numbers lie side by side.
#pragma GCC unroll 4
    for (int width = 1; width < kLanes; width *= 2) {
#pragma GCC unroll 8
      for (int j = 0; j < kLanes / 2; ++j) {
        next[2 * j] = interleave<0>(square[j], square[j + kLanes / 2], kAll);
        next[2 * j + 1] = interleave<1>(square[j], square[j + kLanes / 2], kAll);
      }
#pragma GCC unroll 16
      for (int j = 0; j < kLanes; ++j) square[j] = next[j];
    }
#pragma GCC unroll 16
    for (int j = 0; j < kLanes; ++j) store(to + (k + static_cast<std::size_t>(j)) * kPanelCols, square[j]);
  }
  for (; k < depth; ++k) {
    for (int j = 0; j < kLanes; ++j) to[k * kPanelCols + static_cast<std::size_t>(j)] = columns[j][k];
  }
}

SIGMA_INLINE Floats activate(Floats v, Activation activation, float slope) {
  switch (activation) {
    case Activation::relu:
      return v < 0.0f ? Floats{} : v;
    case Activation::relu6:
      return v < 0.0f ? Floats{} : v > 6.0f ? splat(6.0f) : v;
    case Activation::sigmoid:
      return 1.0f / (1.0f + exponential(-v));
    case Activation::elu:
      return v < 0.0f ? exponential(v) - 1.0f : v;
    case Activation::leaky_relu:
      return v < 0.0f ? slope * v : v;
    default:
      return v;
  }
}

static void finish_row(float* row, const float* bias, std::size_t count, Activation activation, float slope) {
  std::size_t j = 0;
  for (; j + kLanes <= count; j += kLanes) {
    store(row + j, activate(bias ? load(row + j) + load(bias + j) : load(row + j), activation, slope));
  }
  if (j == count) return;
  float rest[kLanes] = {};
  for (std::size_t i = 0; i < count - j; ++i) rest[i] = bias ? row[j + i] + bias[j + i] : row[j + i];
  store(rest, activate(load(rest), activation, slope));
  for (std::size_t i = 0; i < count - j; ++i) row[j + i] = rest[i];
}

static void add_row(const float* row, std::size_t count, float* sums) {
  for (std::size_t j = 0; j < count; ++j) sums[j] += row[j];
}

static double total(const float* values, std::size_t count) {
  constexpr std::size_t kSums = 4;
  Floats sums[kSums] = {};
  std::size_t i = 0;
  for (; i + kSums * kLanes <= count; i += kSums * kLanes) {
    for (std::size_t s = 0; s < kSums; ++s) sums[s] += load(values + i + s * kLanes);
  }
  double all = static_cast<double>(sum((sums[0] + sums[1]) + (sums[2] + sums[3])));
  for (; i < count; ++i) all += static_cast<double>(values[i]);
  return all;
}

SIGMA_INLINE void step_vector(const AdamStep& by, const float* gradient, const float* const* before,
                              float* const* after, std::size_t i) {
  const Floats g = load(gradient + i);
  const Floats first = by.beta1 * load(before[1] + i) + (1 - by.beta1) * g;
  const Floats second = by.beta2 * load(before[2] + i) + (1 - by.beta2) * g * g;
  const Floats spread = square_root(second / by.correction2) + by.epsilon;
  store(after[0] + i, load(before[0] + i) - by.rate * (first / by.correction1) / spread);
  store(after[1] + i, first);
  store(after[2] + i, second);
}

static void step_all(const AdamStep& by, const float* gradient, const float* const* before, float* const* after,
                     std::size_t count) {
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) step_vector(by, gradient, before, after, i);
  if (i == count) return;
  float rest[7][kLanes] = {};
  for (std::size_t j = 0; j < count - i; ++j) {
    rest[0][j] = gradient[i + j];
    for (int which = 0; which < 3; ++which) rest[1 + which][j] = before[which][i + j];
  }
  const float* const rest_before[] = {rest[1], rest[2], rest[3]};
  float* const rest_after[] = {rest[4], rest[5], rest[6]};
  step_vector(by, rest[0], rest_before, rest_after, 0);
  for (std::size_t j = 0; j < count - i; ++j) {
    for (int which = 0; which < 3; ++which) after[which][i + j] = rest[4 + which][j];
  }
}

const NetworkKernels& network_kernels() {
  static const NetworkKernels table{kTileRows,      kPanelCols, kLanes,  spread, transpose,
                                    multiply_block, finish_row, add_row, total,  step_all};
  return table;
}

}  // namespace sigma::SIGMA_ISA
