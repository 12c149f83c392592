// Wrong calls of tapes, walks and derivatives: lifetimes, what was recorded, what was changed.
#include <memory>
#include <optional>
#include <thread>

#include "misuse/misuse.hpp"

using namespace gradus;
using misuse::leaf, misuse::numbers;

namespace {

constexpr const char* here = "misuse/tapes.cpp";

// Recorded on a tape that has ended.
Tensor orphan() {
  const Tensor x = leaf({2});
  Tape tape;
  return x * 2;
}

// What a call on another thread throws arrives here.
template <class F>
void on_another_thread(const F& f) {
  std::exception_ptr thrown;
  std::thread([&] {
    try {
      f();
    } catch (...) { thrown = std::current_exception(); }
  }).join();
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace

TEST_CASE("misuse: walks") {
  misuse::refuse(here, {
                           {"two tapes",
                            [] {
                              Tape a;
                              Tape b;
                            }},
                           {"backward from two numbers",
                            [] {
                              const Tensor x = leaf({2});
                              Tape tape;
                              tape.backward(x * 2);
                            }},
                           {"backward from what was not recorded",
                            [] {
                              Tape tape;
                              tape.backward(sum(numbers({2})));
                            }},
                           {"backward from before the tape",
                            [] {
                              const Tensor x = leaf({2});
                              const Tensor y = sum(x * 2);
                              Tape tape;
                              tape.backward(y);
                            }},
                           {"backward from nothing",
                            [] {
                              Tape tape;
                              tape.backward(Tensor());
                            }},
                           {"backward from a number",
                            [] {
                              Tape tape;
                              tape.backward(1.0);
                            }},
                           {"backward from a leaf of two numbers",
                            [] {
                              const Tensor x = leaf({2});
                              Tape tape;
                              (void)(x * 2);
                              tape.backward(x);
                            }},
                           {"backward twice",
                            [] {
                              const Tensor x = leaf({2});
                              Tape tape;
                              const Tensor y = sum(x * x);
                              tape.backward(y);
                              tape.backward(y);
                            }},
                           {"backward through numbers that were changed",
                            [] {
                              Tensor x = leaf({2});
                              Tape tape;
                              const Tensor y = sum(x * x);
                              {
                                const NoRecord off;
                                x.fill_(3);
                              }
                              tape.backward(y);
                            }},
                           {"backward under NoRecord",
                            [] {
                              const Tensor x = leaf({2});
                              Tape tape;
                              Tensor y;
                              {
                                const NoRecord off;
                                y = sum(x * x);
                              }
                              tape.backward(y);
                            }},
                           {"backward through integers",
                            [] {
                              const Tensor x = leaf({2});
                              Tape tape;
                              tape.backward(sum((x * 2).to(i64)).to(f32));
                            }},
                           {"backward through detach",
                            [] {
                              const Tensor x = leaf({2});
                              Tape tape;
                              tape.backward(sum((x * 2).detach()));
                            }},
                           {"backward into what is no leaf",
                            [] {
                              const Tensor x = leaf({2});
                              Tape tape;
                              const Tensor h = x * 2;
                              tape.backward(sum(h), {.into = {h}});
                            }},
                           {"backward into nothing",
                            [] {
                              const Tensor x = leaf({2});
                              Tape tape;
                              tape.backward(sum(x * 2), {.into = {Tensor()}});
                            }},
                           {"an operation on an ended tape's tensor", [] { (void)(orphan() + 1); }},
                           {"a leaf made of an ended tape's tensor", [] { orphan().requires_grad_(); }},
                           {"in place on a recorded tensor",
                            [] {
                              const Tensor x = leaf({2});
                              Tape tape;
                              Tensor y = x * 2;
                              y.fill_(1);
                            }},
                           {"backward on another thread",
                            [] {
                              const Tensor x = leaf({2});
                              Tape tape;
                              const Tensor y = sum(x * x);
                              on_another_thread([&] { tape.backward(y); });
                            }},
                           {"a recorded tensor on another thread",
                            [] {
                              const Tensor x = leaf({2});
                              Tape tape;
                              const Tensor y = x * x;
                              on_another_thread([&] { (void)(y + 1); });
                            }},
                       });
}

TEST_CASE("misuse: gradients and watched tensors") {
  misuse::refuse(here, {
                           {"gradient of many numbers without a cotangent",
                            [] {
                              const Tensor x = leaf({2});
                              Tape tape;
                              tape.gradient(x * 2, {x});
                            }},
                           {"a cotangent of another shape",
                            [] {
                              const Tensor x = leaf({2});
                              Tape tape;
                              tape.gradient(x * 2, {x}, {.cotangent = numbers({3})});
                            }},
                           {"a cotangent of another dtype",
                            [] {
                              const Tensor x = leaf({2});
                              Tape tape;
                              tape.gradient(x * 2, {x}, {.cotangent = numbers({2}, f64)});
                            }},
                           {"gradient for a stranger",
                            [] {
                              const Tensor x = leaf({2});
                              Tape tape;
                              tape.gradient(sum(x * 2), {numbers({2})});
                            }},
                           {"gradient for nothing",
                            [] {
                              const Tensor x = leaf({2});
                              Tape tape;
                              tape.gradient(sum(x * 2), {Tensor()});
                            }},
                           {"gradient of what was not recorded",
                            [] {
                              const Tensor x = leaf({2});
                              Tape tape;
                              tape.gradient(sum(numbers({2})), {x});
                            }},
                           {"watching integers",
                            [] {
                              Tape tape;
                              tape.watch(numbers({2}, i64));
                            }},
                           {"watching nothing",
                            [] {
                              Tape tape;
                              tape.watch(Tensor());
                            }},
                           {"watching after use",
                            [] {
                              const Tensor w = leaf({2}), x = numbers({2});
                              Tape tape;
                              (void)(w * x);
                              tape.watch(x);
                            }},
                           {"watching a recorded tensor",
                            [] {
                              const Tensor w = leaf({2});
                              Tape tape;
                              tape.watch(orphan());
                            }},
                           {"replay without constants",
                            [] {
                              const Tensor x = leaf({2});
                              Tape tape;
                              (void)(x * numbers({2}));
                              (void)tape.replay();
                            }},
                           {"replay after a leaf was changed",
                            [] {
                              Tensor x = leaf({2});
                              Tape tape({.replay = true});
                              (void)(x * 2);
                              {
                                const NoRecord off;
                                x.fill_(2);
                              }
                              (void)tape.replay();
                            }},
                           {"node 5 of one",
                            [] {
                              const Tensor x = leaf({2});
                              Tape tape;
                              (void)(x * 2);
                              (void)tape[5];
                            }},
                           {"apply of a leaf",
                            [] {
                              const Tensor x = leaf({2});
                              Tape tape;
                              (void)(x * 2);
                              (void)tape[0].apply(std::vector<Tensor>{});
                            }},
                           {"apply with too many inputs",
                            [] {
                              const Tensor x = leaf({2});
                              Tape tape;
                              (void)(x * 2);
                              (void)tape[1].apply(std::vector<Tensor>{x, x});
                            }},
                       });
}

TEST_CASE("misuse: derivatives") {
  const Tensor x = numbers({2}, f64), y = numbers({2}, f64);
  const auto f = [&] { return sum(square(x)); };
  misuse::refuse(
      here,
      {
          {"value_and_grad of many numbers", [&] { value_and_grad([&] { return x * 2; }, {x}); }},
          {"value_and_grad of integers", [&] { value_and_grad(f, {numbers({2}, i64)}); }},
          {"value_and_grad of an empty function", [&] { value_and_grad(Objective(), {x}); }},
          {"value_and_grad for nothing", [&] { value_and_grad(f, {Tensor()}); }},
          {"hessian of many numbers", [&] { hessian([&] { return x * 2; }, x); }},
          {"hessian for integers", [&] { hessian(f, numbers({2}, i64)); }},
          {"hessian of an undefined value", [&] { hessian([] { return Tensor(); }, x); }},
          {"hvp with too few directions",
           [&] {
             hvp(f, {x, y}, {x});
           }},
          {"hvp with a direction of another shape", [&] { hvp(f, {x}, {numbers({3}, f64)}); }},
          {"gradcheck without inputs", [&] { (void)gradcheck([](const Tensor& a) { return a; }, {}); }},
          {"gradcheck with too many inputs",
           [&] {
             (void)gradcheck([](const Tensor& a) { return a; }, {x, y});
           }},
          {"gradcheck of order 3", [&] { (void)gradcheck([](const Tensor& a) { return a * a; }, {x}, {.order = 3}); }},
          {"gradcheck along no direction",
           [&] { (void)gradcheck([](const Tensor& a) { return a * a; }, {x}, {.directions = 0}); }},
          {"gradcheck with a negative tolerance",
           [&] { (void)gradcheck([](const Tensor& a) { return a * a; }, {x}, {.rtol = -1}); }},
          {"largest eigenvalue of 0 iterations", [&] { (void)largest_eigenvalue(f, {x}, {.iterations = 0}); }},
          {"largest eigenvalue to a tolerance of NaN",
           [&] { (void)largest_eigenvalue(f, {x}, {.tolerance = std::nan("")}); }},
          {"curvature times another shape",
           [&] {
             Tape tape;
             tape.watch(x);
             const Curvature h(tape, sum(square(x)), {x});
             (void)h.times(numbers({3}, f64));
           }},
          {"curvature after its tape",
           [&] {
             std::optional<Curvature> h;
             {
               Tape tape;
               tape.watch(x);
               h.emplace(tape, sum(square(x)), std::vector<Tensor>{x});
             }
             (void)h->times(x);
           }},
      });
}
