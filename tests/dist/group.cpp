// Group: the calls, by real processes; and each way in which a group can fail, with an Error on each rank.
#include <gradus/dist/dist.hpp>

#include <unistd.h>

#include <sstream>
#include <thread>

#include "dist/greeting.hpp"
#include "dist/meeting.hpp"
#include "dist/ranks.hpp"
#include "support.hpp"

using namespace gradus;

namespace {

// Each rank that is still there ends with code 1 and an Error whose text has every part.
[[maybe_unused]] void all_say(const std::vector<ranks::Result>& results, const std::vector<std::string>& parts,
                              int without = -1) {
  for (std::size_t r = 0; r < results.size(); ++r) {
    if (static_cast<int>(r) == without) continue;
    INFO("rank ", r, ", code ", results[r].code, ":\n", results[r].err);
    CHECK(results[r].code == 1);
    CHECK_FALSE(results[r].late);
    for (const std::string& part : parts) {
      INFO("should contain: ", part);
      CHECK(support::contains(results[r].err, part));
    }
  }
}

[[maybe_unused]] void all_well(const std::vector<ranks::Result>& results) {
  for (std::size_t r = 0; r < results.size(); ++r) {
    INFO("rank ", r, ":\n", results[r].out, results[r].err);
    CHECK(results[r].code == 0);
  }
}

}  // namespace

TEST_CASE("a group of one needs no Gloo and no environment") {
  dist::Group group({.rank = 0, .size = 1});
  CHECK(group.rank() == 0);
  CHECK(group.size() == 1);
  CHECK(group.address().empty());
  CHECK(group.to_string() == "rank 0 of 1");
  Tensor x = tensor({1, 2, 3});
  group.all_reduce(x);
  CHECK(equal(x, tensor({1, 2, 3})));
  group.broadcast(x);
  CHECK(group.all_gather("text") == std::vector<std::string>{"text"});
  group.barrier();
  CHECK_SAYS(group.broadcast(x, 1), "no such rank", "root 1");
  Tensor transposed = ones({2, 3}).transpose(0, 1);
  CHECK_SAYS(group.all_reduce(transposed), "not contiguous", "group.cpp:");
  Tensor truth = tensor({1}).to(boolean);
  CHECK_SAYS(group.all_reduce(truth), "bool has no sum");
}

TEST_CASE("options and variables that are wrong are refused before anything is connected") {
  CHECK_SAYS(dist::Group({.rank = 0, .size = 0}), "cannot have this size", "0 ranks", "group.cpp:");
  CHECK_SAYS(dist::Group({.rank = 2, .size = 2, .host = "127.0.0.1", .port = 1}), "not one of the group",
             "rank 2 of 2");
  CHECK_SAYS(dist::Group({.rank = 0, .size = 65}), "cannot have this size", "1 to 64 ranks");
  CHECK_SAYS(dist::Group({.rank = 0, .size = 2, .host = "127.0.0.1", .port = 70000}), "port is out of range", "70000");
  CHECK_SAYS(dist::Group({.rank = 0, .size = 1, .timeout = -1}), "timeout is out of range", "-1 s");
}

#ifndef GRADUS_HAVE_GLOO

TEST_CASE("without Gloo two ranks are an error that names the package") {
  CHECK_SAYS(dist::Group({.rank = 0, .size = 2, .host = "127.0.0.1", .port = 1}), "libgloo-dev", "no Gloo");
}

#else

TEST_CASE("an unresolvable host is an error that names it") {
  CHECK_SAYS(dist::Group({.rank = 1, .size = 2, .host = "no-such-host.invalid", .port = 1}), "no-such-host.invalid",
             "has no address", "MASTER_ADDR");
}

TEST_CASE("a port in use is an error on rank 0, and rank 1 does not wait for ever") {
  const Tensor held;
  const auto other = dist::listen_at("127.0.0.1", 0);
  const int port = dist::port_of(other);
  CHECK_SAYS(dist::Group({.rank = 0, .size = 2, .host = "127.0.0.1", .port = port}), "cannot listen", "free port",
             "MASTER_PORT");
  CHECK_SAYS(dist::Group({.rank = 1, .size = 2, .host = "127.0.0.1", .port = port, .timeout = 0.3}),
             "rank 0 was not found", "does not answer");
}

