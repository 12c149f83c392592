// gradus launch and gradus train --ranks, as a user runs them.
#include <sys/types.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <thread>

#include "dist/ranks.hpp"
#include "tools/run.hpp"

using support::contains, support::Program, support::TempDir;

namespace {

std::string sorted(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  std::sort(lines.begin(), lines.end());
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  return all;
}

// A process that has ended may stay as a zombie, if nobody asks for its exit code.
bool is_running(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const auto name_end = text.rfind(')');
  return name_end != std::string::npos && text.compare(name_end, 3, ") Z") != 0;
}

// The variable that lets launch call a shell on this machine, which also notes what it was given.
std::string in_the_place_of_ssh(const Program& gradus) {
  const std::string name = gradus.file("ssh");
  std::ofstream(name) << "#!/bin/sh\necho \"$1: $2\" >> '" << gradus.file("calls")
                      << "'\nexport LAUNCHER=$PPID\nexec sh -c \"$2\"\n";
  std::filesystem::permissions(name, std::filesystem::perms::owner_all);
  return "GRADUS_SSH='" + name + "'";
}

const std::string self = "'" GRADUS_TOOL "'", worker = "'" GRADUS_DIST_WORKER "'";

}  // namespace

TEST_CASE("launch: each rank has its variables, and each line begins with the rank") {
  const Program gradus;
  const auto run = gradus(
      "launch -n 3 -- sh -c 'echo $RANK of $WORLD_SIZE, local $LOCAL_RANK at $MASTER_ADDR; echo err >&2; "
      "printf \"no end\"'");
  CHECK(run.code == 0);
  CHECK(sorted(run.out) ==
        "[0] 0 of 3, local 0 at 127.0.0.1\n[0] no end\n[1] 1 of 3, local 1 at 127.0.0.1\n[1] no end\n"
        "[2] 2 of 3, local 2 at 127.0.0.1\n[2] no end\n");
  CHECK(sorted(run.err) == "[0] err\n[1] err\n[2] err\n");
}

TEST_CASE("launch: the exit code is that of the first rank that fails, and the others are ended") {
  const Program gradus;
  const auto begin = std::chrono::steady_clock::now();
  const auto run = gradus("launch -n 3 -- sh -c 'test $RANK = 1 && exit 7; sleep 60 & wait'");
  CHECK(run.code == 7);
  CHECK(contains(run.err, "launch: rank 1 ended with exit code 7"));
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(30));
  const auto killed = gradus("launch -n 2 -- sh -c 'test $RANK = 1 && kill -9 $$; sleep 60 & wait'");
  CHECK(killed.code == 137);
  CHECK(contains(killed.err, "launch: rank 1 was ended by signal 9"));
}

TEST_CASE("launch: all ranks are started again, as often as is allowed") {
  const Program gradus;
  const auto twice = gradus(
      "launch -n 2 --max-restarts 3 -- sh -c 'echo life $TORCHELASTIC_RESTART_COUNT; "
      "test $TORCHELASTIC_RESTART_COUNT = 2 || exit 5'");
  CHECK(twice.code == 0);
  CHECK(contains(twice.err, "restart 2 of 3"));
  CHECK(contains(twice.out, "[1] life 2\n"));
  const auto never = gradus("launch -n 2 --max-restarts 1 -- sh -c 'exit 5'");
  CHECK(never.code == 5);
  CHECK(contains(never.err, "restart 1 of 1"));
}

TEST_CASE("launch: a signal is handed on to all, and ends the restarts") {
  const Program gradus;
  const auto run = gradus(
      "launch -n 2 --max-restarts 3 -- sh -c 'trap \"echo caught; exit 9\" TERM; test $RANK = 0 && { sleep 0.5; kill "
      "-TERM $PPID; }; sleep 60 & wait'");
  CHECK(run.code == 9);
  CHECK(sorted(run.out) == "[0] caught\n[1] caught\n");
}

