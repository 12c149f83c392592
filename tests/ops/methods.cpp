// The members of Tensor that are recorded: each is the function of its name, and names the caller's line.
#include <gradus/ops.hpp>
#include <gradus/tape.hpp>

#include <functional>

#include "support.hpp"

using namespace gradus;

TEST_CASE("members of Tensor give what the functions of the same name give, and are recorded") {
  using F = std::function<Tensor(const Tensor&)>;
  struct Member {
    const char* name;
    F member, function;
  };
  const Member members[] = {
      {"flatten", [](auto& x) { return x.flatten(); }, [](auto& x) { return flatten(x); }},
      {"squeeze", [](auto& x) { return x.squeeze(); }, [](auto& x) { return squeeze(x); }},
      {"squeeze an axis", [](auto& x) { return x.squeeze(0); }, [](auto& x) { return squeeze(x, 0); }},
      {"unsqueeze", [](auto& x) { return x.unsqueeze(-1); }, [](auto& x) { return unsqueeze(x, -1); }},
      {"max", [](auto& x) { return x.max(1); }, [](auto& x) { return max(x, 1); }},
      {"min",
       [](auto& x) {
         return x.min({0, 1}, true);
       },
       [](auto& x) {
         return min(x, {0, 1}, true);
       }},
      {"var", [](auto& x) { return x.var(2, true); }, [](auto& x) { return var(x, 2, true); }},
      {"std", [](auto& x) { return x.std(2, false, 0); }, [](auto& x) { return stddev(x, 2, false, 0); }},
      {"matmul", [](auto& x) { return x.matmul(x.t()); }, [](auto& x) { return matmul(x, x.t()); }},
      {"pow", [](auto& x) { return x.pow(1.5); }, [](auto& x) { return pow(x, 1.5); }},
      {"pow of a tensor", [](auto& x) { return x.pow(x); }, [](auto& x) { return pow(x, x); }},
      {"abs", [](auto& x) { return x.abs(); }, [](auto& x) { return abs(x); }},
      {"exp", [](auto& x) { return x.exp(); }, [](auto& x) { return exp(x); }},
      {"log", [](auto& x) { return x.log(); }, [](auto& x) { return log(x); }},
      {"sqrt", [](auto& x) { return x.sqrt(); }, [](auto& x) { return sqrt(x); }},
      {"clamp", [](auto& x) { return x.clamp(0.6, 1.2); }, [](auto& x) { return clamp(x, 0.6, 1.2); }},
  };
  const Tensor x = (rand({1, 3, 4}, f64) + 0.5).requires_grad_();
  for (const Member& m : members) {
    INFO(std::string(m.name));
    const Tape tape;
    const Tensor y = m.member(x);
    CHECK(equal(y, m.function(x)));
    CHECK(tape.index_of(y) >= 0);
  }
  CHECK(equal(x.argmax(), argmax(x)));
  CHECK(equal(x.argmax(1, true), argmax(x, 1, true)));
}

TEST_CASE("an error in a member names the caller's line and the operation") {
  const Tensor x = ones({2, 3});
  const auto line_of = [](const auto& f) {
    try {
      f();
    } catch (const Error& e) {
      return std::string(e.where().file_name()).ends_with("methods.cpp") ? static_cast<int>(e.where().line()) : -1;
    }
    return 0;
  };
  const int here = __LINE__;
  CHECK(line_of([&] { x.matmul(x); }) == here + 1);
  CHECK(line_of([&] { x.squeeze(2); }) == here + 2);
  CHECK(line_of([&] { x.unsqueeze(4); }) == here + 3);
  CHECK(line_of([&] { x.flatten(1, 0); }) == here + 4);
  CHECK(line_of([&] { x.max(2); }) == here + 5);
  CHECK(line_of([&] { x.min(2); }) == here + 6);
  CHECK(line_of([&] { x.var(2); }) == here + 7);
  CHECK(line_of([&] { x.std(2); }) == here + 8);
  CHECK(line_of([&] { x.argmax(2); }) == here + 9);
  CHECK(line_of([&] { x.pow(ones({2})); }) == here + 10);
  CHECK(line_of([&] { x.clamp(1, 0); }) == here + 11);
  CHECK(line_of([&] { Tensor().exp(); }) == here + 12);
  CHECK(line_of([&] { Tensor().log(); }) == here + 13);
  CHECK(line_of([&] { Tensor().sqrt(); }) == here + 14);
  CHECK(line_of([&] { Tensor().abs(); }) == here + 15);
}
