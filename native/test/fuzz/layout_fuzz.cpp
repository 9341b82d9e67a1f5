// Fuzzes the functions that use an embedding: separation, grids and quality. Also fuzzes principal components.
#include "embedding.hpp"
#include "layout/grid_assignment.hpp"
#include "layout/separation.hpp"
#include "linalg/pca.hpp"
#include "quality/evaluation.hpp"

using namespace sigma;
using namespace sigma::test;

namespace {

void separate(Draws& draws, const std::vector<double>& embedding, std::size_t n, ThreadTeam& team,
              const Cancellation& cancel) {
  SeparationOptions options;
  options.method = draws.pick({SeparationMethod::flow, SeparationMethod::iterative, SeparationMethod::conditional});
  options.relaxations = draws.integer(0, 8);
  options.grid = static_cast<std::size_t>(draws.integer(1, 200));
  options.gamma = 0.01 + 0.99 * draws.fraction();
  options.tolerance = draws.fraction();
  options.iterations = static_cast<std::size_t>(draws.integer(1, 20));
  options.bins = static_cast<std::size_t>(draws.integer(2, 60));
  const Separation separation = separate_points({nullptr, embedding.data()}, n, options, team, cancel, [](double) {});
  for (const double x : separation.points) promise(x >= 0 && x <= 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  Draws draws(bytes, size);
  const auto n = static_cast<std::size_t>(draws.once(4) ? draws.integer(100, 255) : draws.integer(3, 40));
  const auto d = static_cast<std::size_t>(draws.integer(1, 6));
  ThreadTeam team(static_cast<unsigned>(draws.integer(1, 4)));
  const Cancellation cancel;
  try {
    const std::vector<double> embedding = draws.numbers(2 * n);
    const int job = draws.integer(0, 3);
    if (job == 0) {
      separate(draws, embedding, n, team, cancel);
    } else if (job == 1) {
      const SquarePoints points = keep_shape({nullptr, embedding.data()}, n);
      const auto rows = static_cast<std::size_t>(draws.integer(1, 30));
      const std::size_t columns = (n + rows - 1) / rows + draws.byte() % 4;
      const GridAssignment grid =
          assign_to_grid(points, rows, columns, team, cancel, [](double) {}, draws.once(2) ? kExactCells : 16);
      std::vector<bool> taken(rows * columns);
      for (const std::uint32_t cell : grid.cells) {
        promise(cell < taken.size() && !taken[cell]);
        taken[cell] = true;
      }
    } else {
      const std::vector<double> data = draws.numbers(n * d);
      const Gaussians points = pack_means({nullptr, data.data()}, n, d);
      if (job == 2) {
        EvaluationOptions options;
        options.perplexities = {1 + (static_cast<double>(n - 1) / 3 - 1) * draws.fraction()};
        options.perplexities[0] = std::max(1.0, options.perplexities[0]);
        options.sizes = {1};
        if (n > 10) options.sizes.push_back(4);
        options.sample = draws.once(2) ? 0 : 2 + draws.byte() % (n - 1);
        evaluate(points, pack_means({nullptr, embedding.data()}, n, 2), {}, options, team, cancel,
                 [](EvaluationStage, double) {});
      } else {
        Random random(draws.byte());
        find_principal_components(points.means, 1 + draws.byte() % std::min(n, d), random, team, cancel);
      }
    }
  } catch (const BadValue&) {
  }
  return 0;
}
