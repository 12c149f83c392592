// gradus verify on kits of a stranger whose attributes ask for more than a machine has: refused before it is computed.
#ifdef GRADUS_TOOL
#include <nlohmann/json.hpp>

#include <limits>
#include <string>

#include "tools/kit.hpp"

using damaged::check_refused, damaged::Kit;

namespace {

using Json = nlohmann::ordered_json;

// Runs one case of a kit after changes to it.
class Hostile {
 public:
  explicit Hostile(std::string file) : file_(std::move(file)), json_(Json::parse(support::read(kit_.path(file_)))) {}

  Json& operator[](const std::string& name) {
    for (Json& c : json_["cases"])
      if (c["name"] == name) return c;
    FAIL("no such case: ", name);
    return json_;
  }
  support::Ran verify(const std::string& name) const {
    support::write(kit_.path(file_), json_.dump());
    kit_.sign(file_);
    return kit_.verify("--only '*/" + name + "'", support::little_memory);
  }

 private:
  Kit kit_;
  std::string file_;
  Json json_;
};

struct Change {
  const char* name;     // of the case
  const char* pointer;  // into it
  Json value;
};

void check_all(const std::string& file, const std::vector<Change>& changes, const std::string& why) {
  Hostile kit(file);
  for (const Change& change : changes) {
    CAPTURE(change.name);
    CAPTURE(change.value.dump());
    const Json before = kit[change.name];
    kit[change.name][Json::json_pointer(change.pointer)] = change.value;
    const auto run = kit.verify(change.name);
    check_refused(run, change.name, why);
    kit[change.name] = before;
  }
}

}  // namespace

TEST_CASE("verify: operations that would make too much") {
  const Json huge = 1 << 30;
  check_all("ops/ops.json",
            {
                {"expand/size1", "/attrs/shape", {1 << 20, 1 << 20, 2, 4, 2}},
                {"repeat/same_rank", "/attrs/repeats", {1 << 20, 1 << 20}},
                {"pad/constant_2d", "/attrs/pad", {{1 << 20, 0}, {0, 1 << 20}}},
                {"conv1d/plain", "/attrs/padding", huge},
                {"conv2d/plain", "/attrs/padding", {1 << 20, 1 << 20}},
                {"conv_transpose2d/plain", "/attrs/stride", {1 << 20, 1 << 20}},
                {"conv_transpose2d/plain", "/attrs/dilation", {1 << 20, 1 << 20}},
                {"conv_transpose2d/plain", "/attrs/output_padding", {1 << 20, 1 << 20}},
                {"max_pool2d/plain", "/attrs/padding", huge},
                {"avg_pool2d/plain", "/attrs/padding", huge},
                {"adaptive_avg_pool2d/1x1", "/attrs/output_size", {30000, 30000}},
                {"add/expanded", "/views/0/shape", {1 << 20, 1 << 20, 4, 6}},
            },
            "for this case of the kit");
}

TEST_CASE("verify: a program of many steps, none of them large") {
  Hostile kit("ops/ops.json");
  Json& attributes = kit["program/00"]["attrs"];
  Json steps = Json::array();
  for (int i = 0; i < 1000; ++i) {
    steps.push_back({{"out", "t" + std::to_string(i)},
                     {"op", "repeat"},
                     {"in", {{"x", i == 0 ? "x0" : "t" + std::to_string(i - 1)}}},
                     {"attrs", {{"repeats", {2, 1}}}}});
  }
  attributes["steps"] = steps;
  check_refused(kit.verify("program/00"), "program/00", "repeat could make");
}

TEST_CASE("verify: layers that would be too large") {
  check_all("modules/modules.json",
            {
                {"linear", "/config/out_features", 1 << 30},
                {"linear", "/config/in_features", -(1 << 30)},
                {"conv1d", "/config/kernel_size", {1 << 30}},
                {"conv1d", "/config/padding", {1 << 30}},
                {"conv2d", "/config/kernel_size", 1 << 15},
                {"conv2d", "/config/padding", {1 << 20, 1 << 20}},
                {"rnn_1_layer", "/config/hidden_size", 1 << 20},
                {"rnn_1_layer", "/config/num_layers", 1 << 30},
                {"lstm_1_layer", "/config/input_size", 1 << 30},
                {"gru_1_layer", "/config/hidden_size", 1e18},
                {"mha_self", "/config/embed_dim", 1 << 20},
                {"mha_self", "/config/kdim", 1 << 30},
                {"encoder_layer_post_norm_relu", "/config/dim_feedforward", 1 << 30},
                {"batch_norm1d", "/config/num_features", 1 << 30},
                {"layer_norm", "/config/normalized_shape", {1 << 20, 1 << 20}},
                {"group_norm", "/config/num_channels", 1 << 30},
                {"embedding", "/config/num_embeddings", 1 << 30},
            },
            "for this case of the kit");
}

TEST_CASE("verify: shapes to draw that would be too large") {
  check_all("init/init.json",
            {
                {"xavier_uniform_0/linear", "/shape", {1 << 20, 1 << 20}},
                {"orthogonal/linear", "/shape", {2000, 2000}},
            },
            "for this case of the kit");
  Hostile kit("init/init.json");
  Json& matrix = kit["orthogonal/linear"];
  matrix["shape"] = {3000, 1};
  matrix["rows"] = 3000;
  matrix["columns"] = 1;
  matrix["identity"] = "rows";
  check_refused(kit.verify("orthogonal/linear"), "orthogonal/linear", "the product with itself could make 9e+06");
}

TEST_CASE("verify: steps without end") {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const std::string why = "the case is not as the format says";
  check_all("optim/optim.json", {{"sgd/quadratic", "/steps", most}, {"sgd/quadratic", "/steps", -1}}, why);
  check_all("sched/sched.json", {{"step", "/steps", most}}, why);
  check_all("train/train.json", {{"mlp_spiral", "/steps", most}}, why);
}
#endif
