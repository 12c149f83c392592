// A Parameter that a module uses and no fields() lists is an error at the next step; what is left out on purpose is
// not.
#include <memory>

#include <gradus/nn/nn.hpp>
#include <gradus/ops.hpp>
#include <gradus/optim/optim.hpp>

#include "support.hpp"

using namespace gradus;

namespace {

const Tensor& input() {
  static const Tensor x = tensor({{1, 2}, {-1, 0.5}});
  return x;
}

// One walk of the sum of squares, and one step.
template <class Net>
void run(Net& net, optim::OptimizerBase& opt) {
  {
    Tape tape;
    tape.backward(sum(square(net(input()))));
  }
  opt.step();
}

struct Complete : nn::Module<Complete> {
  nn::Linear a{2, 2}, b{2, 2};
  Tensor forward(const Tensor& x) const { return b(tanh(a(x))); }
  void fields(auto& v) {
    v("a", a);
    v("b", b);
  }
};
struct ForgetsLayer : nn::Module<ForgetsLayer> {
  nn::Linear a{2, 2}, b{2, 2};
  Tensor forward(const Tensor& x) const { return b(tanh(a(x))); }
  void fields(auto& v) { v("a", a); }
};
struct ForgetsParameter : nn::Module<ForgetsParameter> {
  nn::Linear a{2, 2};
  Parameter scale = ones({2});
  Tensor forward(const Tensor& x) const { return a(x) * scale; }
  void fields(auto& v) { v("a", a); }
};
struct WithoutFields : nn::Module<WithoutFields> {
  nn::Linear a{2, 2};
  Tensor forward(const Tensor& x) const { return a(x); }
};
struct Outer : nn::Module<Outer> {
  nn::Linear first{2, 2};
  ForgetsLayer inner;
  Tensor forward(const Tensor& x) const { return inner(first(x)); }
  void fields(auto& v) {
    v("first", first);
    v("inner", inner);
  }
};

}  // namespace

TEST_CASE("a forgotten layer, Parameter or fields() is an error at the step, with its place") {
  ForgetsLayer layer;
  optim::SGD a(layer);
  const Tensor before = layer.a.weight.clone();
  CHECK_SAYS(run(layer, a), "SGD: a module uses a parameter that no fields() lists", "a Linear in ForgetsLayer",
             "shape (2,) is first used by 'addmm' at ", "tests/nn/unlisted.cpp:", "fields() of ForgetsLayer",
             "requires_grad_(false)");
  CHECK(equal(layer.a.weight, before));

  ForgetsParameter parameter;
  optim::Adam b(parameter);
  CHECK_SAYS(run(parameter, b), "Adam: ", "a Parameter in ForgetsParameter", "shape (2,)", "'mul' at ");

  nn::Sequential inside{nn::Linear(2, 2), WithoutFields()};
  optim::SGD c(inside);
  CHECK_SAYS(run(inside, c), "a Linear in WithoutFields", "in '1'", "fields() of WithoutFields");
  CHECK_SAYS(optim::SGD(WithoutFields()), "there are no parameters to train", "WithoutFields", "list its members");

  Outer outer;
  optim::SGD d(outer);
  CHECK_SAYS(run(outer, d), "a Linear in ForgetsLayer", "in 'inner'");
}

TEST_CASE("a forgotten layer that is first used later is found by the second step that uses it") {
  struct Late : nn::Module<Late> {
    nn::Linear a{2, 2}, b{2, 2};
    bool deep = false;
    Tensor forward(const Tensor& x) const { return deep ? b(tanh(a(x))) : a(x); }
    void fields(nn::Fields& v) { v("a", a); }
  };
  for (const int shallow : {1, 3, 50}) {
    CAPTURE(shallow);
    nn::Sequential net{nn::Linear(2, 2), Late()};
    Complete other;
    optim::SGD opt(net), beside(other);
    for (int i = 0; i < shallow; ++i) run(net, opt);
    static_cast<Late&>(net[1]).deep = true;
    const auto twice = [&] {
      for (int i = 0; i < 2; ++i) {
        run(other, beside);  // a call that finds nothing
        run(net, opt);
      }
    };
    CHECK_SAYS(twice(), "SGD: a module uses a parameter that no fields() lists", "a Linear in Late", "in '1'",
               "fields() of Late");
  }
}

TEST_CASE("the error stays until the module is mended, and ends with it") {
  Complete fine;
  optim::SGD opt(fine);
  {
    ForgetsLayer net;
    optim::SGD own(net);
    CHECK_SAYS(run(net, own), "no fields() lists");
    own.zero_grad();
    CHECK_SAYS(run(net, own), "no fields() lists");
    net.b.requires_grad_(false);  // left out on purpose
    own.zero_grad();
    run(net, own);
  }
  run(fine, opt);
}

