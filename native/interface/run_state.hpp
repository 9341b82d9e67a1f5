#pragma once

#include <memory>
#include <optional>

#include "../embedding/run.hpp"
#include "values.hpp"

namespace sigma {

// A run that is being restored: the part of its state that was written so far, and its options and neighbors.
struct UnfinishedState {
  RunState state;
  Options options;
  std::optional<Neighbors> neighbors;
};

// The state of a run as named values and arrays, as in run files. native/addon/binding.d.cts describes them.
UnfinishedState prepare_state(const Values& shape, const Options& options);
void write_state(UnfinishedState& unfinished, const Values& rows);
std::unique_ptr<Run> restore_run(UnfinishedState unfinished);
void describe_state(const Run& run, Values& shape);
void read_state(const Run& run, const Values& rows, Values& result);

}  // namespace sigma
