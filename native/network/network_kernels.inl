namespace sigma::SIGMA_ISA {

// The tile has as many sums as fit into the registers together with a column of the right factor and a number of the
// left.
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

// Interleaves the lanes of the lower (or upper) halves of two vectors.
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
    // Each round doubles the number of adjacent elements of a row.
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

static void add_squares(const float* x, std::size_t rows, std::size_t cols, const float* center, float* squares) {
  for (std::size_t i = 0; i < rows; ++i, x += cols) {
    for (std::size_t j = 0; j < cols; ++j) squares[j] += (x[j] - center[j]) * (x[j] - center[j]);
  }
}

// Calls body(Floats{}, j) for each whole vector of columns that starts at j, and body(0.0f, j) for each remaining
// column.
template <class Body>
SIGMA_INLINE void for_columns(std::size_t cols, Body&& body) {
  std::size_t j = 0;
  for (; j + kLanes <= cols; j += kLanes) body(Floats{}, j);
  for (; j < cols; ++j) body(0.0f, j);
}

SIGMA_INLINE Floats read(const float* from, Floats) {
  return load(from);
}

SIGMA_INLINE float read(const float* from, float) {
  return *from;
}

SIGMA_INLINE void write(float* to, Floats v) {
  store(to, v);
}

SIGMA_INLINE void write(float* to, float v) {
  *to = v;
}

SIGMA_INLINE Floats where_positive(Floats v, Floats value) {
  return v > 0.0f ? value : Floats{};
}

SIGMA_INLINE float where_positive(float v, float value) {
  return v > 0.0f ? value : 0.0f;
}

static void scale_rows(const float* x, std::size_t rows, std::size_t cols, const float* scale, const float* shift,
                       float* y) {
  for (std::size_t i = 0; i < rows; ++i, x += cols, y += cols) {
    for_columns(cols, [&](auto kind, std::size_t j) __attribute__((always_inline)) {
      const auto v = read(scale + j, kind) * read(x + j, kind) + read(shift + j, kind);
      write(y + j, where_positive(v, v));
    });
  }
}

static void sum_gradients(const float* x, const float* dy, std::size_t rows, std::size_t cols,
                          const NormalizationColumns& columns, float* sums, float* products) {
  const auto [scale, shift, mean] = columns;
  for (std::size_t i = 0; i < rows; ++i, x += cols, dy += cols) {
    for_columns(cols, [&](auto kind, std::size_t j) __attribute__((always_inline)) {
      const auto at = read(x + j, kind);
      const auto g = where_positive(read(scale + j, kind) * at + read(shift + j, kind), read(dy + j, kind));
      write(sums + j, read(sums + j, kind) + g);
      write(products + j, read(products + j, kind) + g * (at - read(mean + j, kind)));
    });
  }
}

static void spread_gradients(const float* x, const float* dy, std::size_t rows, std::size_t cols,
                             const NormalizationColumns& columns, const float* offset, const float* slope, float* dx) {
  const auto [scale, shift, mean] = columns;
  for (std::size_t i = 0; i < rows; ++i, x += cols, dy += cols, dx += cols) {
    for_columns(cols, [&](auto kind, std::size_t j) __attribute__((always_inline)) {
      const auto at = read(x + j, kind), by = read(scale + j, kind);
      const auto g = where_positive(by * at + read(shift + j, kind), read(dy + j, kind));
      write(dx + j, by * g + read(offset + j, kind) + read(slope + j, kind) * (at - read(mean + j, kind)));
    });
  }
}

// Calls body(in, out) with one vector of each input at a time, and stores the vectors that it writes to `out`. The last
// numbers are padded with zeros if they do not fill a vector.
template <std::size_t In, std::size_t Out, class Body>
SIGMA_INLINE void for_vectors(std::size_t count, const float* const (&inputs)[In], float* const (&outputs)[Out],
                              Body&& body) {
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    Floats in[In], out[Out];
    for (std::size_t k = 0; k < In; ++k) in[k] = load(inputs[k] + i);
    body(in, out);
    for (std::size_t k = 0; k < Out; ++k) store(outputs[k] + i, out[k]);
  }
  if (i == count) return;
  float room[In][kLanes] = {}, rest[kLanes];
  Floats in[In], out[Out];
  for (std::size_t k = 0; k < In; ++k) {
    for (std::size_t j = 0; j < count - i; ++j) room[k][j] = inputs[k][i + j];
    in[k] = load(room[k]);
  }
  body(in, out);
  for (std::size_t k = 0; k < Out; ++k) {
    store(rest, out[k]);
    for (std::size_t j = 0; j < count - i; ++j) outputs[k][i + j] = rest[j];
  }
}

