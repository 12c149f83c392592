// Examples for a model: CSV by names, NumPy's files, IDX.
#include <gradus/gradus.hpp>

#include <cmath>

#include "support.hpp"

using namespace gradus;
using support::TempDir, support::write;

namespace {

using Numbers = std::vector<double>;

// For (1, 2, 2) and three classes, without names.
train::Model images() { return {{.net = "mlp:4", .input = {4}, .classes = 3}, nn::Sequential(nn::Linear(4, 3))}; }

train::Model pets(const TempDir& dir) {
  const data::Table table = data::csv(write(dir / "pets.csv", "height;kind;weight\n1,5;cat;2\n3;dog;4\n"),
                                      {.label = "kind", .separator = ';'});
  return {{.net = "mlp:4", .input = {2}, .classes = 2, .encoding = table, .separator = ';'},
          nn::Sequential(nn::Linear(2, 2))};
}

}  // namespace

TEST_CASE("read_examples: CSV as the training file was written, columns by name") {
  const TempDir dir;
  const train::Model model = pets(dir);
  const auto read = [&](const std::string& text, const train::ReadOptions& options = {}) {
    return train::read_examples(model, write(dir / "t.csv", text), options);
  };
  CHECK(read("weight;id;height\n2;7;1,5\n").x.to_vector() == Numbers{1.5, 2});
  CHECK(!read("weight;id;height\n2;7;1\n").y.defined());
  CHECK(read("weight,height\n2,1.5\n", {.separator = ','}).x.to_vector() == Numbers{1.5, 2});
  const auto both = read("kind;weight;height\ndog;4;3\ncat;2;1\n", {.labelled = true});
  CHECK(both.x.to_vector() == Numbers{3, 4, 1, 2});
  CHECK(both.y.to_vector() == Numbers{1, 0});
  CHECK(read("sort;weight;height\ndog;4;3\n", {.labelled = true, .label = "sort"}).y.to_vector() == Numbers{1});
  const auto refused = [&](const std::string& text, const train::ReadOptions& options = {}) {
    return support::message([&] { read(text, options); });
  };
  CHECK_PARTS(refused("kind;height\ncat;1\n", {.header = data::Header::yes}), "t.csv: line 1: no column \"weight\"");
  CHECK_PARTS(refused("height;weight\n1;2\n", {.labelled = true}), "no column \"kind\"");
  CHECK_PARTS(refused("height;weight\n1;2\nx;2\n"), "line 3, column \"height\": not a number", "got:      \"x\"");
  CHECK_PARTS(refused("height;weight\n1;2\n;2\n"), "line 3, column \"height\": an empty cell");
  CHECK(read("height;weight\n1;2\n;2\n", {.missing = data::Missing::mean}).x.to_vector() == Numbers{1, 2, 2.25, 2});
  // Without labels each line has its answer: none is dropped.
  CHECK_PARTS(refused("height;weight\n1;2\n;2\n", {.missing = data::Missing::drop}), "an empty cell");
  CHECK(read("kind;height;weight\ncat;1;2\ndog;;2\n", {.labelled = true, .missing = data::Missing::drop}).size() == 1);
  CHECK_PARTS(refused("kind;height;weight\neel;1;2\n", {.labelled = true}), "a class that the other file lacks", "eel");
}

TEST_CASE("read_examples: NumPy's files") {
  const TempDir dir;
  const train::Model model = images();
  const Tensor x = arange(8).reshape({2, 2, 2});
  io::save_npz(dir / "a.npz", {{"x", x}, {"y", tensor({2, 0}, i64)}});
  const auto data = train::read_examples(model, dir / "a.npz", {.labelled = true});
  CHECK(data.x.shape() == Shape{2, 4});
  CHECK(data.x.dtype() == f32);
  CHECK(data.y.to_vector() == Numbers{2, 0});
  io::save_npy(dir / "a.npy", x);
  CHECK(train::read_examples(model, dir / "a.npy").x.to_vector() == data.x.to_vector());
  CHECK_SAYS(train::read_examples(model, dir / "a.npy", {.labelled = true}), "a.npy: holds examples without answers");
  io::save_npz(dir / "b.npz", {{"x", ones({2, 4})}, {"y", tensor({0, 3}, i64)}});
  CHECK_SAYS(train::read_examples(model, dir / "b.npz", {.labelled = true}),
             "b.npz: example 1: a class that the model does not know", "got:      3", "0 to 2");
  io::save_npz(dir / "c.npz", {{"x", ones({2, 4})}, {"y", tensor({0, 0.5})}});
  CHECK_SAYS(train::read_examples(model, dir / "c.npz", {.labelled = true}), "example 1", "0.5");
  io::save_npz(dir / "d.npz", {{"x", ones({2, 4})}, {"y", zeros({3}, i64)}});
  CHECK_SAYS(train::read_examples(model, dir / "d.npz", {.labelled = true}), "do not fit", "(3,)", "(2,)");
  io::save_npz(dir / "e.npz", {{"z", ones({2, 4})}});
  CHECK_SAYS(train::read_examples(model, dir / "e.npz"), "e.npz: array x is missing");
  io::save_npy(dir / "f.npy", ones({2, 5}));
  CHECK_SAYS(train::read_examples(model, dir / "f.npy"), "f.npy: the model takes other examples", "(2, 5)", "(4,)");
  io::save_npy(dir / "g.npy", tensor({{1, 2, 3, 4}, {1, NAN, 3, 4}}));
  CHECK_SAYS(train::read_examples(model, dir / "g.npy"), "g.npy: array x, example 1: nan");
  io::save_npy(dir / "h.npy", scalar(1));
  CHECK_SAYS(train::read_examples(model, dir / "h.npy"), "takes other examples", "()");
}

TEST_CASE("read_examples: IDX files hold pixels") {
  const TempDir dir;
  const std::string bytes{0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 0, '\xff', 51, 102};
  for (const char* name : {"i.idx", "images-idx3-ubyte"}) {
    const Tensor x = train::read_examples(images(), write(dir / name, bytes)).x;
    CHECK(allclose(x, tensor({{0, 1, 0.2, 0.4}})));
  }
  CHECK_SAYS(train::read_examples(images(), write(dir / "j.idx", bytes.substr(0, 18))), "j.idx", "truncated");
}
