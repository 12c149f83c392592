// gradus check on traces of a stranger: attributes, sizes and files that must not decide what runs; and rings.
#ifdef GRADUS_TOOL
#include <sys/stat.h>

#include "tools/check.hpp"

using traced::Json, checked::check, checked::sample, checked::sample_events, checked::text_of;

namespace {

// A trace of one leaf and one operation on it, with attributes of a stranger's choice.
support::Ran check_one(const std::string& op, const Json& attributes, const Json& leaf, const Json& value) {
  std::vector<Json> all{sample_events()[0]};
  const Json loc = {{"file", "a.cpp"}, {"line", 1}};
  all.push_back({{"ev", "leaf"},
                 {"tape", 1},
                 {"node", 0},
                 {"name", "x"},
                 {"constant", false},
                 {"tensor", 0},
                 {"scope", ""},
                 {"loc", loc},
                 {"value", leaf}});
  all.push_back({{"ev", "op"},
                 {"tape", 1},
                 {"node", 1},
                 {"op", op},
                 {"builtin", true},
                 {"inputs", {0}},
                 {"attributes", attributes},
                 {"rule", ""},
                 {"scope", ""},
                 {"loc", loc},
                 {"value", value}});
  return check(text_of(all));
}

Json f32_tensor(const std::vector<int>& shape, const std::vector<double>& data) {
  return {{"dtype", "f32"}, {"shape", shape}, {"data", data}};
}

}  // namespace

TEST_CASE("attributes that reach outside of a tensor are refused before anything runs") {
  const Json one = f32_tensor({1}, {1});
  const auto refused = [&](const std::string& op, const Json& attributes, const Json& leaf, const std::string& why) {
    const support::Ran r = check_one(op, attributes, leaf, one);
    INFO(r.out);
    CHECK(r.code == 1);
    CHECK_PARTS(r.out, "OFF line 3: t1 (" + op + ", a.cpp:1): cannot be computed again: ", why);
  };
  refused("unslice", {{"shape", {4}}, {"start", {100}}, {"stop", {101}}, {"step", {1}}}, one, "attribute 'shape'");
  refused("unslice", {{"shape", {1}}, {"start", {100}}, {"stop", {101}}, {"step", {1}}}, one,
          "g has another shape than the window");
  refused("slice", {{"start", {40}}, {"stop", {41}}, {"step", {1}}}, one, "another shape");
  refused("slice", {{"start", {0}}, {"stop", {1}}, {"step", {0}}}, one, "step");
  refused("permute", {{"axes", {100, 200}}}, f32_tensor({2, 2}, {1, 2, 3, 4}), "axis");
  refused("sum", {{"axes", {5}}, {"keepdim", true}}, one, "axis");
  refused("reshape", {{"shape", {1000}}}, one, "attribute 'shape'");
  refused("to", {{"dtype", 200}}, one, "attribute 'dtype' is out of range");
}

TEST_CASE("sizes and work that a few bytes ask for are refused at once") {
  const Json pixel = f32_tensor({1, 1, 1, 1}, {1});
  const support::Ran windows = check_one("avg_pool2d",
                                         {{"window", {900000000, 900000000}},
                                          {"stride", {1, 1}},
                                          {"padding", {450000000, 450000000}},
                                          {"ceil_mode", false},
                                          {"count_include_pad", true}},
                                         pixel, f32_tensor({1, 1, 2, 2}, {1, 1, 1, 1}));
  CHECK(windows.code == 0);
  CHECK_PARTS(windows.out, "0 values, 0 contributions; 1 were left out (numbers that are not in the file, or too much");
  const support::Ran size = check_one("adaptive_avg_pool2d", {{"size", {30000, 30000}}}, pixel, pixel);
  CHECK(size.code == 1);
  CHECK_PARTS(size.out, "attribute 'size' is not the shape of the result");
}

TEST_CASE("the check has a limit of processor time, and its child ends with it") {
  const support::Program gradus;
  support::write(gradus.file("t.jsonl"), checked::slow_trace());
  const auto r = gradus("check t.jsonl --seconds 1");
  INFO(r.out);
  CHECK(r.code == 1);
  CHECK_PARTS(r.out, "stopped after 1 s of processor time, at line ", "--seconds sets the limit", "\nnot complete\n");
}

