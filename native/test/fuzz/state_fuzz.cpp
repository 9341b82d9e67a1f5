// Fuzzes saved runs with numbers that no run would write. Such runs must be rejected or continue without a crash.
#include <limits>
#include <stdexcept>

#include "embedding.hpp"

using namespace sigma;
using namespace sigma::test;

namespace {

template <class Numbers>
void damage(Draws& draws, Numbers& numbers) {
  using T = typename Numbers::value_type;
  if (numbers.empty()) return;
  const double values[] = {0, -1, 1, 1e-45, 1e8, 1e30, 3e38, std::numeric_limits<double>::quiet_NaN()};
  for (int count = draws.integer(0, 3); count > 0; --count) {
    const double value = draws.pick(values);
    const std::size_t at = draws.byte() % numbers.size();
    if constexpr (std::is_integral_v<T>) {
      numbers[at] = value >= 0 && value <= 1e9 ? static_cast<T>(value) : std::numeric_limits<T>::max();
    } else {
      numbers[at] = static_cast<T>(value);
    }
  }
}

void damage(Draws& draws, PackedMatrix& matrix) {
  if (matrix.rows() == 0) return;
  std::vector<float> few(1, 0.5f);
  damage(draws, few);
  matrix.at(draws.byte() % matrix.rows(), draws.byte() % matrix.cols()) = few[0];
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  Draws draws(bytes, size);
  const auto n = static_cast<std::size_t>(draws.integer(3, 40));
  const auto d = static_cast<std::size_t>(draws.integer(1, 6));
  const bool has_sigma = draws.once(3);
  try {
    const Options options = draw_options(draws, n, d, has_sigma);
    const std::size_t columns = options.pca_components > 0 ? options.pca_components : d;
    const double scales[] = {1, 0, -1, 1e-300, 1e300, 1e150, std::numeric_limits<double>::quiet_NaN()};
    RunState state;
    state.points.means = PackedMatrix(n, columns);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t k = 0; k < columns; ++k) state.points.means.at(i, k) = static_cast<float>(i % (k + 3)) / 4;
    }
    damage(draws, state.points.means);
    state.frame = {draws.numbers(d), draws.once(4) ? draws.pick(scales) : 1, draws.once(4) ? draws.pick(scales) : 1,
                   std::vector<float>(d * options.pca_components, 0.5f), options.pca_components};
    damage(draws, state.frame.axes);
    state.points.scale = state.frame.scale;
    state.points.sigma_scale = state.frame.sigma_scale;
    if (has_sigma) {
      state.points.deviations = PackedMatrix(n, columns);
      damage(draws, state.points.deviations);
      state.points.sigma_is_equal = draws.once(2);
      state.points.variance_floor = options.variance_floor;
    }
    for (std::size_t i = 0; i < n; ++i) state.order.push_back(static_cast<std::uint32_t>((i + 3) % n));
    damage(draws, state.order);
    const std::size_t numbers =
        n * static_cast<std::size_t>(options.output_dimensions == 3 ? 4 : options.output_dimensions);
    for (AlignedVector<float>* rows : {&state.positions, &state.optimizer.velocity, &state.optimizer.gains}) {
      for (std::size_t i = 0; i < numbers; ++i) rows->push_back(static_cast<float>(i % 7 + 1) / 8);
      damage(draws, *rows);
    }
    const double nan = std::numeric_limits<double>::quiet_NaN();
    state.optimizer.mean_curvature = draws.pick({1e-3, 1.0 / static_cast<double>(n), 1e-300, 1.0, 0.0, nan});
    state.optimizer.climbs = draws.once(2);
    if (draws.once(2)) state.kl.now = draws.pick({1.0, 0.0, 1e300, nan});
    if (draws.once(2)) state.kl.before = draws.pick({1.0, -1.0, nan});
    state.iteration = draws.pick({std::uint64_t{0}, std::uint64_t{3}, std::uint64_t{1} << 53});
    const std::uint64_t until = state.iteration + 3;
    check(state);
    state.points.center = options.pca_components > 0 ? std::vector<double>(columns, 0.0) : state.frame.center;
    Run run(std::move(state), options, {});
    exercise(run, draws, until, has_sigma);
  } catch (const BadValue&) {
  } catch (const Diverged&) {
  } catch (const std::invalid_argument&) {
  }
  return 0;
}
