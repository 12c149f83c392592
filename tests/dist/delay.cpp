// A line with delay and loss makes ranks slower and never wrong.
#include <optional>

#include "dist/ranks.hpp"
#include "dist/slow_line.hpp"
#include "support.hpp"

namespace {

// What each rank printed over this line, or over none.
std::vector<ranks::Result> over(std::optional<ranks::SlowLine>& line, const std::optional<ranks::LineOptions>& options,
                                ranks::Start start) {
  if (options)
    start.through = [&](int port) {
      line.emplace(port, *options);
      return line->port();
    };
  start.seconds = 120;
  return ranks::run(start);
}

}  // namespace

TEST_CASE("200 ms of delay and 1 % of loss: the same bits, only later") {
  const ranks::LineOptions bad{.delay = 0.2, .loss = 0.01};
  for (const ranks::Start& start : {ranks::Start{.count = 3, .words = {"rounding"}},
                                    ranks::Start{.count = 2, .words = {"train", "2", "32", "25", "deterministic"}},
                                    ranks::Start{.count = 3, .words = {"train", "2", "32", "25", "rich", "bf16"}}}) {
    std::optional<ranks::SlowLine> line;
    const auto direct = over(line, {}, start);
    const auto late = over(line, bad, start);
    REQUIRE(line);
    for (std::size_t r = 0; r < late.size(); ++r) {
      INFO(start.words[0], ", rank ", r, ":\n", late[r].out, late[r].err);
      CHECK(direct[r].code == 0);
      CHECK(late[r].code == 0);
      CHECK(late[r].out == direct[r].out);
      CHECK(late[r].seconds > 5 * bad.delay);
    }
    CHECK(line->packets() > 20);
    if (start.words[0] == "rounding") CHECK(line->lost() >= 3);
  }
}
