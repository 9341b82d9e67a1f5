// The distances, by the names of the API. One line and one file in this folder make one more.
#pragma once

#define SIGMA_DISTANCES(X)               \
  X("euclidean", Euclidean)              \
  X("inverse-variance", InverseVariance) \
  X("cosine", Cosine)                    \
  X("correlation", Correlation)          \
  X("manhattan", Manhattan)
