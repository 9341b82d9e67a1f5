// Tests the C interface in the way in which a program in another language uses it.
#include "interface/sigma_tsne.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Free {
  void operator()(sigma_values* values) const { sigma_values_free(values); }
  void operator()(sigma_run* run) const { sigma_run_free(run); }
};
using Table = std::unique_ptr<sigma_values, Free>;
using RunHandle = std::unique_ptr<sigma_run, Free>;

constexpr std::size_t kPoints = 120, kColumns = 4;

Table matrix(const std::vector<float>& numbers, std::size_t rows, std::size_t cols) {
  Table table(sigma_values_new());
  std::memcpy(sigma_set_array(table.get(), "data", SIGMA_FLOAT32, numbers.size()), numbers.data(),
              numbers.size() * sizeof(float));
  sigma_set_number(table.get(), "rows", static_cast<double>(rows));
  sigma_set_number(table.get(), "cols", static_cast<double>(cols));
  return table;
}

// Points in three groups.
std::vector<float> points() {
  std::vector<float> numbers;
  for (std::size_t i = 0; i < kPoints; ++i) {
    for (std::size_t k = 0; k < kColumns; ++k) {
      numbers.push_back(static_cast<float>(10.0 * static_cast<double>(i % 3 == k % 3) +
                                           std::sin(static_cast<double>(7 * i + 3 * k))));
    }
  }
  return numbers;
}

Table run_options() {
  Table options(sigma_values_new());
  sigma_values* o = options.get();
  for (const auto& [name, text] : {std::pair{"method", "auto"},
                                   {"distance", "euclidean"},
                                   {"neighbors", "auto"},
                                   {"init", "pca"},
                                   {"optimizer", "curvature"},
                                   {"varianceFloor", "auto"}}) {
    sigma_set_text(o, name, text);
  }
  for (const auto& [name, number] : {std::pair{"meshSpacing", 0.4},
                                     {"perplexity", 10.0},
                                     {"theta", 0.5},
                                     {"degreesOfFreedom", 1.0},
                                     {"outputDimensions", 2.0},
                                     {"iterations", 100.0},
                                     {"seed", 42.0},
                                     {"earlyExaggeration", 12.0},
                                     {"earlyExaggerationIterations", 50.0},
                                     {"exaggeration", 1.0},
                                     {"threads", 1.0}}) {
    sigma_set_number(o, name, number);
  }
  return options;
}

Table run_arguments(const std::vector<float>& data) {
  Table arguments(sigma_values_new());
  sigma_set_table(arguments.get(), "data", matrix(data, data.size() / kColumns, kColumns).release());
  sigma_set_table(arguments.get(), "options", run_options().release());
  return arguments;
}

RunHandle make_run() {
  return RunHandle(sigma_run_new(run_arguments(points()).get()));
}

Table advance_to(double iteration) {
  Table how(sigma_values_new());
  sigma_set_number(how.get(), "until", iteration);
  sigma_set_flag(how.get(), "untilConverged", 0);
  sigma_set_flag(how.get(), "wantsKl", 1);
  sigma_set_number(how.get(), "snapshotEvery", 0);
  return how;
}

std::string last_error(const char* name) {
  const char* text = sigma_get_text(sigma_last_error(), name);
  return text == nullptr ? "" : text;
}

std::vector<float> embedding_of(sigma_run* run) {
  const Table table(sigma_run_embedding(run));
  const auto* numbers = static_cast<const float*>(sigma_get_array(table.get(), "embedding"));
  return {numbers, numbers + sigma_get_length(table.get(), "embedding")};
}

