// Groups of parameters that are chosen by name.
#include <gradus/nn/nn.hpp>
#include <gradus/ops.hpp>
#include <gradus/optim/optim.hpp>

#include "support.hpp"

using namespace gradus;
using namespace gradus::optim;

namespace {

struct Net : nn::Module<Net> {
  nn::Linear encoder{2, 3}, head{3, 1};
  nn::LayerNorm norm{3};
  Tensor forward(Arg x) const { return head(norm(encoder(x))); }
  void fields(auto& v) { v("encoder", encoder), v("norm", norm), v("head", head); }
};

void walk(const Net& net) {
  Tape tape;
  tape.backward(sum(square(net(tensor({{1, -2}, {0.5, 3}})))));
}

}  // namespace

TEST_CASE("biases without decay: the path is that of two optimizers") {
  manual_seed(1);
  Net net;
  Net other = net;
  AdamW opt(net, {.lr = 0.1, .weight_decay = 0.5});
  opt.add_group(ends_with("bias")).weight_decay = 0;
  CHECK(opt.groups() == 2);
  CHECK(opt.options(0).weight_decay == 0.5);
  CHECK(opt.options(1).weight_decay == 0);
  CHECK(opt.options(1).lr == 0.1);
  AdamW weights({other.encoder.weight, other.norm.weight, other.head.weight}, {.lr = 0.1, .weight_decay = 0.5});
  AdamW biases({other.encoder.bias, other.norm.bias, other.head.bias}, {.lr = 0.1, .weight_decay = 0});
  for (int i = 0; i < 3; ++i) {
    walk(net), walk(other);
    opt.step(), weights.step(), biases.step();
    opt.zero_grad(), weights.zero_grad(), biases.zero_grad();
  }
  const auto a = net.parameters(), b = other.parameters();
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(equal(a[i], b[i]));
}

TEST_CASE("a parameter goes to the last group that chooses it, with its state and its name") {
  manual_seed(2);
  Net net;
  Adam opt(net, {.lr = 0.1});
  walk(net);
  opt.step();
  const StateDict before = opt.state_dict();
  opt.add_group(starts_with("encoder."), {.lr = 0.2});
  opt.add_group([](std::string_view name) { return name == "encoder.bias"; }).lr = 0;
  opt.add_group([](const nn::NamedParameter& p) { return p.value.dim() == 2 && contains("head")(p.name); }).lr = 0.3;
  CHECK(opt.groups() == 4);
  const StateDict after = opt.state_dict();
  REQUIRE(after.size() == before.size());
  for (std::size_t i = 0; i < after.size(); ++i) {
    CHECK(after[i].first == before[i].first);
    CHECK(equal(after[i].second, before[i].second));
  }
  const Tensor bias = net.encoder.bias.clone(), weight = net.encoder.weight.clone();
  walk(net);
  opt.step();
  CHECK(equal(bias, net.encoder.bias));
  CHECK_FALSE(equal(weight, net.encoder.weight));
  CHECK(opt.lr(1) == 0.2);
  CHECK(opt.lr(3) == 0.3);
  const nn::LinearOptions plain;
  CHECK(plain.bias);
}

TEST_CASE("all of a group may go; schedules see the new groups; an optimizer from named parameters") {
  Net net;
  SGD opt(net.named_parameters(), {.lr = 1});
  opt.add_group([](std::string_view) { return true; }).lr = 2;
  Scheduler schedule(opt, StepLR{.step_size = 1, .gamma = 0.5});
  walk(net);
  opt.step();
  schedule.step();
  CHECK(opt.lr(0) == 0.5);
  CHECK(opt.lr(1) == 1);
  std::vector<nn::NamedParameter> some;
  for (const nn::NamedParameter& p : net.named_parameters())
    if (ends_with("weight")(p.name)) some.push_back(p);
  CHECK(SGD(some).named_parameters().size() == 3);
}

TEST_CASE("a choice of nothing is an error, and makes no group") {
  Net net;
  AdamW opt(net, {.lr = 0.1, .weight_decay = 0.5});
  CHECK_SAYS(opt.add_group(ends_with("bais")), "optimizer: no parameter is chosen for the group",
             "6 parameters: encoder.weight, encoder.bias, norm.weight, norm.bias, …", "named_parameters()",
             "optim/names.cpp");
  CHECK_SAYS(opt.add_group(ends_with("bias"), {.lr = 0.1}), "weight_decay");
  CHECK_SAYS(opt.add_group(ends_with("bias"), {.lr = -1, .weight_decay = 0.1}), "lr");
  CHECK(opt.groups() == 1);
  SGD empty(std::vector<Tensor>{});
  CHECK_SAYS(empty.add_group(contains("")), "an optimizer without parameters");
}
