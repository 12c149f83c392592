// Event files, read by a decoder that shares nothing with the writer: a bitwise CRC, and protocol buffers field by
// field.
#ifdef GRADUS_HAVE_PROTOZERO
#include <gradus/gradus.hpp>

#include <cmath>

#include <cstring>

#include "support.hpp"

using namespace gradus;
using support::contains, support::read, support::TempDir;

namespace {

std::uint32_t crc(const std::string& bytes) {
  std::uint32_t value = 0xFFFFFFFF;
  for (const char c : bytes) {
    for (int bit = 0; bit < 8; ++bit) {
      const bool one = ((value ^ static_cast<unsigned char>(c) >> bit) & 1) != 0;
      value >>= 1;
      if (one) value ^= 0x82F63B78;
    }
  }
  return value ^ 0xFFFFFFFF;
}

std::uint32_t unmasked(std::uint32_t masked) {
  const std::uint32_t turned = masked - 0xa282ead8;
  return turned >> 17 | turned << 15;
}

template <class T>
T number(const std::string& bytes, std::size_t at) {
  T value{};
  REQUIRE(at + sizeof(T) <= bytes.size());
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

std::vector<std::string> records(const std::string& file) {
  std::vector<std::string> all;
  std::size_t at = 0;
  while (at < file.size()) {
    const auto length = number<std::uint64_t>(file, at);
    CHECK(unmasked(number<std::uint32_t>(file, at + 8)) == crc(file.substr(at, 8)));
    const std::string bytes = file.substr(at + 12, length);
    REQUIRE(bytes.size() == length);
    CHECK(unmasked(number<std::uint32_t>(file, at + 12 + length)) == crc(bytes));
    all.push_back(bytes);
    at += 16 + length;
  }
  return all;
}

struct Field {
  std::uint64_t number = 0, value = 0;  // value: of a varint or a fixed number, as bits
  std::string bytes;
};

std::uint64_t varint(const std::string& bytes, std::size_t& at) {
  std::uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    REQUIRE(at < bytes.size());
    const auto byte = static_cast<unsigned char>(bytes[at++]);
    value |= static_cast<std::uint64_t>(byte & 127) << shift;
    if (byte < 128) return value;
  }
}

std::vector<Field> message(const std::string& bytes) {
  std::vector<Field> all;
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::uint64_t key = varint(bytes, at);
    Field f{.number = key >> 3, .bytes = {}};
    const std::uint64_t type = key & 7;
    if (type == 0) f.value = varint(bytes, at);
    if (type == 1) f.value = number<std::uint64_t>(bytes, at);
    if (type == 5) f.value = number<std::uint32_t>(bytes, at);
    if (type == 2) {
      const std::uint64_t length = varint(bytes, at);
      f.bytes = bytes.substr(at, length);
      REQUIRE(f.bytes.size() == length);
      at += length;
    }
    if (type == 1) at += 8;
    if (type == 5) at += 4;
    all.push_back(f);
  }
  return all;
}

const Field& field(const std::vector<Field>& all, std::uint64_t n) {
  for (const Field& f : all) {
    if (f.number == n) return f;
  }
  FAIL("there is no field " << n);
  return all.front();
}

double as_double(const Field& f) {
  double v = 0;
  std::memcpy(&v, &f.value, 8);
  return v;
}

float as_float(const Field& f) {
  float v = 0;
  std::memcpy(&v, &f.value, 4);
  return v;
}

std::vector<double> doubles(const Field& f) {
  std::vector<double> all(f.bytes.size() / 8);
  std::memcpy(all.data(), f.bytes.data(), f.bytes.size());
  return all;
}

// Of a record with one value: its fields.
std::vector<Field> value(const std::string& record) {
  return message(field(message(field(message(record), 5).bytes), 1).bytes);
}

}  // namespace

TEST_CASE("tensorboard: the checksum is Castagnoli's") {
  CHECK(crc("123456789") == 0xE3069283);  // of this test itself, by the published check value
}

