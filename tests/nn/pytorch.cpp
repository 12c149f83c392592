// Files that PyTorch wrote, into modules and out again: the names, shapes and orders of state_dict() are its own.
#include <gradus/gradus.hpp>

#include <fstream>
#include <nlohmann/json.hpp>

#include "support.hpp"

using namespace gradus;
using Json = nlohmann::json;

namespace {

const std::string folder = GRADUS_TEST_DIR "/reference/modules/";

// A case of tests/reference/modules: the state before its first step, and one forward.
class Case {
 public:
  explicit Case(const std::string& name) : name_(name) {
    std::ifstream in(folder + "modules.json");
    const Json all = Json::parse(in);
    for (const Json& c : all["cases"]) {
      if (c["name"] == name) json_ = c;
    }
    REQUIRE(json_.contains("state"));
  }
  nn::LoadReport load_into(nn::ModuleBase& net) const {
    return nn::load_into(net, folder + "modules.safetensors",
                         {.only = name_ + "/state.*", .rename = {{name_ + "/state.", ""}}});
  }
  Tensor input(const char* name) const { return tensor_of(json_["steps"][0]["inputs"][name]); }
  void check(const char* output, const Tensor& got) const {
    const Tensor want = tensor_of(json_["steps"][0]["outputs"][output]);
    CHECK(got.shape() == want.shape());
    const auto a = got.to_vector(), b = want.to_vector();
    for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) CHECK(a[i] == doctest::Approx(b[i]).epsilon(1e-9));
  }
  std::int64_t config(const char* name) const { return json_["config"][name]; }
  std::size_t parameters() const { return json_["state"].size(); }

 private:
  static Tensor tensor_of(const std::string& name) {
    return io::load(folder + "modules.safetensors", {.only = name})[0].second;
  }
  std::string name_;
  Json json_;
};

// All of the file was taken.
void complete(const Case& c, nn::ModuleBase& net) {
  const nn::LoadReport report = c.load_into(net);
  CHECK(report.complete());
  CHECK(report.loaded.size() == c.parameters());
}

}  // namespace

TEST_CASE("pytorch: LSTM and GRU, gates in its order") {
  const Case l("lstm_2_layers");
  nn::LSTM lstm(l.config("input_size"), l.config("hidden_size"), {.num_layers = 2, .dtype = f64});
  complete(l, lstm);
  const auto [y, h, c] = lstm(l.input("x"), l.input("h0"), l.input("c0"));
  l.check("y", y);
  const Case g("gru_2_layers_batch_first");
  nn::GRU gru(g.config("input_size"), g.config("hidden_size"), {.num_layers = 2, .batch_first = true, .dtype = f64});
  complete(g, gru);
  g.check("y", gru(g.input("x"), g.input("h0")).y);
}

TEST_CASE("pytorch: attention, packed or not, and an encoder layer") {
  const Case m("mha_cross_kdim_vdim");
  nn::MultiheadAttention attention(
      m.config("embed_dim"), m.config("num_heads"),
      {.kdim = m.config("kdim"), .vdim = m.config("vdim"), .batch_first = true, .dtype = f64});
  complete(m, attention);
  m.check("y", attention(m.input("query"), m.input("key"), m.input("value")).y);
  const Case e("encoder_layer_post_norm_relu");
  nn::TransformerEncoderLayer encoder(
      e.config("d_model"), e.config("nhead"),
      {.dim_feedforward = e.config("dim_feedforward"), .batch_first = true, .dtype = f64});
  complete(e, encoder);
  encoder.eval();
  e.check("y", encoder(e.input("src")));
}

TEST_CASE("pytorch: batch normalisation with its buffers") {
  const Case b("batch_norm2d");
  nn::BatchNorm2d norm(b.config("num_features"), {.dtype = f64});
  complete(b, norm);
  CHECK(norm.num_batches_tracked.dtype() == i64);
  const StateDict state = norm.state_dict();
  for (const char* name : {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"})
    CHECK(find(state, name));
}

TEST_CASE("pytorch: names of Sequential and ModuleList") {
  struct Net : nn::Module<Net> {
    std::vector<nn::Linear> layer{nn::Linear(2, 2), nn::Linear(2, 2)};
    nn::Sequential head{nn::ReLU(), nn::Linear(2, 1)};
    Tensor forward(const Tensor& x) const { return head(layer[1](layer[0](x))); }
    void fields(nn::Fields& v) {
      v("layer", layer);
      v("head", head);
    }
  } net;
  std::vector<std::string> names;
  for (const auto& [name, x] : net.state_dict()) names.push_back(name);
  CHECK(names == std::vector<std::string>{"layer.0.weight", "layer.0.bias", "layer.1.weight", "layer.1.bias",
                                          "head.1.weight", "head.1.bias"});
}
