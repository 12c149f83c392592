// MNIST and the sets that come in its form.
#include <gradus/data/readers.hpp>

#include <array>
#include <cstdlib>
#include <filesystem>

#include "data/idx.hpp"
#include "kernels/parallel.hpp"
#include "tensor/format.hpp"
#include "tensor/make.hpp"

namespace gradus::data {
namespace {

struct Source {
  const char* name;       // "mnist": the operation, the directory and what to ask get-data for
  std::string directory;  // where it is
  Loc where;

  Source(const char* set, std::string given, Loc line) : name(set), directory(std::move(given)), where(line) {
    if (!directory.empty()) return;
    const char* root = std::getenv("GRADUS_DATA");
    directory = std::string(root && *root ? root : "data") + '/' + name;
  }

  // train-images and idx3: under any of the names that are in use.
  io::Stream file(const std::string& stem, const std::string& kind) const {
    for (const char* joint : {"-", "."})
      for (const char* end : {"", ".gz"}) {
        std::string path = formatted("{}/{}{}{}-ubyte{}", directory, stem, joint, kind, end);
        std::error_code ignored;
        if (std::filesystem::exists(path, ignored)) return {std::move(path), name, where};
      }
    throw Error(name,
                {.wrong = formatted("no file {}-{}-ubyte in {}", stem, kind, directory),
                 .expected = "it, or the same with .gz",
                 .advice = formatted("./tools/get-data {}", name)},
                where);
  }
};

Tensor images(const Source& source, const std::string& part) {
  io::Stream file = source.file(part + "-images", "idx3");
  const IdxFile idx = read_idx(file);
  if (idx.type != IdxType::u8 || idx.shape.size() != 3 || idx.shape[1] != 28 || idx.shape[2] != 28) {
    file.fail({.wrong = "does not hold images of 28 x 28",
               .got = to_string(idx.shape),
               .expected = "bytes of shape (N, 28, 28)"});
  }
  Tensor x = detail::make({idx.shape[0], 1, 28, 28}, f32, source.name, source.where);
  auto* to = detail::data<float>(x);
  const unsigned char* from = idx.bytes.data();
  std::array<float, 256> shade;  // a table: 47 million divisions take longer
  for (int i = 0; i < 256; ++i) shade[static_cast<std::size_t>(i)] = static_cast<float>(i) / 255;
  kernels::parallel_for(x.numel(), 1 << 16, [&shade, to, from](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) to[i] = shade[from[i]];
  });
  return x;
}

Tensor labels(const Source& source, const std::string& part, std::int64_t images) {
  io::Stream file = source.file(part + "-labels", "idx1");
  const IdxFile idx = read_idx(file);
  if (idx.type != IdxType::u8 || idx.shape.size() != 1) {
    file.fail({.wrong = "does not hold labels", .got = to_string(idx.shape), .expected = "bytes of shape (N,)"});
  }
  if (idx.shape[0] != images) {
    file.fail({.wrong = "the numbers of labels and images differ",
               .got = formatted("{} labels, {} images", idx.shape[0], images)});
  }
  Tensor y = detail::make(idx.shape, i64, source.name, source.where);
  auto* to = detail::data<std::int64_t>(y);
  for (std::size_t i = 0; i < idx.bytes.size(); ++i) {
    if (idx.bytes[i] > 9) {
      file.fail(
          {.wrong = "a label out of range", .got = formatted("{} at index {}", idx.bytes[i], i), .expected = "0 to 9"});
    }
    to[i] = idx.bytes[i];
  }
  return y;
}

Dataset part(const Source& source, const std::string& name) {
  Tensor x = images(source, name);
  Tensor y = labels(source, name, x.shape()[0]);
  return {std::move(x), std::move(y)};
}

Split both(const Source& source) { return {.train = part(source, "train"), .test = part(source, "t10k")}; }

}  // namespace

Split mnist(const std::string& directory, Loc where) { return both({"mnist", directory, where}); }
Split fashion(const std::string& directory, Loc where) { return both({"fashion", directory, where}); }

}  // namespace gradus::data
