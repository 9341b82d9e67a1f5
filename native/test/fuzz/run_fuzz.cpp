// Fuzzes runs with valid settings and data of any kind. They may only throw errors that the addon translates.
#include "embedding.hpp"

using namespace sigma;
using namespace sigma::test;

namespace {

Neighbors draw_neighbors(Draws& draws, std::size_t n, std::size_t k) {
  Neighbors given{n, k, {}, {}, 1.0, NeighborMethod::given};
  for (std::size_t i = 0; i < n; ++i) {
    float distance = 0;
    for (std::size_t e = 0; e < k; ++e) {
      distance += draws.once(3) ? 0.0f : static_cast<float>(draws.fraction());
      given.indices.push_back(static_cast<std::uint32_t>((i + 1 + e) % n));
      given.squared.push_back(distance);
    }
  }
  return given;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  Draws draws(bytes, size);
  const auto n = static_cast<std::size_t>(draws.once(8) ? draws.integer(100, 255) : draws.integer(3, 40));
  const auto d = static_cast<std::size_t>(draws.integer(1, 8));
  const bool has_sigma = draws.once(3);
  try {
    const std::vector<double> data = draws.numbers(n * d);
    Gaussians points = pack_means({nullptr, data.data()}, n, d);
    Options options = draw_options(draws, n, d, has_sigma);
    if (has_sigma) {
      const std::vector<double> sigma = draws.numbers(n * d, true);
      pack_sigma(points, {nullptr, sigma.data()}, options.variance_floor);
    }
    std::optional<Neighbors> neighbors;
    const double largest = *std::max_element(options.perplexities.begin(), options.perplexities.end());
    const auto k = std::min(n - 1, static_cast<std::size_t>(3 * largest));
    if (draws.once(6)) {
      options.neighbors = NeighborMethod::given;
      neighbors = draw_neighbors(draws, n, k);
    }
    std::vector<float> start;
    if (draws.once(6)) {
      options.start = Start::given;
      for (const double x : draws.numbers(n * static_cast<std::size_t>(options.output_dimensions))) {
        start.push_back(std::abs(x) <= 1e4 ? static_cast<float>(x) : 0.0f);
      }
    }
    Run run(std::move(points), options, std::move(start), std::move(neighbors));
    exercise(run, draws, options.iterations, has_sigma);
  } catch (const BadValue&) {
  } catch (const Diverged&) {
  }
  return 0;
}
