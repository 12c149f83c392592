// The confusion matrix of the diagnoses is the identity: each sick program gets its code and no other, each healthy one
// none, over five seeds, with a monitor and without.
#include "sick/ward.hpp"

namespace {

using namespace ward;

std::string codes(const std::vector<train::Diagnosis>& all) {
  std::string text;
  for (const train::Diagnosis& d : all) text += (text.empty() ? "" : " ") + d.code;
  return text;
}

void examine(const std::vector<Program>& programs, Watched how) {
  for (const Program& program : programs) {
    if (program.alone && how == Watched::monitor) continue;
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      manual_seed(seed);
      Ward ward(how);
      program.run(ward);
      const std::vector<train::Diagnosis> found = ward.found();
      std::string text;
      for (const train::Diagnosis& d : found) text += to_string(d) + "\n";
      INFO(std::string(program.name), ", seed ", seed, std::string(how == Watched::monitor ? "" : ", from outside"),
           "\n", text);
      CHECK(codes(found) == std::string(program.code));
    }
  }
}

}  // namespace

TEST_CASE("sick: each program gets its code and no other, from its monitor") { examine(sick, Watched::monitor); }
TEST_CASE("sick: the same without a monitor") { examine(sick, Watched::outside); }
TEST_CASE("sick: healthy programs get none from their monitors") { examine(healthy, Watched::monitor); }
TEST_CASE("sick: nor without a monitor") { examine(healthy, Watched::outside); }
TEST_CASE("sick: others of their kind, from their monitors") { examine(more_sick, Watched::monitor); }
TEST_CASE("sick: others of their kind, without a monitor") { examine(more_sick, Watched::outside); }
TEST_CASE("sick: other healthy programs, from their monitors") { examine(more_healthy, Watched::monitor); }
TEST_CASE("sick: other healthy programs, without a monitor") { examine(more_healthy, Watched::outside); }
