// Files of weights into modules: what fits, what is reported, and that nothing changes otherwise.
#include <gradus/nn/load_into.hpp>

#include <gradus/gradus.hpp>

#include "support.hpp"

using namespace gradus;
using support::TempDir;

namespace {

using Names = std::vector<std::string>;

nn::Sequential mlp() { return nn::Sequential{nn::Linear(3, 4), nn::ReLU(), nn::Linear(4, 2)}; }

bool equal(const StateDict& a, const StateDict& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].first != b[i].first || a[i].second.to_vector() != b[i].second.to_vector()) return false;
  }
  return a.size() == b.size();
}

StateDict copied(const nn::ModuleBase& net) {
  StateDict state;
  for (const auto& [name, x] : net.state_dict()) state.emplace_back(name, x.clone());
  return state;
}

StateDict named(const std::string& prefix, const nn::ModuleBase& net) {
  StateDict state;
  for (const auto& [name, x] : net.state_dict()) state.emplace_back(prefix + name, x);
  return state;
}

// The load fails with these words, and the network is as before.
template <class... Parts>
void refused(nn::ModuleBase& net, const std::string& path, const nn::LoadIntoOptions& options, const Parts&... parts) {
  const StateDict before = copied(net);
  CHECK_SAYS(nn::load_into(net, path, options), "load_into: ", parts...);
  CHECK(equal(net.state_dict(), before));
}

struct Tied : nn::Module<Tied> {
  Parameter weight{ones({3, 2})};
  Tensor forward(const Tensor& x) const { return matmul(x, weight.t()); }
  void fields(auto& v) {
    v("embed", weight);
    v("head", weight);
  }
};

}  // namespace

TEST_CASE("load_into: a file that fits, of either kind") {
  const TempDir dir;
  manual_seed(1);
  const nn::Sequential a = mlp();
  nn::Sequential b = mlp(), c = mlp();
  io::save(dir / "m.safetensors", a.state_dict(), {{"epoch", "3"}});
  io::save_npz(dir / "m.npz", a.state_dict());
  const nn::LoadReport report = nn::load_into(b, dir / "m.safetensors");
  CHECK(equal(a.state_dict(), b.state_dict()));
  CHECK(report.complete());
  CHECK(report.loaded == Names{"0.weight", "0.bias", "2.weight", "2.bias"});
  CHECK(report.metadata.at("epoch") == "3");
  CHECK(report.notes.empty());
  CHECK(to_string(report) == "loaded 4 tensors");
  CHECK(nn::load_into(c, dir / "m.npz").complete());
  CHECK(equal(a.state_dict(), c.state_dict()));
}

TEST_CASE("load_into: what differs is listed, and nothing changes") {
  const TempDir dir;
  nn::Sequential net = mlp();
  io::save(dir / "m",
           {{"0.weight", ones({4, 3})}, {"0.bias", ones({1})}, {"2.bias", ones({2}, i64)}, {"old", ones({1})}});
  refused(net, dir / "m", {}, dir.str() + "/m: it does not fit this Sequential", "missing:    2.weight",
          "unexpected: old", "shape:      0.bias is (1,), the module's (4,)",  // never broadcast
          "dtype:      2.bias is i64, the module's f32", "{.strict = false}", "load_into.cpp:");
  const nn::LoadReport report = nn::load_into(net, dir / "m", {.strict = false});
  CHECK(report.loaded == Names{"0.weight"});
  CHECK(report.missing == Names{"2.weight"});
  CHECK(report.unexpected == Names{"old"});
  REQUIRE(report.mismatched.size() == 2);
  CHECK(report.mismatched[0].name == "0.bias");
  CHECK(report.mismatched[0].given == Shape{1});
  CHECK(report.mismatched[0].own == Shape{4});
  CHECK(report.mismatched[1].given_dtype == i64);
  CHECK_FALSE(report.complete());
  CHECK(find(net.state_dict(), "0.weight")->to_vector() == std::vector<double>(12, 1));
  CHECK_PARTS(to_string(report), "loaded 1 tensor\n", "missing:    2.weight\n", "unexpected: old\n");
  io::save(dir / "none", {{"x", ones({1})}});
  refused(net, dir / "none", {.strict = false}, "nothing of it fits this Sequential", "unexpected: x");
  refused(net, dir / "nowhere", {}, "No such file or directory");
}

