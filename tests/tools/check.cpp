// gradus check finds what does not hold together in a trace, and reads what it is given with care.
#ifdef GRADUS_TOOL
#include <random>

#include "tools/check.hpp"

using traced::Json, checked::check, checked::sample, checked::sample_events, checked::text_of;

namespace {

// The first event of a kind for which `is` holds.
template <class F>
Json& first(std::vector<Json>& all, const std::string& ev, const F& is) {
  for (Json& e : all)
    if (e["ev"] == ev && is(e)) return e;
  FAIL("no such event: ", ev);
  return all[0];
}

// What check says of the sample with one thing changed.
support::Ran changed(const std::function<void(std::vector<Json>&)>& change) {
  auto all = sample_events();
  change(all);
  return check(text_of(all));
}

// What check says of a change that it must notice; `parts` are in it.
void check_off(const std::function<void(std::vector<Json>&)>& change, std::initializer_list<std::string> parts) {
  const support::Ran ran = changed(change);
  INFO(ran.out, ran.err);
  CHECK(ran.code == 1);
  CHECK(support::contains(ran.out, "OFF line "));
  for (const std::string& part : parts) {
    CAPTURE(part);
    CHECK(support::contains(ran.out, part));
  }
}

}  // namespace

TEST_CASE("the sample holds together") {
  const auto r = check(support::read(sample));
  INFO(r.out);
  CHECK(r.code == 0);
  CHECK(r.err == "");
  CHECK_PARTS(r.out, "1 tape (1 in full), 7 operations, 1 walk, 9 contributions, 2 updates",
              "computed again: 7 values, 9 contributions", "18 ok, 0 kink, 0 bad, 0 skipped", "\nok\n");
}

TEST_CASE("sums: an addend, a sum, what was before, what the visit got") {
  const auto second = [](const Json& c) { return c["k"] == 2; };
  check_off([&](auto& all) { first(all, "contribution", second)["added"]["data"][5] = 0.5; },
            {"t6 (sigmoid, sample.cpp:11)", "'before' + 'added' is not 'after' at element 5"});
  check_off([&](auto& all) { first(all, "contribution", second)["after"]["data"][0] = 0.5; },
            {"is not 'after' at element 0", "not the sum of its contributions"});
  check_off([&](auto& all) { first(all, "contribution", second)["before"]["data"][0] = 0.5; },
            {"is not the sum so far"});
  check_off([&](auto& all) { first(all, "contribution", second)["before"] = nullptr; },
            {"contribution 2 comes with no sum before it"});
  check_off(
      [&](auto& all) { first(all, "visit", [](const Json& v) { return v["node"] == 5; })["grad"]["data"][3] = 9; },
      {"t5 (tanh, sample.cpp:10): its gradient is not the sum"});
  // One bit is enough, unless a kernel added by itself.
  const auto one_bit = [&](bool fused) {
    return [=](std::vector<Json>& all) {
      Json& c = first(all, "contribution", second);
      c["fused"] = fused;
      const double sum = c["after"]["data"][0];
      c["after"]["data"][0] = std::nextafter(sum, 2);
      first(all, "visit", [](const Json& v) { return v["node"] == 5; })["grad"]["data"][0] = std::nextafter(sum, 2);
    };
  };
  check_off(one_bit(false), {"'before' + 'added' is not 'after' at element 0"});
  CHECK(changed(one_bit(true)).code == 0);
}