TEST_CASE("tensorboard: scalars, histograms, images and text") {
  const TempDir dir;
  std::string path;
  {
    train::SummaryWriter writer(dir / "runs/one");
    path = writer.path();
    CHECK(contains(path, "events.out.tfevents."));
    writer.add_scalar("loss/train", 0.25, 7);
    writer.add_histogram("weights", tensor({0, 1, 1, 4}), 8, 4);
    writer.add_image("digit", tensor({{0, 0.5}, {1, 2}}), 9);
    writer.add_image("colours", zeros({3, 2, 5}), 9);
    writer.add_text("note", "**bold**", 10);
  }
  const std::vector<std::string> all = records(read(path));
  REQUIRE(all.size() == 6);
  CHECK(field(message(all[0]), 3).bytes == "brain.Event:2");
  CHECK(as_double(field(message(all[0]), 1)) > 1.7e9);

  CHECK(field(message(all[1]), 2).value == 7);
  CHECK(field(value(all[1]), 1).bytes == "loss/train");
  CHECK(as_float(field(value(all[1]), 2)) == 0.25F);

  const std::vector<Field> histogram = message(field(value(all[2]), 5).bytes);
  CHECK(as_double(field(histogram, 1)) == 0);
  CHECK(as_double(field(histogram, 2)) == 4);
  CHECK(as_double(field(histogram, 3)) == 4);
  CHECK(as_double(field(histogram, 4)) == 6);
  CHECK(as_double(field(histogram, 5)) == 18);
  CHECK(doubles(field(histogram, 6)) == std::vector<double>{1, 2, 3, 4});
  CHECK(doubles(field(histogram, 7)) == std::vector<double>{1, 2, 0, 1});

  const std::vector<Field> image = message(field(value(all[3]), 4).bytes);
  CHECK(field(image, 1).value == 2);
  CHECK(field(image, 2).value == 2);
  CHECK(field(image, 3).value == 1);
  const std::string& png = field(image, 4).bytes;
  CHECK(png.substr(1, 3) == "PNG");
  CHECK(contains(png, std::string("\x00\x00\x80\x00\xff\xff", 6)));  // rows: a filter byte, then the pixels
  CHECK(field(message(field(value(all[4]), 4).bytes), 3).value == 3);

  const std::vector<Field> text = value(all[5]);
  CHECK(field(message(field(message(field(text, 9).bytes), 1).bytes), 1).bytes == "text");
  CHECK(field(message(field(text, 8).bytes), 1).value == 7);
  CHECK(field(message(field(text, 8).bytes), 8).bytes == "**bold**");
}

TEST_CASE("tensorboard: the graph of a tape") {
  const TempDir dir;
  manual_seed(1);
  nn::Sequential net{nn::Linear(2, 3), nn::ReLU()};
  train::SummaryWriter writer(dir.str());
  {
    Tape tape;
    net(ones({4, 2}));
    writer.add_graph(tape);
  }
  writer.flush();
  const std::vector<std::string> all = records(read(writer.path()));
  REQUIRE(all.size() == 2);
  std::map<std::string, std::vector<Field>> nodes;
  for (const Field& f : message(field(message(all[1]), 4).bytes)) {
    if (f.number != 1) continue;
    const std::vector<Field> node = message(f.bytes);
    nodes[field(node, 1).bytes] = node;
  }
  REQUIRE(nodes.count("1/relu") == 1);
  const std::vector<Field> relu = nodes["1/relu"];
  CHECK(field(relu, 2).bytes == "relu");
  CHECK(nodes.count(field(relu, 3).bytes) == 1);  // its input is a node, too
  const std::vector<Field> attribute = message(field(relu, 5).bytes);
  CHECK(field(attribute, 1).bytes == "_output_shapes");
  const std::vector<Field> list = message(field(message(field(attribute, 2).bytes), 1).bytes);
  CHECK(field(message(field(message(field(list, 7).bytes), 2).bytes), 1).value == 4);
}

TEST_CASE("tensorboard: what it refuses, with nothing written") {
  const TempDir dir;
  train::SummaryWriter writer(dir.str());
  CHECK_SAYS(writer.add_image("x", zeros({4, 2, 2}), 1), "not an image", "(4, 2, 2)", "tensorboard.cpp");
  CHECK_SAYS(writer.add_histogram("x", full({2}, NAN), 1), "no number of 'x' is finite");
  CHECK_SAYS(writer.add_histogram("x", zeros({2}), 1, 0), "bins");
  CHECK_SAYS(train::SummaryWriter("/dev/null/x"), "cannot be made", "/dev/null/x");
  writer.flush();
  CHECK(records(read(writer.path())).size() == 1);
}

TEST_CASE("tensorboard: what a monitor writes there") {
  const TempDir dir;
  manual_seed(1);
  nn::Sequential net{nn::Linear(2, 3), nn::ReLU(), nn::Linear(3, 2)};
  optim::SGD opt(net, {.lr = 0.1});
  std::string path;
  {
    train::Monitor mon(net, opt, {.tensorboard = dir.str(), .every = 2});
    REQUIRE(mon.tensorboard());
    path = mon.tensorboard()->path();
    for (int i = 0; i < 4; ++i) {
      Tape tape;
      const Tensor loss = square(net(ones({4, 2}))).mean();
      tape.backward(loss);
      opt.step();
      mon.step(loss);
      opt.zero_grad();
    }
    mon.end_epoch({{"val_loss", 0.5}});
  }
  std::map<std::string, int> tags;
  for (const std::string& r : records(read(path))) {
    for (const Field& f : message(r)) {
      if (f.number == 5) ++tags[field(value(r), 1).bytes];
      if (f.number == 4) ++tags["the graph"];
    }
  }
  CHECK(tags["the graph"] == 1);
  CHECK(tags["train/loss"] == 4);
  CHECK(tags["train/grad_norm"] == 3);
  CHECK(tags["update_ratio/0.weight"] == 3);
  CHECK(tags["dead/1.relu"] == 3);
  CHECK(tags["weights/0.weight"] == 1);
  CHECK(tags["gradients/2.bias"] == 1);
  CHECK(tags["epoch/val_loss"] == 1);
}
#endif