TEST_CASE("each call gives the right result on 2, 3 and 4 ranks") {
  for (const int n : {2, 3, 4}) {
    const auto results = ranks::run({.count = n, .words = {"calls"}});
    all_well(results);
    CHECK(support::contains(results[1].out, "rank 1 of " + std::to_string(n) + " at 127.0.0.1, local 1"));
  }
}

TEST_CASE("the sum by a ring is within n - 1 units in the last place of the sum of magnitudes") {
  for (const int n : {2, 3, 4, 7}) {
    const auto results = ranks::run({.count = n, .words = {"rounding"}});
    all_well(results);
    for (const auto& r : results) CHECK(r.out == results[0].out);
    std::istringstream out(results[0].out);
    double f32_worst = 0;
    double f64_worst = 0;
    std::string bits;
    out >> f32_worst >> bits >> f64_worst;
    CHECK(f32_worst > 0.3);  // it does round
    CHECK(f64_worst > 0.3);
  }
}

TEST_CASE("rank 0 holds the meeting itself where no launcher does") {
  all_well(ranks::run_alone({.count = 3, .words = {"calls"}}));
}

TEST_CASE("groups follow one another in one process") {
  all_well(ranks::run_alone({.count = 2, .words = {"two_groups"}}));
  all_well(ranks::run({.count = 3, .words = {"two_groups"}}));
}

TEST_CASE("ranks meet through a shared folder, in spite of an old file there") {
  const support::TempDir dir;
  std::ofstream(dir / "gradus-meeting") << "127.0.0.1 " << ranks::free_port() << " secret\n";
  const auto results = ranks::run({.count = 3, .words = {"by_folder", dir.str()}});
  all_well(results);
  CHECK(results[2].out == "3\n");
  CHECK_FALSE(std::filesystem::exists(dir / "gradus-meeting"));
}

TEST_CASE("calls that differ are an Error on all ranks that names the rank") {
  all_say(ranks::run({.count = 3, .words = {"sizes", "4", "4", "5"}}),
          {"do not make the same calls", "rank 2: all_reduce of 5", "rank 0: all_reduce of 4"});
  all_say(ranks::run({.count = 2, .words = {"kinds"}}), {"rank 1: barrier", "rank 0: all_reduce of 4"});
}

TEST_CASE("a rank that is killed is named by all others within a second") {
  for (const char* way : {"kill", "exit"}) {
    const auto results = ranks::run({.count = 4, .words = {"goes", way}});
    all_say(results, {"rank 1 is gone", "checkpoint"}, 1);
    for (const auto& r : results) CHECK(r.seconds - results[1].seconds < 1);
  }
}

TEST_CASE("a rank that throws is named by all others") {
  const auto results = ranks::run({.count = 3, .words = {"goes", "throw"}});
  all_say(results, {"rank 1 has failed"}, 1);
  CHECK(support::contains(results[1].err, "something else happened"));
}

TEST_CASE("a rank that ends early is named by all, itself too") {
  const auto results = ranks::run({.count = 3, .words = {"goes", "return"}});
  all_say(results, {"rank 1 has ended before the others", "same number of steps"}, 1);
  CHECK(results[1].code == 0);
}

TEST_CASE("a rank that stands still is named when the time is over, and finds that it came too late") {
  const auto results = ranks::run({.count = 3, .words = {"goes", "sleep"}, .all = {{"GRADUS_TIMEOUT", "2"}}});
  all_say(results, {"rank 1 has not come to this call"});
  CHECK(results[0].seconds < results[1].seconds);
}