TEST_CASE("counts and order") {
  check_off([](auto& all) { first(all, "contribution", [](const Json& c) { return c["k"] == 2; })["k"] = 1; },
            {"it is contribution 1, but 2 is expected"});
  check_off([](auto& all) { first(all, "contribution", [](const Json& c) { return c["of"] == 2; })["of"] = 3; },
            {"contribution 1 of 3, but the tape has 2"});
  check_off([](auto& all) { std::erase_if(all, [](const Json& e) { return e.value("k", 0) == 2; }); },
            {"visited after 1 contributions, but it says 2"});
  // A node visited before its last contribution.
  check_off(
      [](auto& all) {
        std::size_t visit = 0, second = 0;
        for (std::size_t i = 0; i < all.size(); ++i) {
          if (all[i]["ev"] == "visit" && all[i]["node"] == 5) visit = i;
          if (all[i]["ev"] == "contribution" && all[i]["k"] == 2) second = i;
        }
        std::swap(all[visit], all[second]);
      },
      {"after t5 (tanh, sample.cpp:10) has been visited"});
  check_off([](auto& all) { std::erase_if(all, [](const Json& e) { return e["ev"] == "visit" && e["node"] == 6; }); },
            {"before t6 (sigmoid, sample.cpp:11) has been visited"});
  check_off([](auto& all) { std::erase_if(all, [](const Json& e) { return e["ev"] == "op" && e["node"] == 5; }); },
            {"node t5 of tape 1 is not recorded"});
  check_off(
      [](auto& all) {
        first(all, "op", [](const Json& e) { return e["node"] == 4; })["inputs"] = {1, 7};
      },
      {"its input t7 comes after it"});
  check_off([](auto& all) { std::erase_if(all, [](const Json& e) { return e["ev"] == "walk"; }); },
            {"walk 1 has not begun"});
}

TEST_CASE("shapes, values, rules, attributes, verdicts, updates") {
  const auto node = [](int n) { return [n](const Json& e) { return e["node"] == n; }; };
  check_off(
      [&](auto& all) {
        first(all, "visit", node(3))["grad"]["shape"] = {3, 4};
      },
      {"gradient has shape (3, 4), its value (4, 3)"});
  check_off([&](auto& all) { first(all, "op", node(5))["value"]["data"][2] = 0.25; },
            {"t5 (tanh, sample.cpp:10): computed again its value differs: element 2 is ", "recorded 0.25"});
  check_off([&](auto& all) { first(all, "leaf", node(0))["value"]["data"][1] = 3; },
            {"t1 (matmul, sample.cpp:9): computed again"});
  check_off([&](auto& all) { first(all, "op", node(1))["attributes"]["transpose_b"] = true; }, {"t1 (matmul"});
  check_off([&](auto& all) { first(all, "op", node(1))["attributes"].erase("transpose_b"); },
            {"no attribute 'transpose_b'"});
  check_off([&](auto& all) { first(all, "op", node(5))["op"] = "thanh"; },
            {"it is not a built-in operation of this version"});
  // A rule that is consistently wrong: all sums fit, and the contribution is not what tanh gives.
  check_off(
      [&](auto& all) {
        for (const char* key : {"added", "after"})
          first(all, "contribution", [](const Json& c) { return c["from"] == 6; })[key] = Json();
        auto fresh = sample_events();
        Json& c = first(fresh, "contribution", [](const Json& e) { return e["from"] == 8; });
        for (const char* key : {"added", "after"})
          for (Json& x : c[key]["data"]) x = 0.25;
        for (Json& x : first(fresh, "visit", node(7))["grad"]["data"]) x = 0.25;
        all = fresh;
      },
      {"t8 (mean, sample.cpp:12): its rule gives input 0 another gradient: element 0 is 0.0833333333, recorded 0.25"});
  check_off([&](auto& all) { first(all, "check", node(5))["verdict"] = "bad"; },
            {"the rule of 'tanh' gives 0.", "for input 0, but finite differences give"});
  check_off(
      [&](auto& all) { first(all, "check", [](const Json& c) { return c["kind"] == "elements"; })["verdict"] = "bad"; },
      {"t0 (W, sample.cpp:9): element "});
  check_off([&](auto& all) { first(all, "step", [](const Json&) { return true; })["ratio"] = 0.5; },
            {"the update is ", "not 0.5"});
}

TEST_CASE("a trace of an own operation is left alone, a larger tensor too") {
  CHECK(changed([](auto& all) {
          Json& op = first(all, "op", [](const Json& e) { return e["op"] == "tanh"; });
          op["op"] = "mine", op["builtin"] = false;
        }).code == 0);
  const auto r = changed([](auto& all) {
    Json& value = first(all, "leaf", [](const Json& e) { return e["node"] == -1; })["value"];
    value.erase("data");
    value["stats"] = {{"min", 0},  {"max", 1}, {"mean", 0.5}, {"std", 0.5},
                      {"norm", 2}, {"nan", 0}, {"inf", 0},    {"zero", 4}};
    value["head"] = value["tail"] = Json::array();
  });
  CHECK(r.code == 0);
  CHECK(support::contains(r.out, "2 were left out (numbers that are not in the file"));
}

