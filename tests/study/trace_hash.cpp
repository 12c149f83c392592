// Traces of hashes: what stands in them, and that their hashes are those of the bits.
#include "study/traced.hpp"

using namespace gradus;
using traced::Json;
using traced::of;

namespace {

std::vector<Json> hashed(const std::function<void()>& body, study::TraceOptions options = {}) {
  const support::TempDir dir;
  options.hashes = true;
  {
    const study::Trace trace(dir / "t.jsonl", options);
    body();
  }
  return traced::events(dir / "t.jsonl");
}

// The hash of a constant that an operation reads.
std::string hash_of(const Tensor& constant) {
  const bool truths = constant.dtype() == boolean;
  const Tensor w = ones(constant.shape(), truths ? f64 : constant.dtype()).requires_grad_();
  const auto all = hashed([&] {
    const Tape tape;
    const Tensor y = truths ? where(constant, w, w * 2) : constant * w;
  });
  for (const Json& leaf : of(all, "leaf"))
    if (leaf["constant"] == true && leaf["value"]["dtype"] == std::string(name(constant.dtype())))
      return leaf["value"]["hash"];
  return "none";
}

void train_linear(int steps) {
  manual_seed(3);
  nn::Linear net(3, 2);
  optim::AdamW opt(net, {.lr = 0.1});
  for (int i = 0; i < steps; ++i) {
    Tape tape;
    tape.backward(mean(square(net(ones({4, 3})))));
    opt.step();
    opt.zero_grad();
  }
}

}  // namespace

// The values are those of an implementation of xxhash_spec.md in another language.
TEST_CASE("trace hashes: XXH64 of the numbers, row by row, as they lie in memory") {
  CHECK(hash_of(tensor({1, 2, 3}, f64)) == "d4eae4443a284f83");
  CHECK(hash_of(tensor({1, -0.0, 3}, f32)) == "519f4d37872324c6");
  CHECK(hash_of(tensor({1, 0, 3}, f32)) == "65f1a4ea9ff8e70d");  // 0 is not -0
  CHECK(hash_of(transpose(tensor({{1, 2}, {3, 4}}, f32), 0, 1)) == "6c569fa2df1dd48f");
  CHECK(hash_of(tensor({1, 0}, f64) > tensor({0, 0}, f64)) == "6c1cff0459c8bb10");
}

TEST_CASE("trace hashes: every tensor has one, in all steps, and no numbers, rules or contributions") {
  const auto all = hashed([] { train_linear(12); }, {.steps = "all", .checks = study::Checks::all, .values = 2});
  CHECK(all[0]["version"] == 2);
  CHECK(all[0]["hashes"] == "xxh64");
  CHECK(all[0]["checks"] == "off");
  CHECK(of(all, "contribution").empty());
  CHECK(of(all, "check").empty());
  CHECK(of(all, "visit").size() > 12 * 5);
  CHECK(of(all, "step").size() == 12 * 2);
  const auto only_hash = [](const Json& tensor) {
    INFO(tensor.dump());
    CHECK(tensor["hash"].get<std::string>().size() == 16);
    CHECK(!tensor.contains("data"));
    CHECK(!tensor.contains("stats"));
  };
  for (const Json& e : all) {
    for (const char* member : {"value", "grad", "before", "after"})
      if (e.contains(member) && e[member].is_object()) only_hash(e[member]);
    if (e.contains("state"))
      for (const Json& tensor : e["state"]) only_hash(tensor);
    if (e["ev"] == "op") CHECK(e["rule"] == "");
  }
}

TEST_CASE("trace hashes: the same run has the same, and the first NaN is still found") {
  const auto run = [] {
    auto all = hashed([] { train_linear(3); });
    all.erase(all.begin());  // with the time
    return all;
  };
  CHECK(run() == run());
  const auto all = hashed([] {
    Tensor x = zeros({2}, f64).requires_grad_();
    Tape tape;
    tape.backward(sum(log(x)));
  });
  REQUIRE(of(all, "warning").size() == 1);
  CHECK(of(all, "warning")[0]["code"] == "nonfinite");
}

TEST_CASE("trace hashes: the reader has them, and refuses what is none") {
  const support::TempDir dir;
  {
    const study::Trace trace(dir / "t.jsonl", {.hashes = true});
    train_linear(1);
  }
  const std::string text = support::read(dir / "t.jsonl");
  const auto file = study::parse_trace(text, "t");
  CHECK(file.header.hashes);
  CHECK(file.header.version == 2);
  CHECK(file.ended);
  int ops = 0;
  for (const auto& event : file.events)
    if (const auto* op = std::get_if<study::trace::Op>(&event.body)) {
      ++ops;
      CHECK(op->value.hash.has_value());
      CHECK(!op->value.has_data());
    }
  CHECK(ops >= 3);
  const auto changed = [&](const std::string& old, const std::string& with) {
    std::string other = text;
    other.replace(other.find(old), old.size(), with);
    return other;
  };
  const std::string hash = text.substr(text.find("\"hash\":\"") + 8, 16);
  for (const char* wrong : {"0123456789abcde", "0123456789abcdefa", "0123456789abcdeg", "", "+123456789abcdef"}) {
    INFO(wrong);
    CHECK(study::parse_trace(changed(hash, wrong), "t").unreadable);
  }
  CHECK_SAYS(study::parse_trace(changed("xxh64", "md5"), "t"), "hashes are of an unknown kind");
  CHECK_SAYS(study::parse_trace(changed("\"version\":2", "\"version\":3"), "t"), "newer version");
  CHECK(study::parse_trace(changed(",\"hashes\":\"xxh64\"", ""), "t").unreadable);  // hashes that nobody announced
}