TEST_CASE("a rank that comes twice, other sizes and another secret are errors on all ranks") {
  all_say(ranks::run({.count = 3, .words = {"only_construct"}, .some = {{2, {{"RANK", "1"}}}}}),
          {"rank 1 has come twice", "RANK"});
  all_say(ranks::run({.count = 2, .words = {"only_construct"}, .some = {{1, {{"WORLD_SIZE", "3"}}}}}),
          {"ranks, rank", "says"});
  const auto secret = ranks::run({.count = 2,
                                  .words = {"only_construct"},
                                  .all = {{"GRADUS_TIMEOUT", "1"}},
                                  .some = {{1, {{"GRADUS_SECRET", "another"}}}}});
  CHECK(support::contains(secret[1].err, "another secret"));
  CHECK(support::contains(secret[0].err, "rank 1 has not come"));
  all_say(secret, {"GRADUS_SECRET"}, 0);
}

TEST_CASE("a rank that does not come is named after the timeout") {
  all_say(ranks::run({.count = 2, .words = {"only_construct"}, .all = {{"WORLD_SIZE", "4"}, {"GRADUS_TIMEOUT", "1"}}}),
          {"the time is over", "ranks 2, 3 have not come"});
}

TEST_CASE("WORLD_SIZE 0, and variables that are no numbers or missing, are errors that name them") {
  all_say(ranks::run({.count = 2, .words = {"only_construct"}, .all = {{"WORLD_SIZE", "0"}}}),
          {"0 ranks", "WORLD_SIZE"});
  all_say(ranks::run({.count = 1, .words = {"only_construct"}, .all = {{"WORLD_SIZE", "two"}}}),
          {"WORLD_SIZE", "\"two\""});
  all_say(ranks::run({.count = 1, .words = {"only_construct"}, .all = {{"WORLD_SIZE", "2"}, {"MASTER_ADDR", "unset"}}}),
          {"MASTER_ADDR is not known", "gradus launch"});
  all_say(
      ranks::run(
          {.count = 1, .words = {"only_construct"}, .all = {{"WORLD_SIZE", "2"}}, .some = {{0, {{"RANK", "unset"}}}}}),
      {"RANK is not known"});
}

TEST_CASE("strangers are dropped, and the group forms all the same") {
  const dist::Meeting meeting("127.0.0.1", 0, "right");
  const auto until = dist::in_seconds(10);
  // Bytes that are no greeting; a greeting with a wrong proof; nothing at all.
  for (const std::string& bytes : {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(200, '\xff'),
                                   std::string(dist::magic) + std::string(48, 'x')}) {
    const dist::Socket s = dist::connect_to("127.0.0.1", meeting.port(), until);
    REQUIRE(s.open());
    char offer[dist::offer_size];
    CHECK(dist::receive_all(s, offer, sizeof offer, until));
    dist::send_all(s, bytes, until);
    char more[33];
    CHECK_FALSE(dist::receive_all(s, more, sizeof more, until));  // closed by the other end, before the time is over
    CHECK(dist::milliseconds_until(until) > 0);
  }
  const dist::Socket silent = dist::connect_to("127.0.0.1", meeting.port(), until);
  CHECK_THROWS_AS(dist::Visitor("127.0.0.1", meeting.port(), "wrong", until), dist::Trouble);
  dist::Visitor a("127.0.0.1", meeting.port(), "right", until);
  dist::Visitor b("127.0.0.1", meeting.port(), "right", until);
  std::thread other([&] { b.join(1, 2, "1", until); });
  a.join(0, 2, "1", until);
  other.join();
  a.set("key", std::string_view("a\0b", 3), until);
  CHECK(b.get("key", until) == std::string("a\0b", 3));
  CHECK(meeting.failure().empty());
}

TEST_CASE("another version is an error that names both") {
  const dist::Meeting meeting("127.0.0.1", 0, "");
  const auto until = dist::in_seconds(10);
  dist::Visitor a("127.0.0.1", meeting.port(), "", until);
  dist::Visitor b("127.0.0.1", meeting.port(), "", until);
  std::string first;
  std::thread other([&] {
    try {
      a.join(0, 2, "1.0", until);
    } catch (const dist::Trouble& t) { first = t.complaint.wrong; }
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  std::string second;
  try {
    b.join(1, 2, "1.1", until);
  } catch (const dist::Trouble& t) { second = t.complaint.wrong; }
  other.join();
  CHECK(support::contains(first, "rank 1 runs Gradus 1.1, rank 0 runs 1.0"));
  CHECK(second == first);
}

#endif