TEST_CASE("an optimizer that steps while the tape lives: later operations read the new value") {
  using namespace gradus;
  const support::Program gradus;
  {
    const study::Trace trace(gradus.file("t.jsonl"));
    Tensor x = tensor({1, 2}, f64).requires_grad_(), c = tensor({3, 4}, f64);
    optim::SGD opt({x}, {.lr = 0.1});
    Tape tape;
    for (int i = 0; i < 3; ++i) {
      tape.backward(sum(tanh(x * c)));
      opt.step();
      opt.zero_grad();
      c.mul_(0.5);
    }
  }
  const auto r = gradus("check t.jsonl");
  INFO(r.out);
  CHECK(r.code == 0);
  CHECK(support::contains(r.out, "computed again: 9 values, 9 contributions\n"));
}

TEST_CASE("what cannot be read: missing, no trace, newer; a broken line opens up to it") {
  const support::Program gradus;
  auto r = gradus("check nowhere.jsonl");
  CHECK(r.code == 3);
  CHECK(r.err == "gradus: nowhere.jsonl: cannot be opened: No such file or directory\n");
  CHECK(gradus("check").code == 2);
  CHECK(gradus("check a b").code == 2);
  CHECK(gradus("check .").code == 3);
  for (const std::string& text :
       {std::string(), std::string("\x89PNG\r\n\x1a\n\0\0", 10), std::string("hello\n"),
        std::string("{\"ev\":\"leaf\"}\n"), std::string("[1]\n"), std::string(100000, '[') + "\n",
        std::string("{\"ev\":\"header\",\"format\":\"other\",\"version\":1}\n")}) {
    r = check(text);
    CHECK(r.code == 3);
    CHECK(support::contains(r.err, "not a Gradus trace"));
    CHECK(std::count(r.err.begin(), r.err.end(), '\n') == 1);
  }
  r = changed([](auto& all) { all[0]["version"] = 3; });
  CHECK(r.code == 3);
  CHECK(support::contains(r.err, "was written by a newer version of Gradus: trace version 3"));

  const std::string good = support::read(sample);
  std::size_t at = 0;
  for (int line = 1; line < 20; ++line) at = good.find('\n', at) + 1;
  r = check(good.substr(0, at) + "rubbish\n" + good.substr(at));
  CHECK(r.code == 1);
  CHECK_PARTS(r.out, "line 20 cannot be read (not JSON", "1 walk, ", "the trace ends early, after line 19");
  r = check(good.substr(0, at + 40));  // as a crash leaves it
  CHECK(r.code == 0);
  CHECK_PARTS(r.out, "line 20 is cut off", "ends early, after line 19");
  r = changed([](auto& all) { all.insert(all.begin() + 5, Json{{"ev", "novelty"}, {"x", 1}}); });
  CHECK(r.code == 0);
  CHECK(support::contains(r.out, "1 events are of a kind that this version does not know"));
}

TEST_CASE("damaged traces never end the program otherwise than by 0, 1 or 3") {
  std::mt19937 random(1);
  const std::string good = support::read(sample);
  const support::Program gradus;
  for (int trial = 0; trial < 150 * GRADUS_TEST_SCALE; ++trial) {
    std::string text = good;
    for (int k = 0; k < 3; ++k) {
      const std::size_t at = good.find('\n') + random() % (good.size() - good.find('\n'));
      const char* const digits = "0123456789-[]{},:\"";
      if (random() % 4)  // mostly numbers for numbers, which get further
        for (std::size_t i = at; i < text.size() && i < at + 200; ++i) {
          if (text[i] < '0' || text[i] > '9') continue;
          text[i] = digits[random() % 10];
          break;
        }
      else
        text[at] = digits[random() % 18];
    }
    support::write(gradus.file("t.jsonl"), text);
    const auto r = gradus("check t.jsonl");
    INFO(r.out, r.err);
    CHECK((r.code == 0 || r.code == 1 || r.code == 3));
  }
}
#endif
