// Models: networks by spec, their description in a file, what a file may not claim, reading examples, answers.
#include <gradus/gradus.hpp>

#include <cmath>

#include "support.hpp"
#include "train/plan.hpp"

using namespace gradus;
using support::TempDir, support::write;

namespace {

// A small table, a network of its size with weights from a seed, and its description.
struct Pets {
  TempDir dir;
  data::Table table =
      data::csv(write(dir / "pets.csv", "height,colour,weight,kind\n1,red,2,\"cat, big\"\n3,blue,4,dog\n5,red,6,dog\n"),
                {.categories = data::Categories::one_hot});
  train::Description about{.net = "mlp:5", .input = {4}, .classes = 2, .encoding = table, .more = {{"seed", "7"}}};
  nn::Sequential net = make();
  std::string file = dir / "m.safetensors";

  nn::Sequential make() const {
    manual_seed(3);
    return nn::Sequential{nn::Standardize::of(table.x), train::make_net("mlp:5", {4}, 2)};
  }
};

// Writes the model with some of its texts changed, and loads it.
std::string claim(const Pets& pets, const io::Metadata& changes, const std::string& without = "") {
  io::Metadata texts = train::metadata(pets.about);
  for (const auto& [key, text] : changes) texts[key] = text;
  texts.erase(without);
  io::save(pets.dir / "x.safetensors", pets.net.state_dict(), texts);
  return support::message([&] { train::load_model(pets.dir / "x.safetensors"); });
}

}  // namespace

TEST_CASE("make_net: networks by spec") {
  CHECK(train::make_net("mlp", {3}, 2).parameter_count() == 3 * 128 + 128 + 128 * 2 + 2);
  CHECK(train::make_net("mlp:8,4", {3}, 2).size() == 5);
  CHECK(train::make_net("lenet", {1, 8, 8}, 10)(ones({2, 1, 8, 8})).shape() == Shape{2, 10});
  CHECK(train::make_net("lenet", {3, 32, 28}, 7)(ones({2, 3, 32, 28})).shape() == Shape{2, 7});
  CHECK(train::make_net("cnn", {1, 9, 5}, 4)(ones({2, 1, 9, 5})).shape() == Shape{2, 4});
  CHECK(train::examples_of("cnn") == train::Examples::images);
  CHECK(train::examples_of("mlp:3") == train::Examples::rows);
  CHECK_SAYS(train::make_net("mpl", {3}, 2), "make_net: there is no network \"mpl\"", "mlp, lenet, cnn", "model.cpp:");
  CHECK_SAYS(train::make_net("mlp:0", {3}, 2), "'0' is not a valid width", "1 to 65536");
  CHECK_SAYS(train::examples_of("mlp:3,"), "'' is not a valid width");
  CHECK_SAYS(train::make_net("cnn:3", {1, 8, 8}, 2), "cnn takes no options");
  CHECK_SAYS(train::make_net("cnn", {64}, 2), "cnn: takes other examples", "(64,)", "(C, H, W)");
  CHECK_SAYS(train::make_net("mlp", {1, 8, 8}, 2), "mlp: takes other examples");
  CHECK_SAYS(train::make_net("mlp", {0}, 2), "mlp: takes other examples");
  CHECK_SAYS(train::make_net("lenet", {1, 20, 8}, 2), "the images are too small");
  CHECK_SAYS(train::make_net("cnn", {1, 8, 3}, 2), "the images are too small");
  CHECK_SAYS(train::make_net("cnn", {1, 1 << 30, 1 << 30}, 2), "the images are too large");
  CHECK_SAYS(train::make_net("mlp", {3}, 0), "so many outputs");
}

TEST_CASE("make_net: a plan counts the numbers of its network, and weights depend on the seed alone") {
  for (const auto& [spec, input] : {std::pair<std::string, Shape>{"mlp:8,4", {3}},
                                    {"lenet", {2, 8, 8}},
                                    {"lenet", {1, 28, 28}},
                                    {"cnn", {3, 9, 12}}}) {
    CAPTURE(spec);
    const auto plan = train::plan_net(spec, input, 5, Loc::current());
    double numbers = 0;
    for (const auto& [name, tensor] : train::make(plan).state_dict()) numbers += static_cast<double>(tensor.numel());
    CHECK(train::numbers(plan) == numbers);
  }
  manual_seed(1);
  const nn::Sequential by_hand{nn::Linear(3, 8), nn::ReLU(), nn::Linear(8, 2)};
  manual_seed(1);
  const nn::Sequential by_spec = train::make_net("mlp:8", {3}, 2);
  CHECK(equal(by_hand(ones({1, 3})), by_spec(ones({1, 3}))));
}