TEST_CASE("load_into: prefixes, and which rename would help") {
  const TempDir dir;
  manual_seed(2);
  const nn::Sequential a = mlp();
  nn::Sequential b = mlp();
  io::save(dir / "ddp", named("module.", a));
  refused(b, dir / "ddp", {}, "missing:    0.weight", "unexpected: module.0.weight",
          "try:      {.rename = {{\"module.\", \"\"}}}");
  refused(b, dir / "ddp", {.strict = false}, "try:      {.rename = {{\"module.\", \"\"}}}");
  CHECK(nn::load_into(b, dir / "ddp", {.rename = {{"module.", ""}}}).complete());
  CHECK(equal(a.state_dict(), b.state_dict()));

  struct Outer : nn::Module<Outer> {
    nn::Sequential net = mlp();
    Tensor forward(const Tensor& x) const { return net(x); }
    void fields(nn::Fields& v) { v("net", net); }
  } outer;
  io::save(dir / "inner", a.state_dict());
  refused(outer, dir / "inner", {}, "try:      {.rename = {{\"\", \"net.\"}}}");
  CHECK(nn::load_into(outer, dir / "inner", {.rename = {{"", "net."}}}).complete());
  CHECK(equal(outer.net.state_dict(), a.state_dict()));
  // A part of a file into a part of a network.
  StateDict two = named("encoder.", a);
  two.emplace_back("decoder.weight", ones({1}));
  io::save(dir / "two", two);
  CHECK(nn::load_into(outer.net, dir / "two", {.only = "encoder.*", .rename = {{"encoder.", ""}}}).complete());
}

TEST_CASE("load_into: dtypes, turned weights, shared tensors, tensors in memory") {
  const TempDir dir;
  nn::Linear net(3, 2);
  const Tensor turned = tensor({{1, 2}, {3, 4}, {5, 6}}, f64);
  io::save(dir / "m", {{"weight", turned}, {"bias", zeros({2}, f64)}});
  refused(net, dir / "m", {}, "shape:      weight is (3, 2), the module's (2, 3)", "x.t()");
  StateDict state = io::read(dir / "m").state;
  for (auto& [name, x] : state) {
    if (name == "weight") x = x.t();
  }
  const nn::LoadReport report = nn::load_into(net, state);
  CHECK(net.weight.to_vector() == std::vector<double>{1, 3, 5, 2, 4, 6});
  CHECK(net.weight.dtype() == f32);
  CHECK(report.notes == Names{"2 tensors of f64 became f32"});
  CHECK_SAYS(nn::load_into(net, StateDict{{"weight", Tensor{}}}), "tensor \"weight\" is undefined");
  CHECK_SAYS(nn::load_into(net, state, {.rename = {{"weight", "bias"}}}), "two tensors get the name \"bias\"");

  Tied tied;
  CHECK(
      nn::load_into(tied, StateDict{{"embed", full({3, 2}, 5)}}).complete());  // as safetensors.torch.save_model has it
  CHECK(tied.weight.to_vector() == std::vector<double>(6, 5));
  CHECK(
      nn::load_into(tied, StateDict{{"other", ones({1})}, {"head", ones({3, 2})}}, {.strict = false}).missing.empty());
}

TEST_CASE("load_into: a long list is cut, not the report") {
  std::vector<nn::Linear> layers(20, nn::Linear(1, 1));
  struct Deep : nn::Module<Deep> {
    std::vector<nn::Linear> layers;
    Tensor forward(const Tensor& x) const { return x; }
    void fields(nn::Fields& v) { v("layers", layers); }
  } net;
  net.layers = layers;
  const StateDict some{{"layers.0.weight", ones({1, 1})}};
  CHECK_SAYS(nn::load_into(net, some), "missing:    layers.0.bias", "… and 27 more");
  CHECK(nn::load_into(net, some, {.strict = false}).missing.size() == 39);
}
