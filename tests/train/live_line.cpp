// The live line: what it says in how many columns, and nothing where there is no terminal.
#include <gradus/gradus.hpp>

#include <cmath>

#include "support.hpp"

using namespace gradus;
using support::contains;

namespace {

train::Progress run() {
  return {.epoch = 3,
          .epochs = 20,
          .batch = 28,
          .batches = 45,
          .loss = 0.23142,
          .losses = {2.3, 1.9, 1.2, 0.8, 0.5, 0.4, 0.3, 0.23},
          .score = 0.931,
          .grad_norm = 0.8444,
          .update_ratio = 1.2e-3,
          .lr = 3e-3,
          .items_per_second = 41200,
          .seconds_left = 6.2};
}

std::ptrdiff_t columns(const std::string& text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
}

}  // namespace

TEST_CASE("live line: all of it, where there is room") {
  const std::string line = train::format_line(run(), {.width = 150});
  CHECK_PARTS(line, "epoch  3/20", "━━", "62 %", "step 28/45", "loss 0.2314 █", "▁", "accuracy 93.1 %", "|g| 0.84",
              "upd/w 1.2e-03", "lr 3.0e-03", "41.2k/s", "ETA 0:07");
  CHECK(!contains(line, "\x1b"));
  CHECK(contains(train::format_line(run(), {.width = 150, .colour = true}), "\x1b[36m"));
}

TEST_CASE("live line: never wider than it may be, and the least is left out first") {
  for (int width = 0; width < 200; ++width) {
    for (const bool unicode : {true, false}) {
      const std::string line = train::format_line(run(), {.width = width, .unicode = unicode});
      INFO(width, line);
      CHECK(columns(line) <= width);
      if (width >= 24) CHECK(contains(line, "loss 0.2314"));
      if (!unicode) CHECK(columns(line) == static_cast<std::ptrdiff_t>(line.size()));
    }
  }
  CHECK(train::format_line(run(), {.width = 37}) == "epoch  3/20   62 %  loss 0.2314");
  CHECK_PARTS(train::format_line(run(), {.width = 77}), "epoch  3/20  ━", "loss 0.2314", "accuracy 93.1 %", "ETA 0:07");
}

TEST_CASE("live line: what is not known is not shown") {
  const std::string line = train::format_line({.epoch = 1, .batch = 7, .loss = 2}, {.width = 140});
  CHECK(line == "epoch 1  step 7  loss 2.0000");
  CHECK(contains(train::format_line({.epoch = 1, .loss = std::nan("")}), "loss NaN"));
  CHECK(contains(train::format_line({.epoch = 1, .loss = 1, .metric = "rmse", .score = 12.5, .percent = false}),
                 "rmse 12.500"));
}

TEST_CASE("live line: sparklines") {
  CHECK(train::sparkline({0, 1, 2, 3, 4, 5, 6, 7}) == "▁▂▃▄▅▆▇█");
  CHECK(train::sparkline({5, 5}) == "▁▁");
  CHECK(train::sparkline({8, 8, 0, 0}, 2) == "█▁");
  CHECK(train::sparkline({std::nan(""), 1, INFINITY, 3}) == "▁█");
  CHECK(train::sparkline({}) == "");
  CHECK(train::sparkline({1}, 0) == "");
}

TEST_CASE("live line: a file is no terminal, and gets the lines that stay") {
  const support::TempDir dir;
  std::FILE* file = std::fopen((dir / "out").c_str(), "w");
  {
    train::LiveLine live(file);
    CHECK(!live.is_live());
    CHECK(!live.is_due());
    live.show(run());
    live.print("epoch 1");
  }
  std::fclose(file);
  CHECK(support::read(dir / "out") == "epoch 1\n");
}