TEST_CASE("model: what is saved comes back") {
  const Pets pets;
  train::save_model(pets.file, pets.net, pets.about);
  const train::Model model = train::load_model(pets.file);
  CHECK(equal(model.net(pets.table.x), pets.net(pets.table.x)));
  CHECK(train::metadata(model.about) == train::metadata(pets.about));
  CHECK(model.about.encoding.classes == std::vector<std::string>{"cat, big", "dog"});
  CHECK(model.about.encoding.features[1].words == std::vector<std::string>{"blue", "red"});
  CHECK(model.about.encoding.label == "kind");
  CHECK(model.about.more.at("seed") == "7");
  CHECK(model.about.class_name(1) == "dog");
  CHECK(model.about.class_name(5) == "5");
  CHECK(model.about.answer_name() == "kind");
  CHECK(train::Description{}.answer_name() == "class");
  CHECK(train::Description{.task = train::Task::regress}.answer_name() == "value");
}

TEST_CASE("model: answers, classes, probabilities") {
  const Pets pets;
  const train::Model model{pets.about, pets.net};
  const Tensor scores = pets.net(pets.table.x);
  CHECK(equal(model.answers(pets.table.x), scores));
  CHECK(equal(model.predict(pets.table.x), argmax(scores, 1)));
  const Tensor p = model.probabilities(pets.table.x);
  CHECK(allclose(p.sum({1}), ones({3})));
  CHECK(allclose(p, softmax(scores, 1)));
  const Tensor many = randn({700, 4});
  CHECK(allclose(model.answers(many), pets.net(many)));
  CHECK(model.answers(many.reshape({700, 2, 2})).shape() == Shape{700, 2});
  CHECK_SAYS(model.answers(ones({3, 5})), "answers: the network takes other examples", "(3, 5)", "(4,)", "model.cpp:");
  CHECK_SAYS(model.answers(Tensor()), "undefined");
  Tensor wild = ones({300, 4});
  wild.set({270, 2}, INFINITY);
  CHECK_SAYS(model.predict(wild), "the answer to example 270 is");
  Tape tape;
  model.predict(pets.table.x);
  CHECK(tape.size() == 0);
}

TEST_CASE("model: regression answers in the unit of its targets") {
  const TempDir dir;
  const Tensor x = randn({50, 3}), y = 1000 + 20 * x.sum({1});
  manual_seed(1);
  const nn::Sequential net{nn::Standardize::of(x), train::make_net("mlp:4", {3}, 1), nn::Unstandardize::of(y, {})};
  train::save_model(dir / "r.st", net, {.net = "mlp:4", .input = {3}, .task = train::Task::regress});
  const train::Model model = train::load_model(dir / "r.st");
  CHECK(model.predict(x).shape() == Shape{50});
  CHECK(std::abs(model.predict(x).mean().item() - 1000) < 60);
  CHECK_SAYS(model.probabilities(x), "probabilities: the network answers with a number");
}