TEST(CInterface, ReturnsTheValuesOfATable) {
  const Table table(sigma_values_new());
  EXPECT_EQ(sigma_set_number(table.get(), "number", 2.5), 1);
  EXPECT_EQ(sigma_set_flag(table.get(), "flag", 1), 1);
  EXPECT_EQ(sigma_set_text(table.get(), "text", "abc"), 1);
  static_cast<std::uint32_t*>(sigma_set_array(table.get(), "array", SIGMA_UINT32, 3))[2] = 7;
  EXPECT_EQ(sigma_count(table.get()), 4u);
  EXPECT_STREQ(sigma_name(table.get(), 0), "array");
  EXPECT_EQ(sigma_name(table.get(), 4), nullptr);
  EXPECT_EQ(sigma_kind_of(table.get(), "number"), SIGMA_NUMBER);
  EXPECT_EQ(sigma_kind_of(table.get(), "flag"), SIGMA_FLAG);
  EXPECT_EQ(sigma_kind_of(table.get(), "text"), SIGMA_TEXT);
  EXPECT_EQ(sigma_kind_of(table.get(), "array"), SIGMA_UINT32);
  EXPECT_EQ(sigma_kind_of(table.get(), "other"), SIGMA_ABSENT);
  EXPECT_EQ(sigma_get_number(table.get(), "number"), 2.5);
  EXPECT_EQ(sigma_get_flag(table.get(), "flag"), 1);
  EXPECT_STREQ(sigma_get_text(table.get(), "text"), "abc");
  EXPECT_EQ(sigma_get_length(table.get(), "array"), 3u);
  EXPECT_EQ(static_cast<const std::uint32_t*>(sigma_get_array(table.get(), "array"))[2], 7u);
  EXPECT_TRUE(std::isnan(sigma_get_number(table.get(), "text")));
}

TEST(CInterface, ComputesAnEmbeddingWithItsDivergence) {
  const RunHandle run = make_run();
  ASSERT_NE(run, nullptr) << last_error("message");
  const Table result(sigma_run_advance(run.get(), advance_to(100).get(), nullptr, nullptr));
  ASSERT_NE(result, nullptr) << last_error("message");
  EXPECT_GT(sigma_get_number(result.get(), "kl"), 0);
  EXPECT_LT(sigma_get_number(result.get(), "kl"), 1);
  EXPECT_EQ(embedding_of(run.get()).size(), 2 * kPoints);
  const Table state(sigma_run_describe(run.get()));
  EXPECT_EQ(sigma_get_number(state.get(), "iteration"), 100);
  EXPECT_EQ(sigma_get_number(state.get(), "count"), static_cast<double>(kPoints));
  EXPECT_STREQ(sigma_get_text(sigma_get_table(state.get(), "neighbors"), "method"), "exact");
}

TEST(CInterface, CancelsWhenAReportAsksForIt) {
  const RunHandle run = make_run();
  int reports = 0;
  const auto stop = [](const sigma_values* report, void* context) {
    ++*static_cast<int*>(context);
    return std::strcmp(sigma_get_text(report, "stage"), "optimization") == 0 ? 1 : 0;
  };
  EXPECT_EQ(sigma_run_advance(run.get(), advance_to(100).get(), stop, &reports), nullptr);
  EXPECT_EQ(last_error("code"), "ABORTED");
  EXPECT_GT(reports, 3);
  // The run continues from there and ends with the same embedding as a run that was not stopped.
  EXPECT_NE(Table(sigma_run_advance(run.get(), advance_to(100).get(), nullptr, nullptr)), nullptr);
  const RunHandle other = make_run();
  EXPECT_NE(Table(sigma_run_advance(other.get(), advance_to(100).get(), nullptr, nullptr)), nullptr);
  EXPECT_EQ(embedding_of(run.get()), embedding_of(other.get()));
}