TEST_CASE("files without end or without a reader are refused at once") {
  const support::Program gradus;
  for (const char* command : {"check", "html", "step"}) {
    CAPTURE(command);
    const auto zero = gradus(std::string(command) + " /dev/zero", support::little_memory);
    CHECK(zero.code == 3);
    CHECK(zero.err == "gradus: /dev/zero: is a device\n");
    REQUIRE(::mkfifo(gradus.file("pipe").c_str(), 0600) == 0);
    CHECK(gradus(std::string(command) + " pipe").code == 3);
    std::filesystem::remove(gradus.file("pipe"));
    // Sparse: no newline for a gigabyte, as the first line and behind a header.
    support::write(gradus.file("sparse"), "");
    std::filesystem::resize_file(gradus.file("sparse"), std::uintmax_t{1} << 30);
    const auto sparse = gradus(std::string(command) + " sparse --force", support::little_memory);
    if (command != std::string("html")) continue;
    CHECK(sparse.code == 3);
    CHECK(support::contains(sparse.err, "is not a Gradus trace: line 1 is not a header"));
  }
  support::write(gradus.file("long"), support::read(sample).substr(0, support::read(sample).find('\n') + 1));
  std::filesystem::resize_file(gradus.file("long"), std::uintmax_t{3} << 30);
  const auto r = gradus("check long");
  CHECK(r.code == 1);
  CHECK(support::contains(r.out, "line 2 cannot be read (it is longer than 256 MiB)"));
}

TEST_CASE("a ring that begins in the middle of a walk is no fault") {
  using namespace gradus;
  const support::Program gradus;
  for (const int ring : {5, 10, 17, 30, 50, 100, 200, 333}) {
    CAPTURE(ring);
    {
      const study::Trace trace(gradus.file("t.jsonl"), {.steps = "all", .ring = ring});
      Tensor w = tensor({{1, 2}, {3, 4}}, f64).requires_grad_(), x = tensor({{1, -1}}, f64);
      optim::SGD opt({w}, {.lr = 0.01});
      for (int i = 0; i < 40; ++i) {
        Tape tape;
        const Tensor h = tanh(matmul(x, w));
        tape.backward(mean(h * h + h));
        opt.step();
        opt.zero_grad();
      }
    }
    const auto r = gradus("check t.jsonl");
    INFO(r.out);
    CHECK(r.code == 0);
    CHECK(support::contains(r.out, "older events were dropped"));
  }
}

TEST_CASE("many walks with targets over a long chain are counted in good time") {
  std::string text = sample_events()[0].dump() + "\n" +
                     Json{{"ev", "tape"}, {"tape", 1}, {"thread", 0}, {"step", 0}, {"full", true}}.dump() + "\n";
  const Json loc = {{"file", "a.cpp"}, {"line", 1}}, one = f32_tensor({1}, {1});
  text += Json{{"ev", "leaf"}, {"tape", 1},   {"node", 0},  {"name", "x"}, {"constant", false},
               {"tensor", 0},  {"scope", ""}, {"loc", loc}, {"value", one}}
              .dump() +
          "\n";
  const int chain = 3000;
  for (int node = 1; node < chain; ++node)
    text += Json{{"ev", "op"},
                 {"tape", 1},
                 {"node", node},
                 {"op", "own"},
                 {"builtin", false},
                 {"inputs", {node - 1}},
                 {"attributes", Json::object()},
                 {"rule", ""},
                 {"scope", ""},
                 {"loc", loc},
                 {"value", one}}
                .dump() +
            "\n";
  for (int walk = 1; walk <= 3000; ++walk)
    text += Json{{"ev", "walk"},      {"tape", 1},         {"walk", walk},   {"what", "gradient"},
                 {"from", chain - 1}, {"recorded", false}, {"targets", {0}}, {"loc", loc}}
                .dump() +
            "\n";
  const support::Program gradus;
  support::write(gradus.file("t.jsonl"), text);
  const auto r = gradus("check t.jsonl", "ulimit -t 5;");
  CHECK(r.code == 0);
}
#endif
