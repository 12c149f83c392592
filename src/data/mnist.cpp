// MNIST and the sets that come in its form.
#include <gradus/data/images.hpp>
#include <gradus/data/readers.hpp>

#include <cstdlib>
#include <filesystem>

#include "data/idx.hpp"
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

// As bytes, image after image.
std::vector<std::uint8_t> images(const Source& source, const std::string& part) {
  io::Stream file = source.file(part + "-images", "idx3");
  IdxFile idx = read_idx(file);
  if (idx.type != IdxType::u8 || idx.shape.size() != 3 || idx.shape[1] != 28 || idx.shape[2] != 28) {
    file.fail({.wrong = "does not hold images of 28 x 28",
               .got = to_string(idx.shape),
               .expected = "bytes of shape (N, 28, 28)"});
  }
  return std::move(idx.bytes);
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

Images part(const Source& source, const std::string& name) {
  std::vector<std::uint8_t> bytes = images(source, name);
  Tensor y = labels(source, name, std::ssize(bytes) / (28 * 28));
  return Images(std::move(bytes), {1, 28, 28}, std::move(y), source.where);
}

ImageSplit both(const Source& source) { return {.train = part(source, "train"), .test = part(source, "t10k")}; }

Split as_numbers(const Source& source) {
  Dataset train = part(source, "train").dataset(source.where);  // its bytes are freed before the others are read
  return {.train = std::move(train), .test = part(source, "t10k").dataset(source.where)};
}

}  // namespace

Split mnist(const std::string& directory, Loc where) { return as_numbers({"mnist", directory, where}); }
Split fashion(const std::string& directory, Loc where) { return as_numbers({"fashion", directory, where}); }

ImageSplit mnist_images(const std::string& directory, Loc where) { return both({"mnist", directory, where}); }
ImageSplit fashion_images(const std::string& directory, Loc where) { return both({"fashion", directory, where}); }

}  // namespace gradus::data
