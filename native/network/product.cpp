#include "product.hpp"

#include <algorithm>
#include <array>
#include <tuple>

namespace sigma {
namespace {

using Block = ProductBlock;

// Products with fewer multiply-adds than this are faster on one thread than on two.
constexpr std::size_t kWorthThreads = std::size_t{1} << 17;

// A product is cut into this many parts if possible, which is enough to keep a large team busy.
constexpr std::size_t kEnoughParts = 16;

// A sum is only cut into pieces of at least this length, because each piece needs another copy of the result.
constexpr std::size_t kLeastPiece = 4 * Block::kDepth;

std::size_t divide_up(std::size_t a, std::size_t b) {
  return (a + b - 1) / b;
}

// Cuts `size` into as few equal steps of at most `most` as possible. Returns the step, rounded up to a multiple of
// `unit`.
std::size_t even_step(std::size_t size, std::size_t most, std::size_t unit) {
  const std::size_t steps = std::max<std::size_t>(divide_up(size, most), 1);
  return std::max(divide_up(divide_up(size, steps), unit) * unit, unit);
}

}  // namespace

// The division of a product into parts of row_step x col_step of the result and pieces of the sum. It depends only on
// the shape of the product.
struct MatrixMultiplier::Plan {
  std::size_t row_step, col_step, row_steps, col_steps, pieces, piece;

  Plan(const Product& product, const NetworkKernels& kernels) {
    const auto& [m, n, k] = std::tie(product.m, product.n, product.k);
    row_step = even_step(m, Block::kRows, kernels.tile_rows);
    row_steps = divide_up(m, row_step);
    const bool is_few = row_steps * divide_up(n, Block::kCols) < kEnoughParts;
    col_step = even_step(n, is_few ? Block::kCols / 2 : Block::kCols, kernels.panel_cols);
    col_steps = divide_up(n, col_step);
    const std::size_t parts = row_steps * col_steps;
    const std::size_t wanted = parts < kEnoughParts / 2 ? divide_up(kEnoughParts, std::max<std::size_t>(parts, 1)) : 1;
    pieces = std::max<std::size_t>(std::min(wanted, k / kLeastPiece), 1);
    piece = divide_up(divide_up(k, pieces), Block::kDepth) * Block::kDepth;
    pieces = std::max<std::size_t>(divide_up(k, std::max<std::size_t>(piece, 1)), 1);
  }