TEST_CASE("launch: hosts are reached by ssh, and the secret is not on the command line") {
  const Program gradus;
  const auto run =
      gradus("launch -n 4 --hosts 127.0.0.2,127.0.0.3 -- sh -c 'echo $RANK $LOCAL_RANK \"it'\\''s $GRADUS_SECRET\"'",
             in_the_place_of_ssh(gradus));
  INFO(run.err);
  CHECK(run.code == 0);
  for (const char* line : {"[0] 0 0 it's ", "[1] 1 1 it's ", "[2] 2 0 it's ", "[3] 3 1 it's "})
    CHECK(contains(run.out, line));
  const std::string secret = run.out.substr(run.out.find("it's ") + 5, 32);
  std::ifstream file(gradus.file("calls"));
  const std::string calls{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  CHECK(contains(calls, "127.0.0.3: "));
  CHECK_FALSE(contains(calls, secret));
}

TEST_CASE("launch: ranks that are far away, and what they have started, end with the others") {
  const Program gradus;
  std::ofstream(gradus.file("rank")) << R"(test $RANK = 1 && exit 4
sleep 60 &
echo $! > child
wait
)";
  const auto failed = gradus("launch --hosts 127.0.0.2,127.0.0.3 -- sh rank", in_the_place_of_ssh(gradus));
  CHECK(failed.code == 4);
  pid_t child = 0;
  std::ifstream(gradus.file("child")) >> child;
  REQUIRE(child > 0);
  for (int i = 0; i < 100 && is_running(child); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK_FALSE(is_running(child));
}

TEST_CASE("launch: a signal comes to ranks that are far away as it is") {
  const Program gradus;
  std::ofstream(gradus.file("rank")) << R"(trap 'exit 9' INT
if test $RANK = 0; then
  trap : USR1
  until test -e ready; do sleep 0.1; done
  kill -USR1 $LAUNCHER
  until test -e told; do sleep 0.1; done
  kill -INT $LAUNCHER
else
  trap 'touch told' USR1
  touch ready
fi
while true; do sleep 0.1; done
)";
  const auto run = gradus("launch --hosts 127.0.0.2,127.0.0.3 -- sh rank", in_the_place_of_ssh(gradus));
  INFO(run.err);
  CHECK(run.code == 9);
}

TEST_CASE("launch: what it does not understand is told") {
  const Program gradus;
  CHECK(gradus("launch").code == 2);
  CHECK(gradus("launch -n 2 --").code == 2);
  const auto odd = gradus("launch -n 3 --hosts a,b -- true");
  CHECK(odd.code == 2);
  CHECK(contains(odd.err, "try -n 4"));
  CHECK(gradus("launch -n 65 -- true").code == 2);
  const auto missing = gradus("launch -n 2 -- ./no_such_program");
  CHECK(missing.code == 127);
  CHECK(contains(missing.err, "no_such_program: No such file"));
}

#ifdef GRADUS_HAVE_GLOO

TEST_CASE("launch: a group forms, and a training that is killed goes on to the same bits") {
  const Program gradus;
  const TempDir dir;
  const auto calls = gradus("launch -n 4 -- " + worker + " calls");
  INFO(calls.err);
  CHECK(calls.code == 0);
  CHECK(contains(calls.out, "[3] rank 3 of 4 at 127.0.0.1, local 3\n"));

  const auto train = [&](const std::string& name, int ranks, const std::string& before) {
    std::filesystem::create_directory(dir / name);
    const auto run = gradus(
        "launch -n " + std::to_string(ranks) + " --max-restarts 3 -- " + worker + " resumes '" + dir / name + "'",
        before);
    INFO(run.out, run.err);
    CHECK(run.code == 0);
    return std::pair(run.out, run.err);
  };
  const auto [unbroken, quiet] = train("unbroken", 2, "");
  CHECK(contains(unbroken, "[0] loss "));
  CHECK(quiet.empty());
  for (const char* at : {"7", "13", "22"}) {
    const auto [broken, said] = train(std::string("broken") + at, 2, std::string("DIE=") + at);
    CHECK(broken == unbroken);
    CHECK(contains(said, "launch: rank 1 was ended by signal 9"));
    CHECK(contains(said, "[0] DataParallel::backward: rank 1 is gone"));
  }
  CHECK(train("alone", 1, "").first == unbroken);
  CHECK(train("four", 4, "").first == unbroken);
}

