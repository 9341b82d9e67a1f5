// The names of the distances as parameters of tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "neighbors/distance.hpp"

namespace sigma::test {

inline std::vector<std::string> distance_names() {
  std::vector<std::string> names;
  for (const DistanceKernel& kernel : all_distances()) names.emplace_back(kernel.name);
  return names;
}

inline std::string name_of_case(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

}  // namespace sigma::test
