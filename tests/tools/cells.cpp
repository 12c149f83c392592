// gradus html: the sum that is shown for a number of a convolution, a pooling or a softmax gives that number, for every
// number of values and contributions.
#ifdef GRADUS_TOOL
#include <gradus/gradus.hpp>

#include "browser.hpp"
#include "run.hpp"

using namespace gradus;
using support::Browser, support::Program;

namespace {

// For each operation and input: how many numbers have a sum, and how many there are. madeOf() gives none for a sum that
// does not come to the number.
constexpr const char* count = R"((() => {
  const trace = readTrace(JSON.parse(document.getElementById("trace").textContent)), found = {};
  for (const e of trace.events) {
    const t = trace.tapes.get(e.tape), from = e.ev === "op" ? e : e.ev === "contribution" ? nodeOf(t, e.from) : null;
    if (!from) continue;
    const role = e.ev === "op" ? "value" : "given", key = from.op + (e.ev === "op" ? "" : " gives " + e.slot);
    const of = found[key] ??= [0, 0];
    (e.value || e.added).data.forEach((x, i) => { of[1] += 1; if (madeOf(trace, t, e, role, i)) of[0] += 1; });
  }
  return found;
})())";

Tensor leaf(const Shape& shape, DType dtype = f64) {
  Tensor x = randn(shape, dtype).requires_grad_();
  return x;
}

void convolutions() {
  const Conv2dOptions options{.stride = {2, 1}, .padding = {1, 2}, .dilation = {1, 2}, .groups = 2};
  const Tensor x = leaf({2, 4, 5, 6}), w = leaf({6, 2, 3, 2}), b = leaf({6});
  const Tensor small = leaf({2, 3, 4, 4}, f32), one = leaf({2, 3, 1, 1}, f32), line = leaf({1, 2, 7}),
               k = leaf({3, 2, 3});
  Tape tape;
  tape.backward(sum(square(conv2d(x, w, b, options))));
  tape.backward(sum(square(conv2d(small, one))));
  tape.backward(sum(square(conv1d(line, k, {}, {.stride = 2, .padding = 1}))));
}

void poolings() {
  const Tensor x = leaf({2, 3, 7, 6});
  const Pool2dOptions uneven{.stride = {2, 3}, .padding = {1, 1}, .ceil_mode = true};
  Pool2dOptions inside = uneven;
  inside.count_include_pad = false;
  Tape tape;
  const auto walk = [&](const Tensor& y) { tape.backward(sum(square(y))); };
  walk(max_pool2d(x, 2));
  walk(max_pool2d(x, {3, 2}, uneven));
  walk(max_pool2d(x, 2, {.stride = 1, .dilation = {2, 3}}));
  walk(avg_pool2d(x, 2));
  walk(avg_pool2d(x, {3, 2}, uneven));
  walk(avg_pool2d(x, {3, 2}, inside));
  walk(adaptive_avg_pool2d(x, {3, 4}));
  walk(max_pool2d(zeros({1, 1, 4, 4}, f64).requires_grad_(), 2));  // all equal: the first is the largest
}

void classes() {
  const Tensor x = leaf({3, 4, 2}), rows = leaf({5, 20});
  Tape tape;
  for (const int axis : {0, 1, 2}) {
    tape.backward(sum(square(softmax(x * 10, axis))));
    tape.backward(sum(square(log_softmax(x * 10, axis))));
  }
  tape.backward(cross_entropy(rows * 30, tensor({0, 3, 3, 19, 7}, i64), {.reduction = Reduction::sum}));
}

}  // namespace

TEST_CASE("html: each number of a convolution, a pooling and a softmax has its sum") {
  if (!Browser::there()) {
    MESSAGE("not tested: there is no chromium");
    return;
  }
  const Program gradus;
  {
    manual_seed(7);
    const study::Trace trace(gradus.file("t.jsonl"), {.checks = study::Checks::off});
    convolutions();
    poolings();
    classes();
  }
  REQUIRE(gradus("html t.jsonl -o page.html").code == 0);
  Browser browser;
  browser.open_page(gradus.file("page.html"));
  const auto found = browser.ask(count);
  for (const char* key :
       {"conv2d", "conv2d gives 0", "conv2d gives 1", "conv2d gives 2", "max_pool2d", "max_pool2d gives 0",
        "avg_pool2d", "avg_pool2d gives 0", "adaptive_avg_pool2d", "adaptive_avg_pool2d gives 0", "softmax",
        "softmax gives 0", "log_softmax", "log_softmax gives 0", "cross_entropy", "cross_entropy gives 0"}) {
    INFO(key);
    REQUIRE(found.contains(key));
    CHECK(found[key][0] == found[key][1]);
    CHECK(found[key][1] > 0);
  }
  // What a reader sees of one.
  const std::string words = browser.ask(R"((() => {
    const trace = readTrace(JSON.parse(document.getElementById("trace").textContent));
    return trace.events.filter(e => e.ev === "op" && ["max_pool2d", "softmax", "conv2d"].includes(e.op)).map(e =>
      sumView(madeOf(trace, trace.tapes.get(e.tape), e, "value", 1), "y", 1, () => {}).textContent).join("\n");
  })())");
  CHECK_PARTS(words, "a window of the image times the weights of this channel", " · ", "the largest of 4", "max(", "e^",
              " / (", ") = ");
  CHECK(browser.complaints().empty());
}
#endif