  std::size_t parts() const { return row_steps * col_steps * pieces; }
};

MatrixMultiplier::MatrixMultiplier(unsigned threads) : team_(threads), scratch_(team_.size()) {}

void MatrixMultiplier::multiply(const Product& product) {
  const auto& [m, n, k] = std::tie(product.m, product.n, product.k);
  if (m == 0 || n == 0) return;
  if (n == 1 && m > 1) return multiply_column(product);
  const Plan plan(product, network_kernels());
  if (plan.pieces > 1) partial_sums_.resize(plan.pieces * m * n);
  if (m * n * std::max<std::size_t>(k, 1) < kWorthThreads) {
    for (std::size_t part = 0; part < plan.parts(); ++part) make_part(product, plan, part, 0);
  } else {
    team_.for_each(plan.parts(), [&](std::size_t part, unsigned worker) { make_part(product, plan, part, worker); });
  }
  if (plan.pieces > 1) add_parts(product, plan);
}

// A single column would fill only one lane of each vector, so it is computed as a row.
void MatrixMultiplier::multiply_column(const Product& product) {
  column_.resize(product.m);
  multiply({.m = 1,
            .n = product.m,
            .k = product.k,
            .left = product.right,
            .left_by_depth = !product.right_by_column,
            .right = product.left,
            .right_by_column = !product.left_by_depth,
            .out = Grid::matrix(column_.data(), product.m)});
  if (product.bias != nullptr) {
    for (float& value : column_) value += *product.bias;
  }
  network_kernels().finish(column_.data(), nullptr, product.m, product.activation, product.slope);
  for (std::size_t i = 0; i < product.m; ++i) *product.out.at(i) = column_[i];
}

void MatrixMultiplier::make_part(const Product& product, const Plan& plan, std::size_t part, unsigned worker) {
  const NetworkKernels& kernels = network_kernels();
  Scratch& scratch = scratch_[worker];
  if (scratch.left.empty()) {
    scratch.left.assign(Block::kRows * Block::kStride, 0.0f);
    scratch.right.assign(Block::kCols * Block::kDepth, 0.0f);
    scratch.room.assign(std::max<std::size_t>(kernels.lanes * Block::kDepth, Block::kRows), 0.0f);
  }
  const std::size_t piece = part % plan.pieces, tile = part / plan.pieces;
  const std::size_t i0 = tile % plan.row_steps * plan.row_step, j0 = tile / plan.row_steps * plan.col_step;
  const std::size_t rows = std::min(plan.row_step, product.m - i0), cols = std::min(plan.col_step, product.n - j0);
  const std::size_t begin = piece * plan.piece, end = std::min(begin + plan.piece, product.k);
  std::array<float*, Block::kRows> c;
  for (std::size_t i = 0; i < rows; ++i) {
    c[i] = plan.pieces > 1 ? partial_sums_.data() + (piece * product.m + i0 + i) * product.n + j0
                           : product.out.at(i0 + i) + j0;
    if (begin >= end) std::fill_n(c[i], cols, 0.0f);
  }
  for (std::size_t k0 = begin; k0 < end; k0 += Block::kDepth) {
    const std::size_t depth = std::min(Block::kDepth, end - k0);
    if (product.left_by_depth) {
      for (std::size_t k = 0; k < depth; ++k) {
        const float* from = product.left.read(k0 + k, i0, rows, scratch.room.data());
        kernels.spread(from, rows, kernels.tile_rows, scratch.left.data() + k * kernels.tile_rows);
      }
    } else {
      for (std::size_t i = 0; i < rows; ++i) {
        float* to = scratch.left.data() + i * Block::kStride;
        const float* from = product.left.read(i0 + i, k0, depth, to);
        if (from != to) std::copy_n(from, depth, to);
      }
    }
    if (product.right_by_column) {
      for (std::size_t j = 0; j < cols; j += kernels.lanes) {
        std::array<const float*, 16> columns;
        for (std::size_t l = 0; l < kernels.lanes; ++l) {
          // Beyond the last column, that column is read again. The results of these lanes are dropped.
          float* room = scratch.room.data() + l * Block::kDepth;
          columns[l] = product.right.read(std::min(j0 + j + l, product.n - 1), k0, depth, room);
        }
        const std::size_t panel = j / kernels.panel_cols * kernels.panel_cols;
        kernels.transpose(columns.data(), depth, scratch.right.data() + panel * Block::kDepth + (j - panel));
      }
    } else {
      for (std::size_t k = 0; k < depth; ++k) {
        const float* from = product.right.read(k0 + k, j0, cols, scratch.room.data());
        kernels.spread(from, cols, kernels.panel_cols, scratch.right.data() + k * kernels.panel_cols);
      }
    }
    kernels.multiply(scratch.left.data(), product.left_by_depth, scratch.right.data(), rows, cols, depth, c.data(),
                     k0 > begin);
  }
  if (plan.pieces > 1 || (product.bias == nullptr && product.activation == Activation::linear)) return;
  for (std::size_t i = 0; i < rows; ++i) {
    kernels.finish(c[i], product.bias ? product.bias + j0 : nullptr, cols, product.activation, product.slope);
  }
}

void MatrixMultiplier::add_parts(const Product& product, const Plan& plan) {
  const NetworkKernels& kernels = network_kernels();
  team_.for_ranges(product.m, divide_up(product.m, kEnoughParts),
                   [&](std::size_t first, std::size_t last, std::size_t) {
                     for (std::size_t i = first; i < last; ++i) {
                       float* to = product.out.at(i);
                       std::copy_n(partial_sums_.data() + i * product.n, product.n, to);
                       for (std::size_t piece = 1; piece < plan.pieces; ++piece) {
                         kernels.add(partial_sums_.data() + (piece * product.m + i) * product.n, product.n, to);
                       }
                       kernels.finish(to, product.bias, product.n, product.activation, product.slope);
                     }
                   });
}

}  // namespace sigma
