// bench_gradbench: a tool of GradBench, the referee of automatic differentiation (github.com/gradbench/gradbench).
//
//   bench_gradbench [--cpu] [--threads N]
//
// Reads one JSON message a line from standard input and answers each with one line. --cpu: times are those of the
// processor, for a busy machine, not of the clock. tools/bench/gradbench/check.py plays the other side.
#include <time.h>

#include <cmath>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string_view>

#include "bench/gradbench/evals.hpp"

namespace gradbench {

namespace {

const std::map<std::string, Functions>& evaluations() {
  static const std::map<std::string, Functions> all = {
      {"ba", ba()},     {"det", det()},       {"gmm", gmm()},           {"hello", hello()},
      {"ht", ht()},     {"kmeans", kmeans()}, {"llsq", llsq()},         {"lse", lse()},
      {"lstm", lstm()}, {"ode", ode()},       {"particle", particle()}, {"saddle", saddle()}};
  return all;
}

std::string text(const Json& message, const char* name) {
  if (!message.contains(name) || !message[name].is_string())
    throw std::invalid_argument(std::string("the message has no text \"") + name + "\"");
  return message[name].get<std::string>();
}

const Functions& module(const Json& message) {
  const std::string name = text(message, "module");
  const auto found = evaluations().find(name);
  if (found == evaluations().end()) throw std::invalid_argument("there is no module \"" + name + "\"");
  return found->second;
}

std::int64_t nanoseconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

Json timing(const char* name, std::int64_t nanoseconds) { return {{"name", name}, {"nanoseconds", nanoseconds}}; }

// How often at least, and how long: an input that is no object, or does not say, is evaluated once.
double optional_number(const Json& input, const char* name, double otherwise) {
  if (!input.is_object() || !input.contains(name)) return otherwise;
  const double number = field(input, name, {}).item();
  if (!std::isfinite(number) || number < 0) throw std::invalid_argument(std::string(name) + " is below 0");
  return number;
}

void evaluate(const Json& message, clockid_t clock, Json& answer) {
  const Functions& functions = module(message);
  const std::string name = text(message, "function");
  const auto found = functions.find(name);
  if (found == functions.end()) throw std::invalid_argument("the module has no function \"" + name + "\"");
  if (!message.contains("input")) throw std::invalid_argument("the message has no \"input\"");
  const Json& input = message["input"];
  const double runs = optional_number(input, "min_runs", 1), seconds = optional_number(input, "min_seconds", 0);
  std::int64_t begin = nanoseconds(clock), total = 0;
  const Job job = found->second(input);
  Json timings = Json::array({timing("prepare", nanoseconds(clock) - begin)});
  for (std::int64_t run = 0; run < 1 || static_cast<double>(run) < runs || static_cast<double>(total) < seconds * 1e9;
       ++run) {
    begin = nanoseconds(clock);
    job.run();
    const std::int64_t took = nanoseconds(clock) - begin;
    total += took;
    timings.push_back(timing("evaluate", took));
  }
  answer["output"] = job.output();
  answer["timings"] = std::move(timings);
}

// The answer to one line. Whatever is wrong with the line, there is one.
Json respond(const std::string& line, clockid_t clock) {
  Json answer = {{"id", nullptr}};
  try {
    const Json message = Json::parse(line);
    if (!message.is_object() || !message.contains("id") || !message["id"].is_number())
      throw std::invalid_argument("a message is an object with a number \"id\"");
    answer["id"] = message["id"];
    const std::string kind = text(message, "kind");
    if (kind == "start") answer["tool"] = "gradus";
    if (kind == "define") module(message);
    if (kind == "evaluate") evaluate(message, clock, answer);
    if (kind == "define" || kind == "evaluate") answer["success"] = true;
  } catch (const std::exception& e) {
    answer["success"] = false;
    answer["error"] = e.what();
  }
  return answer;
}

int run(int argc, char** argv) {
  clockid_t clock = CLOCK_MONOTONIC;
  int threads = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    if (option == "--cpu") {
      clock = CLOCK_PROCESS_CPUTIME_ID;
    } else if (option == "--threads" && i + 1 < argc) {
      threads = std::max(1, std::atoi(argv[++i]));
    } else {
      std::cerr << "bench_gradbench [--cpu] [--threads N]\n";
      return 2;
    }
  }
  set_num_threads(threads);
  std::string line;
  while (std::getline(std::cin, line)) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    std::cout << respond(line, clock).dump(-1, ' ', false, Json::error_handler_t::replace) << std::endl;
  }
  return 0;
}

}  // namespace

}  // namespace gradbench

int main(int argc, char** argv) { return gradbench::run(argc, argv); }