TEST_CASE("train --ranks: the loss of one process, written once") {
  const Program gradus;
  const TempDir dir;
  const std::string words = "train --data digits --net mlp:16 --epochs 2 --seed 3 --batch 50";
  const auto one = gradus(words + " --log '" + dir / "one.csv" + "'");
  const auto three =
      gradus(words + " --ranks 3 --log '" + dir / "three.csv" + "' --save '" + dir / "net.safetensors" + "'");
  INFO(three.out, three.err);
  REQUIRE(one.code == 0);
  REQUIRE(three.code == 0);
  CHECK(contains(three.out, "[0] test accuracy"));
  CHECK_FALSE(contains(three.out, "[1]"));
  CHECK(std::filesystem::exists(dir / "net.safetensors"));
  const auto numbers = [](const std::string& name) {
    std::ifstream in(name);
    std::vector<std::vector<double>> rows;
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line)) {
      std::istringstream cells(line);
      rows.emplace_back();
      for (std::string cell; std::getline(cells, cell, ',');) rows.back().push_back(std::stod(cell));
    }
    return rows;
  };
  const auto a = numbers(dir / "one.csv");
  const auto b = numbers(dir / "three.csv");
  REQUIRE(a.size() == 2);
  REQUIRE(b.size() == 2);
  for (std::size_t i = 0; i < 2; ++i)
    for (std::size_t k = 0; k < 5; ++k) {  // not the seconds
      INFO("row ", i, ", column ", k);
      if (k != 5) CHECK(a[i][k] == doctest::Approx(b[i][k]).epsilon(1e-3));
    }
  CHECK(gradus("train --data text:x --ranks 2").code == 2);
}

TEST_CASE("scale --ranks: what is measured stands beside the model, in the table and in the picture") {
  const Program gradus;
  const auto run = gradus("scale --net mlp:64 --ranks 2 -o scale.svg");
  INFO(run.out, run.err);
  REQUIRE(run.code == 0);
  CHECK(contains(run.out, "µs for a message"));
  CHECK(contains(run.out, ", measured between 2 ranks"));
  CHECK(contains(run.out, "\nranks   ring: seen  said"));
  CHECK(contains(run.out, "\n    1            -     -"));
  CHECK(contains(run.out, "\n    2   "));
  const std::string svg = support::read(gradus.file("scale.svg"));
  CHECK(contains(svg, "halving, doubling"));
  std::size_t points = 0;  // one for each number of ranks, and one in the legend
  for (std::size_t at = 0; (at = svg.find("class=\"seen\"", at)) != svg.npos; ++at) ++points;
  CHECK(points == 3);
}

#endif

TEST_CASE("scale: a line that is given, and what it lacks") {
  const Program gradus;
  const auto run = gradus("scale --latency-us 30 --mbit 10000 --compute-ms 50 --net mlp:1024,1024");
  CHECK(run.code == 0);
  CHECK(contains(run.out, "1,863,690 numbers, 7.45 MB of gradients in 2 buckets"));
  // By hand: 2 (n - 1) / n · 7.45 MB at 10 Gbit/s, and two buckets of 2 · 1023 or 2 · 10 messages of 30 µs.
  CHECK(contains(run.out, " 1024      134.7 ms     13.12 ms"));
  CHECK(gradus("scale --latency-us 30 --mbit 10000 --compute-ms 50 -o given.svg").code == 0);
  const std::string svg = support::read(gradus.file("given.svg"));
  CHECK(contains(svg, "<svg"));
  CHECK_FALSE(contains(svg, "class=\"seen\""));
  const auto picture = gradus("scale --latency-us 30 --mbit 10000 -o scale.png");
  CHECK(picture.code == 2);
  CHECK(contains(picture.err, "ends in .svg"));
  const auto without = gradus("scale");
  CHECK(without.code == 2);
  CHECK(contains(without.err, "--ranks 2"));
}
