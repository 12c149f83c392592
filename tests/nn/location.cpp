// Where recorded operations say they come from: the line, and the scope.
#include <gradus/nn/nn.hpp>
#include <gradus/observe.hpp>
#include <gradus/op.hpp>
#include <gradus/ops.hpp>

#include <string>
#include <thread>
#include <vector>

#include "support.hpp"

using namespace gradus;

namespace {

struct Block : nn::Module<Block> {
  nn::Linear fc{2, 2};
  static constexpr unsigned line = __LINE__ + 1;
  Tensor forward(const Tensor& x) const { return relu(fc(x)); }
  void fields(auto& v) { v("fc", fc); }
};

struct Mlp : nn::Module<Mlp> {
  nn::Linear fc1{2, 3}, fc2{3, 1};
  Tensor forward(Arg x) const { return fc2(tanh(fc1(x))); }
  void fields(auto& v) { v("fc1", fc1), v("fc2", fc2); }
};

// A layer as a library would have it: all it records carries its caller's line.
struct Composed : nn::Module<Composed> {
  nn::Linear inner{2, 2};
  Block block;
  Tensor forward(Arg x) const {
    const At at(x);
    const Tensor y = tanh(inner(x));
    return inner(block(y));
  }
  void fields(auto& v) { v("inner", inner), v("block", block); }
};

// "line:scope:name" of all that was computed.
std::vector<std::string> recorded(const Tape& tape) {
  std::vector<std::string> all;
  for (int i = 0; i < tape.size(); ++i)
    if (!tape[i].is_leaf())
      all.push_back(std::to_string(tape[i].where().line()) + ":" + tape[i].scope() + ":" + tape[i].name());
  return all;
}

bool all_at(const Tape& tape, unsigned line) {
  for (int i = 0; i < tape.size(); ++i)
    if (tape[i].where().line() != line || !support::contains(tape[i].where().file_name(), "nn/location.cpp"))
      return false;
  return tape.size() > 0;
}

bool has(const std::vector<std::string>& list, unsigned line, const std::string& rest) {
  for (const std::string& s : list)
    if (s == std::to_string(line) + ":" + rest) return true;
  return false;
}

}  // namespace

TEST_CASE("a layer, and a layer deep inside Sequential, report the line of the call") {
  const nn::Linear layer(2, 2);
  const nn::Sequential net{nn::Linear(2, 2),
                           nn::Sequential{nn::ReLU(), nn::Sequential{nn::Linear(2, 2), nn::BatchNorm1d(2)}},
                           nn::Dropout(0.5), nn::GELU()};
  {
    Tape tape;
    const unsigned line = __LINE__ + 1;
    layer(ones({4, 2}));
    CHECK(all_at(tape, line));
  }
  Tape tape;
  const unsigned line = __LINE__ + 1;
  net(ones({4, 2}));
  CHECK(all_at(tape, line));
  std::string scopes;
  for (const std::string& s : recorded(tape)) scopes += s.substr(s.find(':') + 1) + " ";
  CHECK(support::contains(scopes, "0:addmm"));
  CHECK(support::contains(scopes, "1.0:relu"));
  CHECK(support::contains(scopes, "1.1.0:addmm"));
  CHECK(support::contains(scopes, "2:dropout"));
  CHECK(support::contains(scopes, "3:gelu"));
}

TEST_CASE("a module of the user's reports its own lines, in Sequential too") {
  Block block;
  Tape tape;
  const nn::Sequential net{Block(), nn::Linear(2, 2)};
  block(ones({1, 2}));
  const unsigned line = __LINE__ + 1;
  net(ones({1, 2}));
  const auto list = recorded(tape);
  CHECK(has(list, Block::line, "fc:addmm"));
  CHECK(has(list, Block::line, ":relu"));
  CHECK(has(list, Block::line, "0.fc:addmm"));
  CHECK(has(list, Block::line, "0:relu"));
  CHECK(has(list, line, "1:addmm"));
}