TEST_CASE("optimizers that call the loss themselves find it too") {
  ForgetsLayer net;
  const auto loss = [&] { return sum(square(net(input()))); };
  optim::Newton newton(net, {.damping = 1});
  CHECK_SAYS(newton.step(loss), "Newton: a module uses a parameter that no fields() lists");
  optim::NewtonCG cg(net);
  CHECK_SAYS(cg.step(loss), "NewtonCG: a module uses a parameter that no fields() lists");
  optim::LBFGS lbfgs(net);
  CHECK_SAYS(lbfgs.step([&] {
    Tape tape;
    const Tensor y = loss();
    tape.backward(y);
    return y;
  }),
             "LBFGS: a module uses a parameter that no fields() lists");
}

TEST_CASE("a layer held by a callable is not listed, unless an optimizer has it") {
  nn::Sequential net{nn::Linear(2, 2), [lost = nn::Linear(2, 2)](const Tensor& x) { return lost(x); }};
  optim::SGD opt(net);
  CHECK_SAYS(run(net, opt), "a Linear in lambda");

  nn::Linear kept(2, 2);
  nn::Sequential other{nn::Linear(2, 2), [&kept](const Tensor& x) { return kept(x); }};
  optim::SGD both(other);
  both.add_group(kept);
  run(other, both);
}

TEST_CASE("two networks with an optimizer each: none of their parameters is unlisted") {
  Complete generator, critic;
  optim::SGD a(generator), b(critic);
  for (optim::OptimizerBase* opt : {&a, &b}) {
    Tape tape;
    tape.backward(sum(critic(generator(input()))));
    opt->step();
    generator.zero_grad();
    critic.zero_grad();
  }
}

TEST_CASE("what is left out on purpose is no error: a part, frozen or not; a leaf; an input") {
  Complete part;
  optim::SGD head(part.b);
  run(part, head);

  ForgetsLayer frozen;
  frozen.b.requires_grad_(false);
  optim::SGD rest(frozen);
  run(frozen, rest);

  struct WithLeaf : nn::Module<WithLeaf> {
    nn::Linear a{2, 2};
    Tensor leaf = ones({2}).requires_grad_();
    Tensor forward(const Tensor& x) const { return a(x) * leaf; }
    void fields(nn::Fields& v) { v("a", a); }
  } leaf;
  optim::SGD own(leaf);
  run(leaf, own);

  Tensor x = input().clone().requires_grad_();
  Complete net;
  optim::SGD opt(net);
  Tape tape;
  tape.backward(sum(net(x)));
  opt.step();
  CHECK(x.grad().defined());
}

TEST_CASE("tied weights and shared modules that another module lists are no error") {
  struct Decoder : nn::Module<Decoder> {
    explicit Decoder(const nn::Linear& other) : tied(other.weight), shared(&other) {}
    Tensor forward(const Tensor& x) const { return matmul((*shared)(x), tied); }
    Tensor tied;
    const nn::Linear* shared;
  };
  nn::Linear encoder(2, 2);
  Decoder decoder(encoder);
  optim::SGD opt(encoder);
  Tape tape;
  tape.backward(sum(decoder(encoder(input()))));
  opt.step();

  struct Tied : nn::Module<Tied> {  // one layer under two names
    nn::Linear a{2, 2};
    Tensor forward(const Tensor& x) const { return a(a(x)); }
    void fields(nn::Fields& v) {
      v("a", a);
      v("b", a);
    }
  };
  Tied twice;
  optim::SGD both(twice);
  CHECK(both.parameters().size() == 2);
}

TEST_CASE("a Parameter of a module that is used outside of any call is the user's business") {
  struct Energy : nn::Module<Energy> {
    Parameter w = ones({2, 2});
    nn::Linear head{2, 1};
    Tensor energy(const Tensor& x) const { return head(matmul(x, w)); }
    Tensor forward(const Tensor& x) const { return energy(x); }
    void fields(nn::Fields& v) { v("head", head); }
  } net;
  optim::SGD opt(net.head);
  Tape tape;
  tape.backward(sum(net.energy(input())));
  opt.step();
}

TEST_CASE("gradients that nobody has walked for are no reason to stop") {
  ForgetsLayer lost;
  Complete net;
  optim::SGD opt(net);
  Tape tape;
  const Tensor unused = lost(input());
  tape.backward(sum(net(input())));
  opt.step();
  CHECK(unused.defined());
}
