// Embeds generated points with the default options, using only the core: embed POINTS COLUMNS ITERATIONS
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

#include "embedding/run.hpp"
#include "support/isa.hpp"

int main(int, char** arguments) {
  const auto points = static_cast<std::size_t>(std::atoi(arguments[1]));
  const auto columns = static_cast<std::size_t>(std::atoi(arguments[2]));
  constexpr std::size_t kGroups = 20;

  std::uint32_t state = 42;
  const auto uniform = [&state] {
    state = state * 1664525 + 1013904223;
    return static_cast<float>(state >> 8) * 0x1p-24f;
  };
  std::vector<float> centers(kGroups * columns), data(points * columns);
  for (float& value : centers) value = 3 * uniform();
  for (std::size_t i = 0; i < data.size(); ++i) {
    const std::size_t group = i / columns % kGroups;
    data[i] = centers[group * columns + i % columns] + 1.7f * (uniform() + uniform() + uniform() + uniform() - 2);
  }

  sigma::Options options;
  options.optimizer = sigma::Optimizer::curvature;
  options.early_exaggeration_iterations = 20;
  options.iterations = static_cast<std::uint64_t>(std::atoi(arguments[3]));
  sigma::Run run(sigma::pack_means({data.data(), nullptr}, points, columns), options);
  run.advance(options.iterations, [](const sigma::Progress&) {});
  std::printf("%s, KL %.6f\n", sigma::name_of(sigma::active_isa()), run.kl());
}
