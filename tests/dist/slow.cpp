// Over a bad line each failure is known in time, and by name.
#include <optional>

#include "dist/ranks.hpp"
#include "dist/slow_line.hpp"
#include "support.hpp"

namespace {

// How the ranks end over this line.
std::vector<ranks::Result> over(std::optional<ranks::SlowLine>& line, const ranks::LineOptions& options,
                                ranks::Start start) {
  start.through = [&](int port) {
    line.emplace(port, options);
    return line->port();
  };
  start.seconds = 120;
  return ranks::run(start);
}

}  // namespace

TEST_CASE("ranks that cannot connect say so when the time is over") {
  std::optional<ranks::SlowLine> line;
  const auto results =
      over(line, ranks::LineOptions{.deaf = true}, {.count = 2, .words = {"calls"}, .all = {{"GRADUS_TIMEOUT", "4"}}});
  for (const auto& result : results) {
    INFO(result.err);
    CHECK(result.code == 1);
    CHECK(support::contains(result.err, "the ranks cannot connect"));
    CHECK(support::contains(result.err, "check the firewall"));
    CHECK(result.seconds < 4 * 4);  // Gloo's own patience is five times the timeout
  }
}

TEST_CASE("over a slow line, too, a rank that is killed is named by all others") {
  std::optional<ranks::SlowLine> line;
  const auto results =
      over(line, ranks::LineOptions{.delay = 0.2, .loss = 0.01}, {.count = 3, .words = {"goes", "kill", "2"}});
  for (const std::size_t r : {0, 2}) {
    INFO("rank ", r, ":\n", results[r].err);
    CHECK(results[r].code == 1);
    CHECK(support::contains(results[r].err, "rank 1 is gone"));
  }
}

TEST_CASE("a rank that is cut off: all ranks end soon after the timeout, and know who it was") {
  for (const int lost : {0, 2}) {
    std::optional<ranks::SlowLine> line;
    const auto results = over(line, ranks::LineOptions{.cut = lost, .cut_after = 2000},
                              {.count = 3, .words = {"goes", "on"}, .all = {{"GRADUS_TIMEOUT", "2"}}});
    REQUIRE(line->cut_at() > 0);
    for (int r = 0; r < 3; ++r) {
      const auto& result = results[static_cast<std::size_t>(r)];
      INFO("rank ", r, ":\n", result.err);
      CHECK(result.code == 1);
      const double passed = result.ended - line->cut_at();
      MESSAGE("rank ", r, " has ended ", passed, " s after the cut");
      CHECK(passed > 1.9);
      CHECK(passed < 2 + 2);  // 0.5 on a machine of its own: tools/bench/FIGURES.md
      CHECK(support::contains(result.err, r == lost ? "gone or out of reach"
                                                    : "rank " + std::to_string(lost) + " has not come to this call"));
    }
  }
}
