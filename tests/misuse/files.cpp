// Wrong calls of data sets, readers, writers, traces and descents.
#include "misuse/misuse.hpp"
#include "support.hpp"

using namespace gradus;
using misuse::leaf, misuse::numbers;

namespace {

constexpr const char* here = "misuse/files.cpp";

const support::TempDir& folder() {
  static const support::TempDir dir;
  return dir;
}
std::string file(const std::string& bytes) {
  static int count = 0;
  return support::write(folder() / ("f" + std::to_string(count++)), bytes);
}

}  // namespace

TEST_CASE("misuse: data sets and batches") {
  const data::Dataset set{numbers({4, 2}), tensor({0, 1, 0, 1}, i64)};
  misuse::refuse(here, {
                           {"batches of nothing", [] { (void)data::batches(data::Dataset{}); }},
                           {"batches of different lengths",
                            [] {
                              (void)data::batches({numbers({4, 2}), numbers({3})});
                            }},
                           {"batches of a scalar",
                            [] {
                              (void)data::batches({scalar(1), scalar(1)});
                            }},
                           {"batches of -1", [&] { (void)data::batches(set, {.size = -1}); }},
                           {"batches from epoch -1", [&] { (void)data::batches(set, {.epoch = -1}); }},
                           {"a slice backwards", [&] { (void)set.slice(3, 1); }},
                           {"a slice beyond the end", [&] { (void)set.slice(0, 5); }},
                           {"an empty slice", [&] { (void)set.slice(2, 2); }},
                           {"rows by fractions", [&] { (void)set.rows(numbers({2})); }},
                           {"row 4 of four", [&] { (void)set.rows(tensor({4}, i64)); }},
                           {"rows by a matrix",
                            [&] {
                              (void)set.rows(numbers({1, 1}, i64));
                            }},
                           {"no rows", [&] { (void)set.rows(numbers({0}, i64)); }},
                           {"rows by nothing", [&] { (void)set.rows(Tensor()); }},
                           {"a split of 1", [&] { (void)data::split(set, 1, 1); }},
                           {"a split of NaN", [&] { (void)data::split(set, std::nan(""), 1); }},
                           {"a split of -0.5", [&] { (void)data::split(set, -0.5, 1); }},
                           {"a split of nothing", [] { (void)data::split(data::Dataset{}, 0.5, 1); }},
                           {"MNIST that is not there", [] { (void)data::mnist(folder() / "nowhere"); }},
                       });
}