TEST_CASE("a lambda inside Sequential reports its own line, unless it takes the caller's") {
  Tape tape;
  const unsigned sine = __LINE__ + 3;
  const nn::Sequential net{
      nn::Linear(2, 2),
      [](Tensor x) { return sin(x); },
      [](const auto& x) { return cos(x); },
      [](Arg x) { return exp(x); },
      relu,
  };
  const unsigned line = __LINE__ + 1;
  net(ones({1, 2}));
  const auto list = recorded(tape);
  CHECK(has(list, line, "0:addmm"));
  CHECK(has(list, sine, "1:sin"));
  CHECK(has(list, sine + 1, "2:cos"));
  CHECK(has(list, line, "3:exp"));
  CHECK(has(list, line, "4:relu"));
}

TEST_CASE("layers built of layers report their caller's line; a user's module inside its own") {
  Composed net;
  Tape tape;
  const unsigned line = __LINE__ + 1;
  net(ones({1, 2}));
  const auto list = recorded(tape);
  CHECK(has(list, line, ":tanh"));
  CHECK(has(list, line, "inner:addmm"));
  CHECK(has(list, Block::line, "block.fc:addmm"));
  CHECK(has(list, Block::line, "block:relu"));
  CHECK(list.back() == std::to_string(line) + ":inner:addmm");
}

TEST_CASE("an exception on the way leaves lines and scopes in order") {
  Composed net;
  const unsigned line = __LINE__ + 1;
  const At at(Loc::current());
  Tape tape;
  CHECK_THROWS_AS(net(ones({1, 3})), Error);
  const nn::Sequential wrong{Block(), nn::Linear(3, 1)};
  CHECK_THROWS_AS(wrong(ones({1, 2})), Error);
  const Tensor y = ones({1}).requires_grad_() * 2.0;
  const NodeView last = tape[tape.index_of(y)];
  CHECK(last.where().line() == line);
  CHECK(last.scope() == "");
}

TEST_CASE("errors carry the user's line") {
  const nn::Sequential net{nn::Linear(2, 2), nn::ReLU(), nn::Linear(3, 1)};
  const unsigned line = __LINE__ + 1;
  CHECK_SAYS(net(ones({1, 2})), "linear", "location.cpp:" + std::to_string(line));
}

TEST_CASE("names come from the place in the parent: copies and later layers get theirs") {
  Mlp net;
  nn::Sequential chain{nn::Linear(2, 2)};
  const auto scope_of_last = [](Tape& tape) { return tape[tape.size() - 1].scope(); };
  {
    Tape tape;
    net(ones({1, 2}));
    CHECK(scope_of_last(tape) == "fc2");
    chain(ones({1, 2}));
    CHECK(scope_of_last(tape) == "0");
  }
  chain.push_back(net.fc1);
  const nn::Linear alone = net.fc1;
  Tape tape;
  alone(ones({1, 2}));
  CHECK(scope_of_last(tape) == "");
  chain(ones({1, 2}));
  CHECK(scope_of_last(tape) == "1");
  net.fc1(ones({1, 2}));
  CHECK(scope_of_last(tape) == "fc1");
  net = Mlp();
  net(ones({1, 2}));
  CHECK(scope_of_last(tape) == "fc2");
}

TEST_CASE("nothing recorded, no scopes") {
  struct Count : Observer {
    void on_scope(const ScopeEvent&) override { ++n; }
    int n = 0;
  } count;
  const Observing watching(count);
  const Mlp net;
  net(ones({1, 2}));
  Tape tape;
  {
    const NoRecord pause;
    net(ones({1, 2}));
  }
  CHECK(count.n == 0);
  CHECK(tape.size() == 0);
  net(ones({1, 2}));
  CHECK(count.n == 4);
}

TEST_CASE("threads share a network, each with a tape of its own") {
  const Mlp net;
  std::vector<std::thread> threads;
  std::vector<std::string> scopes(4);
  for (std::string& scope : scopes)
    threads.emplace_back([&] {
      Tape tape;
      const Tensor y = net(ones({1, 2}));
      scope = tape[tape.index_of(y)].scope();
    });
  for (std::thread& t : threads) t.join();
  for (const std::string& scope : scopes) CHECK(scope == "fc2");
}