TEST_CASE("model: what a file claims must be what it holds") {
  const Pets pets;
  CHECK(claim(pets, {}) == "nothing was thrown");
  const auto refused = [&](const io::Metadata& changes, std::initializer_list<std::string> parts) {
    const std::string said = claim(pets, changes);
    for (const std::string& part : parts) CHECK_PARTS(said, part);
    CHECK_PARTS(said, "load_model: ", "x.safetensors: ");
  };
  refused({{"net", "mlp:6"}}, {"its metadata and its tensors disagree", "45 numbers", "52"});
  refused({{"net", "mlp:65536,65536,65536,65536"}}, {"disagree: net 'mlp:65536"});
  refused({{"classes", "4000000000"}, {"class_names", "[]"}}, {"disagree"});
  refused({{"input", "(4000000000,)"}, {"features", "[]"}}, {"does not fit the examples"});
  refused({{"input", "(999999999999999999999,)"}}, {"input = '(999999999999999999999,)': not a shape"});
  refused({{"input", "(2, 2)"}}, {"takes other examples"});
  refused({{"input", "(2, 2, 1)"}, {"net", "cnn"}}, {"too small"});
  refused({{"net", "resnet"}}, {"there is no network \"resnet\""});
  refused({{"net", std::string(100'000, '9')}}, {"there is no network \"999"});
  refused({{"task", "rank"}}, {"task = 'rank': this version knows classify, regress"});
  refused({{"task", "text"}}, {"task = 'text': gradus sample takes networks for texts"});
  refused({{"task", "regress"}}, {"classes = '2': a regression has none"});
  refused({{"classes", "-2"}}, {"classes = '-2'"});
  refused({{"classes", "1"}}, {"classes = '1': a classifier has two or more"});
  refused({{"class_names", "[\"a\"]"}}, {"class_names", "2 classes"});
  refused({{"class_names", "[1, 2]"}}, {"class_names", "damaged"});
  refused({{"class_names", std::string(1'000'000, '[')}}, {"damaged", "…"});
  refused({{"features", "[{}]"}}, {"features", "damaged"});
  refused({{"features", "[{\"name\": \"a\", \"mean\": 0}]"}}, {"other columns than the network takes", "1", "(4,)"});
  refused({{"categories", "two_hot"}}, {"refuse, index, one_hot"});
  refused({{"missing", "guess"}}, {"refuse, drop, mean"});
  refused({{"csv", "{\"separator\": \"::\"}"}}, {"csv", "damaged"});
  for (const char* key : {"net", "input", "classes"})
    CHECK_PARTS(claim(pets, {}, key), "does not say '" + std::string(key) + "'", "gradus train --save");
  // The scaling, broadcast, would need memory that the file does not have.
  StateDict state = pets.net.state_dict();
  for (auto& [name, tensor] : state)
    if (name.starts_with("0.")) tensor = zeros({1000, 1, 1});
  io::save(pets.dir / "y.safetensors", state, train::metadata(pets.about));
  CHECK_SAYS(train::load_model(pets.dir / "y.safetensors"), "the scaling of the input does not fit", "(1000, 1, 1)");
  io::save(pets.dir / "z.safetensors", {{"w", ones({45})}}, train::metadata(pets.about));
  CHECK_SAYS(train::load_model(pets.dir / "z.safetensors"), "has no tensor '0.mean'");
  CHECK_SAYS(train::load_model(pets.dir / "none.safetensors"), "none.safetensors", "model.cpp:");
}

TEST_CASE("model: files of older versions") {
  const Pets pets;
  io::Metadata texts = train::metadata(pets.about);
  for (const char* key : {"model", "task", "features", "categories", "missing", "label", "csv"}) texts.erase(key);
  texts["class_names"] = "cat, big\ndog";  // 0.1: a line each
  io::save(pets.dir / "old.st", pets.net.state_dict(), texts);
  const train::Model old = train::load_model(pets.dir / "old.st");
  CHECK(old.about.encoding.classes == pets.about.encoding.classes);
  CHECK(equal(old.net(pets.table.x), pets.net(pets.table.x)));
  // Columns by place: it does not know their names.
  write(pets.dir / "t.csv", "a,b,c,d\n1,0,1,2\n");
  CHECK(train::read_examples(old, pets.dir / "t.csv").x.to_vector() == std::vector<double>{1, 0, 1, 2});
  texts = train::metadata(pets.about);
  for (const char* key : {"model", "missing", "csv"}) texts.erase(key);
  texts["label"] = "\"\"";  // early 0.2: what --label said
  io::save(pets.dir / "early.st", pets.net.state_dict(), texts);
  CHECK(train::load_model(pets.dir / "early.st").about.encoding.features.size() == 3);
}

TEST_CASE("model: names that are not UTF-8 cannot be saved") {
  Pets pets;
  pets.about.encoding.classes = {"a", "k\xe4t"};
  CHECK_SAYS(train::save_model(pets.file, pets.net, pets.about), "not UTF-8", "iconv", "model.cpp:");
  CHECK(!std::filesystem::exists(pets.file));
}