TEST_CASE("misuse: tables and arrays in files") {
  misuse::refuse(
      here,
      {
          {"a table that is not there", [] { (void)data::csv(folder() / "no.csv"); }},
          {"a table that is a folder", [] { (void)data::csv(folder().str()); }},
          {"an empty table", [] { (void)data::csv(file("")); }},
          {"a table of a header alone", [] { (void)data::csv(file("a,b\n")); }},
          {"a table of one column", [] { (void)data::csv(file("1\n2\n")); }},
          {"a row that is too short", [] { (void)data::csv(file("a,b,y\n1,2,x\n3,x\n")); }},
          {"a row that is too long", [] { (void)data::csv(file("a,b,y\n1,2,x\n3,4,5,x\n")); }},
          {"a word among numbers", [] { (void)data::csv(file("a,b,y\n1,2,x\n3,four,x\n")); }},
          {"an empty cell", [] { (void)data::csv(file("a,b,y\n1,2,x\n,4,x\n")); }},
          {"NaN in a table", [] { (void)data::csv(file("a,b,y\n1,2,x\nnan,4,x\n")); }},
          {"a number that is too large", [] { (void)data::csv(file("a,b,y\n1,2,x\n1e999,4,x\n")); }},
          {"a quote that does not end", [] { (void)data::csv(file("a,b,y\n1,2,\"x\n")); }},
          {"a label that is not there", [] { (void)data::csv(file("a,b,y\n1,2,x\n"), {.label = "z"}); }},
          {"label 7 of three columns", [] { (void)data::csv(file("a,b,y\n1,2,x\n"), {.label = "7"}); }},
          {"words as numbers to be predicted", [] { (void)data::csv(file("a,b,y\n1,2,x\n"), {.classes = false}); }},
          {"a separator that is a digit", [] { (void)data::csv(file("a,b,y\n1,2,x\n"), {.separator = '1'}); }},
          {"a decimal sign that is a letter", [] { (void)data::csv(file("a,b,y\n1,2,x\n"), {.decimal = 'x'}); }},
          {"a decimal sign that separates", [] { (void)data::csv(file("a,b,y\n1,2,x\n"), {.decimal = ','}); }},
          {"no header where one is", [] { (void)data::csv(file("a,b,y\n1,2,x\n"), {.header = data::Header::no}); }},
          {"a class that the other file lacks",
           [] {
             const data::Table first = data::csv(file("a,b,y\n1,2,x\n3,4,z\n"));
             (void)data::csv(file("a,b,y\n1,2,new\n"), {.like = first});
           }},
          {"a table with other columns than the first",
           [] {
             const data::Table first = data::csv(file("a,b,y\n1,2,x\n3,4,z\n"));
             (void)data::csv(file("a,y\n1,x\n"), {.like = first});
           }},
          {"IDX that is not there", [] { (void)data::idx(folder() / "no.idx"); }},
          {"IDX of text", [] { (void)data::idx(file("hello, world")); }},
          {"IDX of an unknown dtype", [] { (void)data::idx(file(std::string("\0\0\x07\x01\0\0\0\x01\x01", 9))); }},
          {"IDX that is cut off", [] { (void)data::idx(file(std::string("\0\0\x08\x01\0\0\0\x09\x01", 9))); }},
          {"IDX with more behind", [] { (void)data::idx(file(std::string("\0\0\x08\x01\0\0\0\x01\x01\x02", 10))); }},
          {"an array that is not there", [] { (void)io::load_npy(folder() / "no.npy"); }},
          {"an array of text", [] { (void)io::load_npy(file("hello, world")); }},
          {"an archive of text", [] { (void)io::load_npz(file("hello, world")); }},
          {"saving nothing as an array", [] { io::save_npy(folder() / "a.npy", Tensor()); }},
          {"an archive of two tensors of one name",
           [] {
             io::save_npz(folder() / "a.npz", {{"a", scalar(1)}, {"a", scalar(2)}});
           }},
          {"an archive in a folder that is not there",
           [] {
             io::save_npz(folder() / "no/a.npz", {{"a", scalar(1)}});
           }},
      });
}

