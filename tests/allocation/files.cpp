// Readers, writers and batches whose memory ends at any allocation: a file is whole or as it was.
#include <doctest/doctest.h>

#include "allocation/failing.hpp"
#include "support.hpp"

using namespace gradus;
using failing::Attempt, failing::check, failing::Look;

namespace {

StateDict state() { return {{"a", arange(6).to(f32).reshape({2, 3})}, {"b", tensor({1, 2}, i64)}}; }

// A file that a call writes anew: what it looks at is the old one.
Attempt over(const std::string& path, const std::function<void(const std::string&)>& save) {
  support::write(path, "old");
  return {[path, save] { save(path); }, [path](Look& look) { look(support::read(path)); }};
}

std::size_t files_in(const support::TempDir& folder) {
  std::size_t n = 0;
  for ([[maybe_unused]] const auto& file : std::filesystem::directory_iterator(folder.str())) ++n;
  return n;
}

}  // namespace

TEST_CASE("files that are written") {
  const support::TempDir folder;
  const StateDict all = state();
  const nn::Sequential net{nn::Linear(3, 2), nn::ReLU()};
  const Tensor x = ones({1, 3});
  const std::string path = folder / "f";
  check("save", [&] { return over(path, [&](const std::string& p) { io::save(p, all, {{"k", "v"}}); }); });
  check("save_npz", [&] { return over(path, [&](const std::string& p) { io::save_npz(p, all); }); });
  check("save_npy", [&] { return over(path, [&](const std::string& p) { io::save_npy(p, all[0].second); }); });
#ifdef GRADUS_HAVE_PROTOZERO
  check("save_onnx", [&] { return over(path, [&](const std::string& p) { io::save_onnx(net, x, p); }); });
#endif
  CHECK(files_in(folder) == 1);  // and no temporary one
}

TEST_CASE("files that are read") {
  const support::TempDir folder;
  const StateDict all = state();
  io::save(folder / "s", all, {{"k", "v"}});
  io::save_npz(folder / "z", all);
  io::save_npy(folder / "n", all[0].second);
  support::write(folder / "c", "w,h,kind\n1,2,cat\n3,4.5,dog\n5,6,cat\n");
  support::write(folder / "i", std::string("\0\0\x08\x02\0\0\0\x01\0\0\0\x03\1\2\3", 15));
  check("load", [&] { return Attempt{[&] { (void)io::load(folder / "s"); }}; });
  check("metadata", [&] { return Attempt{[&] { (void)io::metadata(folder / "s"); }}; });
  check("load_npz", [&] { return Attempt{[&] { (void)io::load_npz(folder / "z"); }}; });
  check("load_npy", [&] { return Attempt{[&] { (void)io::load_npy(folder / "n"); }}; });
  check("csv", [&] { return Attempt{[&] { (void)data::csv(folder / "c"); }}; });
  check("idx", [&] { return Attempt{[&] { (void)data::idx(folder / "i"); }}; });
}

TEST_CASE("a header that claims more than the file has gets no memory for it") {
  const support::TempDir folder;
  const auto most_for = [&](const std::string& bytes, const std::function<void(const std::string&)>& read) {
    const std::string path = support::write(folder / "f", bytes);
    (void)failing::largest();
    CHECK_THROWS_AS(read(path), Error);
    return failing::largest();
  };
  const auto idx = [](const std::string& path) { (void)data::idx(path); };
  const std::string vector_of_60_million("\0\0\x08\1\3\x93\x87\0", 8);
  CHECK(most_for(vector_of_60_million, idx) < (1 << 20));
#ifdef GRADUS_HAVE_ZLIB
  // The same kind of header, compressed: its size is known at the end only.
  CHECK(most_for(std::string("\x1f\x8b\x08\0\0\0\xf9\0\0\3\x63\x60\xe0\x60\x64\x8b\x08\x7a\x8b\x0b\0\0\0\xf9\0", 25),
                 idx) < (1 << 20));
#endif
  std::string npy("\x93NUMPY\1\0\x76\0", 10);
  npy += "{'descr': '<f4', 'fortran_order': False, 'shape': (60000000,), }";
  npy.resize(127, ' ');
  npy += '\n';
  CHECK(most_for(npy, [](const std::string& path) { (void)io::load_npy(path); }) < (1 << 20));
  const std::string json = R"({"a":{"dtype":"F32","shape":[60000000],"data_offsets":[0,240000000]}})";
  const std::string tensors = std::string(1, static_cast<char>(json.size())) + std::string(7, '\0') + json;
  CHECK(most_for(tensors, [](const std::string& path) { (void)io::load(path); }) < (1 << 20));
}

TEST_CASE("batches") {
  const data::Dataset set{arange(12).to(f32).reshape({6, 2}), tensor({0, 1, 0, 1, 0, 1}, i64)};
  for (const bool shuffle : {false, true})
    check(shuffle ? "shuffled" : "in order", [&] {
      return Attempt{[&] {
                       for (auto [x, y] : data::batches(set, {.size = 4, .shuffle = shuffle, .seed = 1})) (void)x.sum();
                     },
                     [&](Look& look) {
                       look(set.x);
                       look(set.y);
                     }};
    });
  check("split", [&] { return Attempt{[&] { (void)data::split(set, 0.5, 1); }}; });
}
