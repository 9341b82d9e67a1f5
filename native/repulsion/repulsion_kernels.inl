namespace sigma::SIGMA_ISA {

// Larger squared distances contribute nothing to any sum, and would make the correction of the reciprocal NaN.
constexpr float kFar = 1e30f;

// Computes the forces on P points from a list of `padded` entries, a multiple of kLanes. Returns the sum of w.
//
// An entry of mass m and spread s = sum |delta|^2 around its center adds m w + s / (2 D) laplacian(w) to Z. This is the
// second-order expansion in delta, with delta taken as isotropic. The force is -1/2 the gradient of this term. With b =
// 1 / (1 + d^2 / alpha), w = b^alpha and c = 2 (alpha + 1) / D, the term is m w + s w b (c (1 - b) - 1), and the force
// is (y_i - y_j) times w b (m + s b ((c - 1) (alpha + 1) - c (alpha + 2) b) / alpha). Without kGeneral, alpha is 1 and
// b is w.
template <int D, int P, bool kGeneral>
SIGMA_INLINE double evaluate_points(const float* const* list, std::size_t padded, const float* const* points,
                                    std::size_t first, float alpha, float* const* forces) {
  const float c = 2 * (alpha + 1) / D;
  Floats totals[P] = {}, sums[P][D] = {}, own[P][D];
  for (int p = 0; p < P; ++p) {
    for (int d = 0; d < D; ++d) own[p][d] = splat(points[d][first + p]);
  }
  for (std::size_t e = 0; e < padded; e += kLanes) {
    Floats at[D];
    for (int d = 0; d < D; ++d) at[d] = load(list[d] + e);
    const Floats mass = load(list[D] + e), spread = load(list[D + 1] + e);
    for (int p = 0; p < P; ++p) {
      Floats difference[D], squared = splat(1.0f);
      for (int d = 0; d < D; ++d) {
        difference[d] = own[p][d] - at[d];
        squared += difference[d] * difference[d];
      }
      if constexpr (kGeneral) {
        squared = smaller(1.0f + (squared - 1.0f) * (1 / alpha), splat(kFar));
        const Floats b = reciprocal(squared), weight = exponential(-alpha * logarithm(squared));
        const Floats second = spread * b;
        totals[p] += weight * (mass + second * (c - 1.0f - c * b));
        const Floats factor =
            weight * b * (mass + second * ((c - 1) * (alpha + 1) - c * (alpha + 2) * b) * (1 / alpha));
        for (int d = 0; d < D; ++d) sums[p][d] += factor * difference[d];
        continue;
      }
      const Floats weight = reciprocal(smaller(squared, splat(kFar)));
      const Floats second = spread * weight;
      totals[p] += weight * (mass + second * (4.0f / D - 1.0f - 4.0f / D * weight));
      const Floats factor = weight * weight * (mass + second * (8.0f / D - 2.0f - 12.0f / D * weight));
      for (int d = 0; d < D; ++d) sums[p][d] += factor * difference[d];
    }
  }
  double total = 0;
  for (int p = 0; p < P; ++p) {
    total += static_cast<double>(sum(totals[p]));
    for (int d = 0; d < D; ++d) forces[d][first + p] = sum(sums[p][d]);
  }
  return total;
}

template <int D, bool kGeneral>
SIGMA_INLINE double evaluate(const float* const* list, std::size_t padded, const float* const* points,
                             std::size_t first, std::size_t last, float alpha, float* const* forces) {
  double total = 0;
  for (; first + 4 <= last; first += 4) {
    total += evaluate_points<D, 4, kGeneral>(list, padded, points, first, alpha, forces);
  }
  for (; first < last; ++first) {
    total += evaluate_points<D, 1, kGeneral>(list, padded, points, first, alpha, forces);
  }
  return total;
}

// One walk for a cell and all cells below it. A cell of the tree that is far from a large group of points is far from
// every part of the group. The parts therefore inherit the decisions made for the group, and only the undecided cells
// are examined again.
template <int D, bool kGeneral>
class Walk {
 public:
  Walk(const TreeView<D>& tree, float* const* forces, WalkScratch& scratch)
      : tree_(tree), forces_(forces), scratch_(scratch) {}

  double run(std::uint32_t root) {
    scratch_.frontier.assign(1, 0);
    listed_ = 0;
    reserve(1024);
    return visit(root, 0, 1);
  }

  // Computes the force on one point that is not in the tree.
  double run_at(const float* position, float* force) {
    listed_ = 0;
    reserve(1024);
    Cell<D> target{};
    const float* points[D];
    float* forces[D];
    for (int d = 0; d < D; ++d) {
      target.low[d] = target.high[d] = position[d];
      points[d] = position + d;
      forces[d] = force + d;
    }
    auto& pending = scratch_.pending;
    pending.assign(1, 0);
    while (!pending.empty()) {
      const std::uint32_t at = pending.back();
      pending.pop_back();
      const Cell<D>& cell = tree_.cells[at];
      if (cell.width_squared <= tree_.theta_squared * distance_squared(target, cell)) {
        list_cell(cell);
      } else if (cell.is_leaf(at)) {
        list_points(cell);
      } else {
        for (std::uint32_t child = at + 1; child < cell.end; child = tree_.cells[child].end) pending.push_back(child);
      }
    }
    const float* list[D + 2];
    const std::size_t padded = pad_list(list);
    return evaluate<D, kGeneral>(list, padded, points, 0, 1, tree_.degrees_of_freedom, forces);
  }

 private:
  // The number of points that share one list. Larger groups share the cost of the walk; smaller groups have shorter
  // lists.
  static constexpr std::uint32_t kGroup = 32;

  double visit(std::uint32_t group, std::size_t begin, std::size_t end) {
    const Cell<D>& target = tree_.cells[group];
    const bool final = target.last - target.first <= kGroup || target.is_leaf(group);
    const std::size_t listed_before = listed_;
    const std::size_t rest = scratch_.frontier.size();
    auto& pending = scratch_.pending;
    for (std::size_t f = begin; f < end; ++f) {
      const std::size_t floor = pending.size();
      pending.push_back(scratch_.frontier[f]);
      while (pending.size() > floor) {
        const std::uint32_t at = pending.back();
        pending.pop_back();
        const Cell<D>& cell = tree_.cells[at];
        if (cell.width_squared <= tree_.theta_squared * distance_squared(target, cell)) {
          list_cell(cell);
        } else if (cell.is_leaf(at)) {
          if (final) {
            list_points(cell);
          } else {
            scratch_.frontier.push_back(at);
          }
        } else if (final || cell.width_squared > target.width_squared) {
          for (std::uint32_t child = at + 1; child < cell.end; child = tree_.cells[child].end) pending.push_back(child);
        } else {
          scratch_.frontier.push_back(at);
        }
      }
    }
    double total = 0;
    if (final) {
      total = evaluate_group(target);
    } else {
      const std::size_t rest_end = scratch_.frontier.size();
      for (std::uint32_t child = group + 1; child < target.end; child = tree_.cells[child].end) {
        total += visit(child, rest, rest_end);
      }
    }
    scratch_.frontier.resize(rest);
    listed_ = listed_before;
    return total;
  }

  // Squared distance of the cell's center of mass from the nearest position within the bounds of the target.
  static float distance_squared(const Cell<D>& target, const Cell<D>& cell) {
    float squared = 0;
    for (int d = 0; d < D; ++d) {
      const float below = target.low[d] - cell.center[d], above = cell.center[d] - target.high[d];
      const float outside = std::max(std::max(below, above), 0.0f);
      squared += outside * outside;
    }
    return squared;
  }

  void list_cell(const Cell<D>& cell) {
    if (listed_ + kLanes >= capacity_) reserve(2 * capacity_);
    for (int d = 0; d < D; ++d) scratch_.list[d][listed_] = cell.center[d];
    scratch_.list[D][listed_] = cell.mass;
    scratch_.list[D + 1][listed_++] = cell.spread;
  }

  void list_points(const Cell<D>& cell) {
    const std::size_t count = cell.last - cell.first;
    if (listed_ + count + kLanes >= capacity_) reserve(2 * capacity_ + count);
    for (int d = 0; d < D; ++d) {
      std::copy_n(tree_.points[d] + cell.first, count, scratch_.list[d].data() + listed_);
    }
    std::fill_n(scratch_.list[D].data() + listed_, count, 1.0f);
    std::fill_n(scratch_.list[D + 1].data() + listed_, count, 0.0f);
    listed_ += count;
  }

  double evaluate_group(const Cell<D>& target) {
    const float* list[D + 2];
    const std::size_t padded = pad_list(list);
    return evaluate<D, kGeneral>(list, padded, tree_.points, target.first, target.last, tree_.degrees_of_freedom,
                                 forces_);
  }

  std::size_t pad_list(const float* (&list)[D + 2]) {
    const std::size_t padded = (listed_ + kLanes - 1) / kLanes * kLanes;
    for (int a = 0; a < D + 2; ++a) {
      std::fill(scratch_.list[a].data() + listed_, scratch_.list[a].data() + padded, 0.0f);
      list[a] = scratch_.list[a].data();
    }
    return padded;
  }

  void reserve(std::size_t capacity) {
    for (int d = 0; d < D + 2; ++d) {
      if (scratch_.list[d].size() < capacity) scratch_.list[d].resize(capacity);
    }
    capacity_ = scratch_.list[0].size();
  }

  const TreeView<D>& tree_;
  float* const* forces_;
  WalkScratch& scratch_;
  std::size_t listed_ = 0, capacity_ = 0;
};

template <int D>
static double walk(const TreeView<D>& tree, std::uint32_t root, float* const* forces, WalkScratch& scratch) {
  if (tree.degrees_of_freedom != 1) return Walk<D, true>(tree, forces, scratch).run(root);
  return Walk<D, false>(tree, forces, scratch).run(root);
}

template <bool kGeneral>
static double evaluate_all(int output_dimensions, const float* const* list, std::size_t padded,
                           const float* const* points, std::size_t first, std::size_t last, float alpha,
                           float* const* forces) {
  switch (output_dimensions) {
    case 1:
      return evaluate<1, kGeneral>(list, padded, points, first, last, alpha, forces);
    case 2:
      return evaluate<2, kGeneral>(list, padded, points, first, last, alpha, forces);
    default:
      return evaluate<3, kGeneral>(list, padded, points, first, last, alpha, forces);
  }
}

template <int D>
static double field(const TreeView<D>& tree, const float* position, float* force, WalkScratch& scratch) {
  if (tree.degrees_of_freedom != 1) return Walk<D, true>(tree, nullptr, scratch).run_at(position, force);
  return Walk<D, false>(tree, nullptr, scratch).run_at(position, force);
}

static double all_pairs(int output_dimensions, const float* const* list, std::size_t padded, const float* const* points,
                        std::size_t first, std::size_t last, float degrees_of_freedom, float* const* forces) {
  const auto evaluate_them = degrees_of_freedom == 1 ? evaluate_all<false> : evaluate_all<true>;
  return evaluate_them(output_dimensions, list, padded, points, first, last, degrees_of_freedom, forces);
}

const RepulsionKernels& repulsion_kernels() {
  static const RepulsionKernels table{walk<1>, walk<2>, walk<3>, field<1>, field<2>, field<3>, all_pairs};
  return table;
}

}  // namespace sigma::SIGMA_ISA