TEST_CASE("misuse: states and networks in files") {
  const StateDict state{{"a", numbers({2})}};
  const nn::Linear net(2, 2);
  misuse::refuse(here, {
                           {"a state that is not there", [] { (void)io::load(folder() / "no.safetensors"); }},
                           {"a state that is a folder", [] { (void)io::load(folder().str()); }},
                           {"an empty file", [] { (void)io::load(file("")); }},
                           {"text", [] { (void)io::load(file("this is not a state")); }},
                           {"a header longer than the file",
                            [] { (void)io::load(file(std::string("\xff\0\0\0\0\0\0\0{}", 10))); }},
                           {"metadata of text", [] { (void)io::metadata(file("this is not a state")); }},
                           {"no name fits",
                            [&] {
                              io::save(folder() / "s", state);
                              (void)io::load(folder() / "s", {.only = "z*"});
                            }},
                           {"saving in a folder that is not there", [&] { io::save(folder() / "no/s", state); }},
                           {"saving over a folder", [&] { io::save(folder().str(), state); }},
                           {"saving to an empty path", [&] { io::save("", state); }},
                           {"saving to a path with a zero byte", [&] { io::save(std::string("a\0b", 3), state); }},
                           {"saving nothing",
                            [] {
                              io::save(folder() / "s", {{"a", Tensor()}});
                            }},
                           {"saving two of one name",
                            [&] {
                              io::save(folder() / "s", {state[0], state[0]});
                            }},
                           {"a name that is not UTF-8",
                            [&] {
                              io::save(folder() / "s", {{"\xff", numbers({1})}});
                            }},
                           {"metadata that are not UTF-8",
                            [&] {
                              io::save(folder() / "s", state, {{"k", "\xff"}});
                            }},
                           {"a reserved name",
                            [&] {
                              io::save(folder() / "s", {{"__metadata__", numbers({1})}});
                            }},
                           {"a place that cannot be written", [] { io::check_writable(folder() / "no/s"); }},
#ifdef GRADUS_HAVE_PROTOZERO
                           {"exporting with another shape",
                            [&] {
                              io::save_onnx(net, numbers({1, 3}), folder() / "m");
                            }},
                           {"exporting nothing", [&] { io::save_onnx(net, Tensor(), folder() / "m"); }},
                           {"exporting a batch on axis 4",
                            [&] {
                              io::save_onnx(net, numbers({1, 2}), folder() / "m", {.batch_axis = 4});
                            }},
                           {"exporting with two names of one input",
                            [&] {
                              io::save_onnx(net, numbers({1, 2}), folder() / "m", {.inputs = {"a", "b"}});
                            }},
                           {"exporting into a folder that is not there",
                            [&] {
                              io::save_onnx(net, numbers({1, 2}), folder() / "no/m");
                            }},
#endif
                       });
}

TEST_CASE("misuse: traces, descents and slices") {
  const nn::Sequential net{nn::Linear(2, 1)};
  const auto loss = [&] { return sum(square(net(numbers({1, 2})))); };
  const auto sgd = [](const std::vector<Tensor>& p) { return optim::AnyOptimizer(optim::SGD(p, {.lr = 0.1})); };
  misuse::refuse(
      here,
      {
          {"a trace of steps in words", [] { const study::Trace t(folder() / "t", {.steps = "many"}); }},
          {"a trace of steps backwards", [] { const study::Trace t(folder() / "t", {.steps = "5-2"}); }},
          {"a trace with a ring of -1", [] { const study::Trace t(folder() / "t", {.ring = -1}); }},
          {"a trace with -1 values", [] { const study::Trace t(folder() / "t", {.values = -1}); }},
          {"reading a trace that is not there", [] { (void)study::read_trace(folder() / "no.jsonl"); }},
          {"reading a trace of text", [] { (void)study::read_trace(file("hello\n")); }},
          {"a surface without a name", [] { study::surface(""); }},
          {"a surface that is unknown", [] { study::surface("rosenbruck"); }},
          {"a formula that does not end", [] { study::formula("(x + y"); }},
          {"a formula of z", [] { study::formula("x + z"); }},
          {"a condition in words", [] { study::condition("small"); }},
          {"a condition without a number", [] { study::condition("f<"); }},
          {"a descent of -1 steps", [&] { study::descend(study::surface("beale"), "a", sgd, {.steps = -1}); }},
          {"a descent from NaN",
           [&] {
             study::descend(study::surface("beale"), "a", sgd, {.start = study::Point{std::nan(""), 0}});
           }},
          {"a descent with noise of -1", [&] { study::descend(study::surface("beale"), "a", sgd, {.noise = -1}); }},
          {"a slice of 0 points", [&] { study::slice(net, loss, {.points = 0}); }},
          {"a slice of range 0", [&] { study::slice(net, loss, {.range = 0}); }},
          {"a slice along one snapshot", [&] { study::slice(net, loss, {.trajectory = {study::snapshot(net)}}); }},
          {"a slice without a loss", [&] { study::slice(net, Objective()); }},
          {"a plane of nothing", [] { (void)study::principal_plane({}); }},
          {"a picture of an unknown kind",
           [] { study::landscape(study::surface("beale")).save(folder() / "picture.gif"); }},
          {"a picture in a folder that is not there",
           [] { study::landscape(study::surface("beale")).save(folder() / "no/picture.svg"); }},
      });
}
