#include "support/isa.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

namespace sigma {
namespace {

#if defined(SIGMA_X86_64)

constexpr unsigned kFma = 1u << 12, kOsXsave = 1u << 27;
constexpr unsigned kBmi = 1u << 3, kAvx2 = 1u << 5, kBmi2 = 1u << 8;
constexpr unsigned kAvx512 = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;
constexpr unsigned kYmm = 0x06, kZmm = 0xe6;

constexpr CpuFeatures kSkylakeServer = {kFma | kOsXsave, kBmi | kAvx2 | kBmi2 | kAvx512, kZmm | 1};
constexpr CpuFeatures kHaswell = {kFma | kOsXsave, kBmi | kAvx2 | kBmi2, kYmm | 1};

TEST(InstructionSet, IsTheWidestThatTheProcessorSupports) {
  EXPECT_EQ(widest_isa(kSkylakeServer), Isa::avx512);
  EXPECT_EQ(widest_isa(kHaswell), Isa::avx2);
  EXPECT_EQ(widest_isa({}), Isa::baseline);
}

TEST(InstructionSet, NeedsAllPartsOfAnExtension) {
  for (const unsigned part : {1u << 16, 1u << 17, 1u << 30, 1u << 31}) {
    CpuFeatures cpu = kSkylakeServer;
    cpu.leaf_7_ebx &= ~part;
    EXPECT_EQ(widest_isa(cpu), Isa::avx2) << "without bit " << part;
  }
  for (const unsigned part : {kBmi, kAvx2, kBmi2}) {
    CpuFeatures cpu = kSkylakeServer;
    cpu.leaf_7_ebx &= ~part;
    EXPECT_EQ(widest_isa(cpu), Isa::baseline) << "without bit " << part;
  }
  CpuFeatures without_fma = kHaswell;
  without_fma.leaf_1_ecx &= ~kFma;
  EXPECT_EQ(widest_isa(without_fma), Isa::baseline);
}

TEST(InstructionSet, NeedsASystemThatSavesTheRegisters) {
  CpuFeatures cpu = kSkylakeServer;
  cpu.xcr0 = kYmm;
  EXPECT_EQ(widest_isa(cpu), Isa::avx2);
  cpu.xcr0 = 0x02;
  EXPECT_EQ(widest_isa(cpu), Isa::baseline);
  cpu = kSkylakeServer;
  cpu.leaf_1_ecx &= ~kOsXsave;
  EXPECT_EQ(widest_isa(cpu), Isa::baseline);
}

#if defined(__linux__)
// On Linux, /proc/cpuinfo lists the features that programs can use.
TEST(InstructionSet, AgreesWithTheSystem) {
  if (std::getenv("SIGMA_TSNE_ISA") != nullptr) GTEST_SKIP() << "SIGMA_TSNE_ISA asks for another one";
  std::ifstream file("/proc/cpuinfo");
  std::set<std::string> flags;
  for (std::string line; flags.empty() && std::getline(file, line);) {
    if (line.rfind("flags", 0) != 0) continue;
    std::istringstream words(line);
    for (std::string word; words >> word;) flags.insert(word);
  }
  const auto has_all = [&](std::initializer_list<const char*> names) {
    for (const char* name : names) {
      if (flags.count(name) == 0) return false;
    }
    return true;
  };
  const bool has_avx2 = has_all({"avx2", "fma", "bmi1", "bmi2"});
  const bool has_avx512 = has_avx2 && has_all({"avx512f", "avx512dq", "avx512bw", "avx512vl"});
  EXPECT_EQ(active_isa(), has_avx512 ? Isa::avx512 : has_avx2 ? Isa::avx2 : Isa::baseline);
}
#endif

#else

TEST(InstructionSet, IsTheBaselineOfTheCompiler) {
  EXPECT_EQ(active_isa(), Isa::baseline);
}

#endif

}  // namespace
}  // namespace sigma
