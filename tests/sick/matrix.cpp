// The confusion matrix of the diagnoses is the identity: each sick program gets its code and no other, each healthy one
// none, over five seeds, with a monitor and without. To be watched changes no bit of a weight.
#include "sick/ward.hpp"

#include <bit>

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

// All bits of all parameters, after each step of each optimizer.
class Bits final : public Observer {
 public:
  void on_optimizer(const OptimizerEvent& e) override {
    if (e.before) return;
    for (const Tensor& p : e.optimizer.parameters()) {
      for (const double v : p.detach().to_vector()) sum_ = (sum_ ^ std::bit_cast<std::uint64_t>(v)) * 0x100000001b3u;
    }
    ++steps_;
  }
  std::int64_t steps() const { return steps_; }
  std::uint64_t sum() const { return sum_; }

 private:
  std::uint64_t sum_ = 0xcbf29ce484222325u;
  std::int64_t steps_ = 0;
};

// The sum over a run, and the number that the generator gives next.
std::pair<std::uint64_t, double> bits_of(const Program& program, Watched how) {
  manual_seed(7);
  Bits bits;
  const Observing observing(bits);
  {
    Ward ward(how);
    program.run(ward);
  }
  CHECK(bits.steps() >= 5);
  return {bits.sum(), rand({1}).item()};
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

TEST_CASE("sick: to be watched changes no bit of a weight, and draws no number") {
  for (const auto* programs : {&sick, &healthy, &more_sick, &more_healthy}) {
    for (const Program& program : *programs) {
      INFO(std::string(program.name));
      const auto alone = bits_of(program, Watched::no);
      CHECK(bits_of(program, Watched::outside) == alone);
      if (!program.alone) CHECK(bits_of(program, Watched::monitor) == alone);
    }
  }
}
