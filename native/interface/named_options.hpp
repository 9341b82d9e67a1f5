// Reads the options of the core by the names that they have in the other languages. `From` is a table of named values:
// a JavaScript object (addon::Properties) or a table of the C interface (Values).
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "../embedding/options.hpp"
#include "../embedding/placement.hpp"
#include "../embedding/position_uncertainty.hpp"
#include "../layout/separation.hpp"
#include "../quality/evaluation.hpp"

namespace sigma {

// Reads the option varianceFloor. Returns 0 for "auto".
template <class From>
double read_variance_floor(const From& options) {
  return options.is_text("varianceFloor") ? 0 : options.number("varianceFloor");
}

template <class From>
Options read_run_options(const From& from) {
  Options options;
  const std::string method = from.text("method");
  for (const Method known : {Method::exact, Method::barnes_hut, Method::particle_mesh}) {
    if (method == name_of(known)) options.method = known;
  }
  options.mesh_spacing = from.number("meshSpacing");
  options.distance = from.text("distance");
  const std::string neighbors = from.text("neighbors");
  for (const NeighborMethod known : {NeighborMethod::exact, NeighborMethod::cells, NeighborMethod::given}) {
    if (neighbors == name_of(known)) options.neighbors = known;
  }
  options.variance_floor = read_variance_floor(from);
  options.perplexities = from.numbers("perplexity");
  options.theta = from.number("theta");
  options.degrees_of_freedom = from.number("degreesOfFreedom");
  options.output_dimensions = from.template whole<int>("outputDimensions");
  const bool is_auto = from.is_text("iterations");
  options.iterations = from.template whole<std::uint64_t>(is_auto ? "maxIterations" : "iterations");
  options.tolerance = is_auto ? from.number("tolerance") : 0;
  options.seed = from.template whole<std::uint64_t>("seed");
  options.pca_components = from.has("pca") ? from.template whole<std::size_t>("pca") : 0;
  const std::string start = from.text("init");
  for (const auto& [name, known] : {std::pair{"pca", Start::pca},
                                    {"random", Start::random},
                                    {"spectral", Start::spectral},
                                    {"given", Start::given}}) {
    if (start == name) options.start = known;
  }
  options.optimizer = from.text("optimizer") == "momentum" ? Optimizer::momentum : Optimizer::curvature;
  options.early_exaggeration = from.number("earlyExaggeration");
  options.early_exaggeration_iterations = from.template whole<std::uint64_t>("earlyExaggerationIterations");
  options.exaggeration = from.number("exaggeration");
  if (options.optimizer == Optimizer::momentum) {
    options.learning_rate = from.number("learningRate");
    options.final_learning_rate = from.number("finalLearningRate");
    options.momentum = from.number("momentum");
    options.final_momentum = from.number("finalMomentum");
  }
  options.threads = from.template whole<unsigned>("threads");
  return options;
}

template <class From>
PlacementOptions read_placement_options(const From& from) {
  return {.perplexities = from.numbers("perplexity"), .iterations = from.template whole<std::uint64_t>("iterations")};
}

template <class From>
UncertaintyOptions read_uncertainty_options(const From& from) {
  return {.draws = from.template whole<std::size_t>("draws"),
          .neighbors = from.template whole<std::size_t>("neighbors"),
          .seed = from.template whole<std::uint64_t>("seed"),
          .placement = read_placement_options(from),
          .uses_neighbors = from.text("prior") == "neighbors",
          .keeps_draws = from.has("keepsDraws") && from.flag("keepsDraws")};
}

template <class From>
EvaluationOptions read_evaluation_options(const From& from) {
  EvaluationOptions options;
  options.distance = from.text("distance");
  const std::string neighbors = from.text("neighbors");
  for (const NeighborMethod known : {NeighborMethod::exact, NeighborMethod::cells}) {
    if (neighbors == name_of(known)) options.neighbors = known;
  }
  options.perplexities = from.numbers("perplexity");
  for (const double size : from.numbers("k")) options.sizes.push_back(static_cast<std::size_t>(size));
  options.sample = from.template whole<std::size_t>("sample");
  options.seed = from.template whole<std::uint64_t>("seed");
  return options;
}

template <class From>
SeparationOptions read_separation_options(const From& from) {
  const std::string method = from.text("method");
  return {.method = method == "iterative"     ? SeparationMethod::iterative
                    : method == "conditional" ? SeparationMethod::conditional
                                              : SeparationMethod::flow,
          .relaxations = from.template whole<int>("relaxations"),
          .grid = from.template whole<std::size_t>("grid"),
          .gamma = from.number("gamma"),
          .tolerance = from.number("tolerance"),
          .iterations = from.template whole<std::size_t>("iterations"),
          .bins = from.template whole<std::size_t>("bins")};
}

}  // namespace sigma