// log(1 + e^v), accurate to the last bits of float32 even if the result is small. With e = exp(-|v|), it is max(v, 0) +
// log(1 + e), where log(1 + e) = 2 atanh(e / (2 + e)).
SIGMA_INLINE Floats softplus(Floats v) {
  const Floats e = exponential(-magnitude(v));
  const Floats rest = e < 0.4f ? logarithm_of_ratio(e / (2.0f + e)) : logarithm(1.0f + e);
  return where_positive(v, v) + rest;
}

SIGMA_INLINE Floats sigmoid(Floats v) {
  return 1.0f / (1.0f + exponential(-v));
}

static void square_softplus(const float* rho, std::size_t count, float* to) {
  for_vectors<1, 1>(count, {rho}, {to}, [](const Floats* in, Floats* out) __attribute__((always_inline)) {
    const Floats sigma = softplus(in[0]);
    out[0] = sigma * sigma;
  });
}

static void square_softplus_back(const float* rho, const float* dy, std::size_t count, float* drho) {
  for_vectors<2, 1>(count, {rho, dy}, {drho}, [](const Floats* in, Floats* out) __attribute__((always_inline)) {
    out[0] = 2.0f * in[1] * softplus(in[0]) * sigmoid(in[0]);
  });
}

SIGMA_INLINE Floats divergence_of(Floats mean, Floats rho, float precision) {
  const Floats sigma = softplus(rho);
  return 0.5f * precision * (mean * mean + sigma * sigma) - logarithm(sigma);
}

static double divergence(const float* mean, const float* rho, std::size_t count, float prior) {
  const float precision = 1 / (prior * prior);
  Floats sums{};
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) sums += divergence_of(load(mean + i), load(rho + i), precision);
  double total = static_cast<double>(sum(sums));
  if (i == count) return total;
  float room[2][kLanes] = {}, rest[kLanes];
  for (std::size_t j = 0; j < count - i; ++j) {
    room[0][j] = mean[i + j];
    room[1][j] = rho[i + j];
  }
  store(rest, divergence_of(load(room[0]), load(room[1]), precision));
  for (std::size_t j = 0; j < count - i; ++j) total += static_cast<double>(rest[j]);
  return total;
}

static void divergence_back(const float* mean, const float* rho, std::size_t count, float prior, float dy, float* dmean,
                            float* drho) {
  const float precision = 1 / (prior * prior);
  for_vectors<2, 2>(count, {mean, rho}, {dmean, drho},
                    [=](const Floats* in, Floats* out) __attribute__((always_inline)) {
                      const Floats sigma = softplus(in[1]);
                      out[0] = dy * precision * in[0];
                      out[1] = dy * (precision * sigma - 1.0f / sigma) * sigmoid(in[1]);
                    });
}

static void scale_polar(const float* squares, std::size_t count, float* points) {
  std::size_t i = 0;
  float scales[kLanes];
  for (; i < count; i += kLanes) {
    const std::size_t width = count - i < kLanes ? count - i : kLanes;
    float room[kLanes] = {};
    for (std::size_t j = 0; j < width; ++j) room[j] = squares[i + j];
    const Floats square = load(room);
    store(scales, square_root(-2.0f * logarithm(square) / square));
    for (std::size_t j = 0; j < width; ++j) {
      points[2 * (i + j)] *= scales[j];
      points[2 * (i + j) + 1] *= scales[j];
    }
  }
}

const NetworkKernels& network_kernels() {
  static const NetworkKernels table{kTileRows,     kPanelCols,       kLanes,          spread,
                                    transpose,     multiply_block,   finish_row,      add_row,
                                    total,         step_all,         add_squares,     scale_rows,
                                    sum_gradients, spread_gradients, square_softplus, square_softplus_back,
                                    divergence,    divergence_back,  scale_polar};
  return table;
}

}  // namespace sigma::SIGMA_ISA
