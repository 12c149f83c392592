// Operations, walks and tapes whose memory ends at any allocation.
#include <doctest/doctest.h>

#include "allocation/failing.hpp"
#include "gate/gate.hpp"

using namespace gradus;
using failing::Attempt, failing::Look;

TEST_CASE("the walk sees a failure, a change and a loss") {
  failing::arm(2);
  CHECK_THROWS_AS((std::vector<int>(3), std::vector<int>(3)), std::bad_alloc);
  CHECK(failing::disarm());
  const long before = failing::live();
  auto* const lost = new int;
  CHECK(failing::live() == before + 1);
  delete lost;
  Look a, b;
  const Tensor x = zeros({2});
  a(x);
  Tensor(x).fill_(1);
  b(x);
  CHECK_FALSE(a == b);
}

TEST_CASE("operations, recorded or not, and their walks") {
  set_num_threads(1);
  for (const gate::Row& row : gate::rows()) {
    const gate::Case c = gate::draw_case(row, 0);
    const auto look = [c](Look& to) { to(c.x); };
    failing::check(std::string(row.name), [&] { return Attempt{[&] { c.f(c.x); }, look}; });
    for (const bool record : {false, true})
      failing::check(std::string(row.name) + (record ? ", walked recorded" : ", walked"), [&] {
        return Attempt{[&c, record] {
                         Tape tape;
                         std::vector<Tensor> inputs;
                         for (const Tensor& x : c.x)
                           if (x.defined() && is_floating(x.dtype())) {
                             tape.watch(x);
                             inputs.push_back(x);
                           }
                         const Tensor y = c.f(c.x);
                         if (tape.index_of(y) >= 0)
                           tape.gradient(y, inputs, {.record = record, .cotangent = ones_like(y)});
                       },
                       look};
      });
  }
}
