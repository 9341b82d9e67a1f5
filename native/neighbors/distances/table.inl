// The distances with their names in the API. To add a distance, add a file to this folder, its include and its line
// here.
// clang-format off: a distance must be included after the distances whose arithmetic it uses.
#include "euclidean.inl"
#include "inverse_variance.inl"
#include "expected.inl"
#include "wasserstein.inl"
#include "mahalanobis.inl"
#include "mahalanobis_logdet.inl"
#include "bhattacharyya.inl"
#include "jeffreys.inl"
#include "likelihood_ratio.inl"
#include "cosine.inl"
#include "correlation.inl"
#include "manhattan.inl"
// clang-format on

#define SIGMA_DISTANCES(X)                   \
  X("euclidean", Euclidean)                  \
  X("inverse-variance", InverseVariance)     \
  X("expected", Expected)                    \
  X("wasserstein", Wasserstein)              \
  X("mahalanobis", Mahalanobis)              \
  X("mahalanobis-logdet", MahalanobisLogdet) \
  X("bhattacharyya", Bhattacharyya)          \
  X("jeffreys", Jeffreys)                    \
  X("likelihood-ratio", LikelihoodRatio)     \
  X("cosine", Cosine)                        \
  X("correlation", Correlation)              \
  X("manhattan", Manhattan)