TEST(CInterface, ReportsTheRowAndColumnOfABadValue) {
  std::vector<float> data = points();
  data[2 * kColumns + 1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(RunHandle(sigma_run_new(run_arguments(data).get())), nullptr);
  EXPECT_EQ(last_error("code"), "NOT_FINITE");
  EXPECT_EQ(last_error("argument"), "data");
  EXPECT_EQ(sigma_get_number(sigma_last_error(), "row"), 2);
  EXPECT_EQ(sigma_get_number(sigma_last_error(), "column"), 1);
}

TEST(CInterface, NamesAMissingArgument) {
  const Table arguments(sigma_values_new());
  EXPECT_EQ(RunHandle(sigma_run_new(arguments.get())), nullptr);
  EXPECT_EQ(last_error("code"), "INVALID_ARGUMENT");
  EXPECT_EQ(last_error("message"), "options: expected a table");
  const Table complete = run_arguments(points());
  sigma_values* with_text = sigma_values_new();
  sigma_set_text(with_text, "rows", "many");
  sigma_set_table(complete.get(), "data", with_text);
  EXPECT_EQ(RunHandle(sigma_run_new(complete.get())), nullptr);
  EXPECT_EQ(last_error("message"), "rows: expected a number");
}

TEST(CInterface, KeepsOneLastErrorPerThread) {
  EXPECT_EQ(RunHandle(sigma_run_new(Table(sigma_values_new()).get())), nullptr);
  std::string elsewhere = "none";
  std::thread([&] { elsewhere = last_error("code"); }).join();
  EXPECT_EQ(elsewhere, "");
  EXPECT_EQ(last_error("code"), "INVALID_ARGUMENT");
}

TEST(CInterface, PlacesFittedPointsNearTheirOwnPositions) {
  const RunHandle run = make_run();
  EXPECT_NE(Table(sigma_run_advance(run.get(), advance_to(100).get(), nullptr, nullptr)), nullptr);
  std::vector<float> data = points();
  data.resize(6 * kColumns);
  const Table arguments(sigma_values_new());
  sigma_set_table(arguments.get(), "data", matrix(data, 6, kColumns).release());
  sigma_values* options = sigma_values_new();
  sigma_set_number(options, "perplexity", 10);
  sigma_set_number(options, "iterations", 100);
  sigma_set_table(arguments.get(), "options", options);
  const Table placed(sigma_run_place(run.get(), arguments.get(), nullptr, nullptr));
  ASSERT_NE(placed, nullptr) << last_error("message");
  const auto* positions = static_cast<const float*>(sigma_get_array(placed.get(), "positions"));
  const std::vector<float> embedding = embedding_of(run.get());
  for (std::size_t e = 0; e < 12; ++e) EXPECT_NEAR(positions[e], embedding[e], 2) << "at " << e;
}

TEST(CInterface, RestoresARunFromItsState) {
  const RunHandle run = make_run();
  EXPECT_NE(Table(sigma_run_advance(run.get(), advance_to(50).get(), nullptr, nullptr)), nullptr);
  const Table arguments(sigma_values_new());
  sigma_set_table(arguments.get(), "shape", sigma_run_state(run.get()));
  sigma_set_table(arguments.get(), "options", run_options().release());
  const RunHandle restored(sigma_run_new(arguments.get()));
  ASSERT_NE(restored, nullptr) << last_error("message");
  for (const auto& [name, rows] : {std::pair{"center", kColumns},
                                   {"means", kPoints},
                                   {"order", kPoints},
                                   {"positions", kPoints},
                                   {"velocity", kPoints},
                                   {"gains", kPoints}}) {
    const Table which(sigma_values_new());
    sigma_set_text(which.get(), "name", name);
    sigma_set_number(which.get(), "first", 0);
    sigma_set_number(which.get(), "last", static_cast<double>(rows));
    const Table read(sigma_run_read(run.get(), which.get()));
    ASSERT_NE(read, nullptr) << name << ": " << last_error("message");
    sigma_set_text(read.get(), "name", name);
    sigma_set_number(read.get(), "first", 0);
    EXPECT_NE(Table(sigma_run_write(restored.get(), read.get())), nullptr) << name << ": " << last_error("message");
  }
  EXPECT_NE(Table(sigma_run_restore(restored.get())), nullptr) << last_error("message");
  for (sigma_run* of : {run.get(), restored.get()}) {
    EXPECT_NE(Table(sigma_run_advance(of, advance_to(100).get(), nullptr, nullptr)), nullptr);
  }
  EXPECT_EQ(embedding_of(restored.get()), embedding_of(run.get()));
}

TEST(CInterface, RejectsARunThatWasNotRestored) {
  const Table arguments = run_arguments(points());
  const RunHandle made = make_run();
  EXPECT_NE(Table(sigma_run_advance(made.get(), advance_to(0).get(), nullptr, nullptr)), nullptr);
  const Table unfinished(sigma_values_new());
  sigma_set_table(unfinished.get(), "shape", sigma_run_state(made.get()));
  sigma_set_table(unfinished.get(), "options", run_options().release());
  const RunHandle run(sigma_run_new(unfinished.get()));
  EXPECT_EQ(Table(sigma_run_advance(run.get(), advance_to(1).get(), nullptr, nullptr)), nullptr);
  EXPECT_EQ(last_error("code"), "INVALID_ARGUMENT");
}

TEST(CInterface, SeparatesPointsAndAssignsCells) {
  const RunHandle run = make_run();
  EXPECT_NE(Table(sigma_run_advance(run.get(), advance_to(50).get(), nullptr, nullptr)), nullptr);
  const Table arguments(sigma_values_new());
  sigma_set_table(arguments.get(), "points", matrix(embedding_of(run.get()), kPoints, 2).release());
  sigma_values* options = sigma_values_new();
  sigma_set_text(options, "method", "flow");
  for (const char* name : {"relaxations", "grid", "gamma", "tolerance", "iterations", "bins", "threads"}) {
    sigma_set_number(options, name, 1);
  }
  sigma_set_table(arguments.get(), "options", options);
  const Table separated(sigma_separate(arguments.get(), nullptr, nullptr));
  ASSERT_NE(separated, nullptr) << last_error("message");
  EXPECT_EQ(sigma_get_length(separated.get(), "points"), 2 * kPoints);
  sigma_set_number(arguments.get(), "rows", 11);
  sigma_set_number(arguments.get(), "columns", 11);
  sigma_set_number(arguments.get(), "threads", 1);
  const Table grid(sigma_assign_to_grid(arguments.get(), nullptr, nullptr));
  ASSERT_NE(grid, nullptr) << last_error("message");
  const auto* cells = static_cast<const std::uint32_t*>(sigma_get_array(grid.get(), "cells"));
  std::vector<std::uint32_t> sorted(cells, cells + kPoints);
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(std::adjacent_find(sorted.begin(), sorted.end()), sorted.end());
}

TEST(CInterface, EvaluatesAnEmbedding) {
  const RunHandle run = make_run();
  EXPECT_NE(Table(sigma_run_advance(run.get(), advance_to(100).get(), nullptr, nullptr)), nullptr);
  const Table arguments(sigma_values_new());
  sigma_set_table(arguments.get(), "data", matrix(points(), kPoints, kColumns).release());
  sigma_set_table(arguments.get(), "embedding", matrix(embedding_of(run.get()), kPoints, 2).release());
  sigma_values* options = sigma_values_new();
  sigma_set_text(options, "distance", "euclidean");
  sigma_set_text(options, "neighbors", "exact");
  for (const auto& [name, number] :
       {std::pair{"perplexity", 10.0}, {"k", 10.0}, {"sample", 0.0}, {"seed", 1.0}, {"threads", 1.0}}) {
    sigma_set_number(options, name, number);
  }
  sigma_set_table(arguments.get(), "options", options);
  const Table found(sigma_evaluate(arguments.get(), nullptr, nullptr));
  ASSERT_NE(found, nullptr) << last_error("message");
  EXPECT_EQ(sigma_get_length(found.get(), "kept"), kPoints);
  EXPECT_GT(sigma_get_number(sigma_get_table(found.get(), "spearman"), "value"), 0.2);
}

}  // namespace
