// Pictures: what is written comes back, what NetPBM's format says is read, damaged files are refused. Grids.
#include <gradus/io/io.hpp>
#include <gradus/ops.hpp>

#include <cmath>
#include <limits>

#include "support.hpp"

using namespace gradus;
using support::TempDir, support::write, support::read;

namespace {

Tensor bytes(const Shape& shape) {  // each a multiple of 1/255
  return randint(0, 256, shape).to(f32) / 255;
}

#ifdef GRADUS_HAVE_PNG
constexpr bool has_png = true;
#else
constexpr bool has_png = false;
#endif

}  // namespace

TEST_CASE("a picture comes back with the same bytes, in each format that has its channels") {
  manual_seed(1);
  const TempDir folder;
  for (const std::int64_t channels : {1, 2, 3, 4})
    for (const std::string end : {".png", ".pgm", ".ppm", ".PNG"}) {
      CAPTURE(channels);
      CAPTURE(end);
      const bool fits = end == ".pgm" ? channels == 1 : end == ".ppm" ? channels == 3 : has_png || channels % 2 == 1;
      const Tensor x = bytes({channels, 5, 7});
      const std::string path = folder / ("a" + end);
      if (!fits) {
        CHECK_SAYS(io::save_image(x, path), "save_image", "io/image.cpp");
        CHECK_FALSE(std::filesystem::exists(path));
        continue;
      }
      io::save_image(x, path);
      if (end != ".pgm" && end != ".ppm" && !has_png) {
        CHECK_SAYS(io::load_image(path), "made without libpng", "libpng-dev");
        continue;
      }
      const Tensor y = io::load_image(path);
      CHECK(y.dtype() == f32);
      CHECK(equal(y, x));
      std::filesystem::remove(path);
    }
}

TEST_CASE("numbers become bytes as torchvision rounds them; (H, W) is grey; f64, views and the live tape do no harm") {
  const TempDir folder;
  const std::string path = folder / "a.pgm";
  const double infinity = std::numeric_limits<double>::infinity();
  io::save_image(tensor({{-1, 0, 0.5, 1, 2, 0.4999 / 255}, {-infinity, infinity, 1.5 / 255, 0.1, 0.2, 0.3}}), path);
  CHECK(read(path) == std::string("P5\n6 2\n255\n") + '\0' + '\0' + '\x80' + '\xff' + '\xff' + '\0' + '\0' + '\xff' +
                          '\x02' + "\x1a\x33\x4d");
  const Tensor wide = bytes({3, 4, 6}).to(f64);
  io::save_image(transpose(wide, 1, 2), folder / "t.ppm");
  CHECK(equal(io::load_image(folder / "t.ppm"), transpose(wide, 1, 2).to(f32)));
  const Tensor leaf = bytes({2, 2}).requires_grad_();
  Tape tape;
  io::save_image(leaf * 1, path);
  CHECK(equal(io::load_image(path)[0], leaf.detach()));
}

TEST_CASE("PGM and PPM as others write them: text, comments, other largest values, two bytes") {
  const TempDir folder;
  const auto load = [&](const std::string& text) { return io::load_image(write(folder / "a", text)); };
  CHECK(equal(load("P2\n# a comment\n2 2 # and another\n4\n0 1\n2 4\n"), tensor({{{0, 0.25}, {0.5, 1}}})));
  CHECK(equal(load("P3 1 1 255 255 0 51"), reshape(tensor({1, 0, 0.2}), {3, 1, 1})));
  CHECK(equal(load(std::string("P5 2 1 3\n\x03") + '\x01'), (tensor({{{3, 1}}}, f64) / 3).to(f32)));
  CHECK(equal(load(std::string("P5 1 1 65535\n") + '\x80' + '\0'), (tensor({{{32768}}}, f64) / 65535).to(f32)));
  CHECK(equal(load("P6 1 1 255\n   and what follows is not read"), full({3, 1, 1}, 32) / 255));
}

TEST_CASE("what is no picture, or a damaged one") {
  const TempDir folder;
  const auto refused = [&](const std::string& text) {
    return support::message([&] { io::load_image(write(folder / "a.pgm", text)); });
  };
  const auto says = [&](const std::string& text, const std::string& part) {
    const std::string said = refused(text);
    CAPTURE(said);
    CHECK(support::contains(said, part));
    CHECK(support::contains(said, "load_image: "));
    CHECK(support::contains(said, "a.pgm"));
    CHECK(support::contains(said, "io/image.cpp"));
  };
  says("", "an empty file");
  says("P", "this is no picture");
  says("P4\n1 1\n", "this is no picture that can be read");
  says("\xff\xd8\xff\xe0", "this is a JPEG");
  says("P5 ", "the width is damaged");
  says("P5 x", "the width is damaged");
  says("P5 0 1 255\n ", "a number from 1 to");
  says("P5 -1 1 255\n ", "the width is damaged");
  says("P5 1 99999999999999999999 255\n ", "the height is damaged");
  says("P5 1 1 0\n ", "the largest value is damaged");
  says("P5 1 1 65536\n ", "the largest value is damaged");
  says("P5 16777216 16777216 255\n123", "there are fewer pixels than the header says");
  says("P6 16777216 16777216 65535\n123", "at most 1 numbers");
  says("P2 16777216 16777216 255\n1 2 3", "there are fewer pixels");
  says("P5 2 2 255\n123", "4 numbers");
  says("P5 1 1 3\n\x04", "a pixel is larger");
  says("P2 1 1 3\n 4", "a pixel is damaged");
  says("P2 2 1 3\n 1 x ", "a pixel is damaged");
  CHECK_SAYS(io::load_image(folder / "none.png"), "load_image", "none.png", "io/image.cpp");
  CHECK_SAYS(io::load_image(folder.str()), "load_image", "io/image.cpp");
  CHECK_SAYS(io::load_image(""), "load_image");
}

#ifdef GRADUS_HAVE_PNG
TEST_CASE("a PNG that is cut short, changed, or claims to be large is refused") {
  manual_seed(2);
  const TempDir folder;
  const std::string path = folder / "a.png";
  io::save_image(bytes({3, 9, 11}), path);
  const std::string good = read(path);
  for (std::size_t n = 4; n < good.size() - 16; n += 7) {
    write(path, good.substr(0, n));
    CHECK_SAYS(io::load_image(path), "load_image: ", "a.png", "the PNG is damaged", "io/image.cpp");
  }
  std::string changed = good;
  changed[good.size() / 2] = static_cast<char>(changed[good.size() / 2] ^ 1);
  write(path, changed);
  CHECK_SAYS(io::load_image(path), "the PNG is damaged");
  // The header of 30,000 by 30,000 pixels, with its checksum.
  const std::string large = std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x75\x30\0\0\x75\x30\x08\x02\0\0\0", 29);
  std::uint32_t crc = 0xffffffff;
  for (std::size_t i = 12; i < 29; ++i) {
    crc ^= static_cast<unsigned char>(large[i]);
    for (int k = 0; k < 8; ++k) crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
  }
  crc = ~crc;
  std::string header = large;
  for (int shift = 24; shift >= 0; shift -= 8) header += static_cast<char>(crc >> shift & 255);
  write(path, header + good.substr(33));
  CHECK_SAYS(io::load_image(path), "there are fewer pixels than the header says", "30000 by 30000 pixels");
}

TEST_CASE("the PNG of a smooth picture is compressed") {
  const TempDir folder;
  io::save_image(expand(linspace(0, 1, 256), {3, 256, 256}), folder / "a.png");
  CHECK(std::filesystem::file_size(folder / "a.png") < 20000);
}
#endif

TEST_CASE("what cannot be saved as a picture") {
  const TempDir folder;
  const Tensor x = ones({3, 2, 2});
  const std::string path = folder / "a.png";
  CHECK_SAYS(io::save_image(Tensor(), path), "save_image", "undefined", "io/image.cpp");
  CHECK_SAYS(io::save_image(ones({2, 3, 2, 2}), path), "this is no picture", "(2, 3, 2, 2) f32", "io::make_grid");
  CHECK_SAYS(io::save_image(ones({5, 2, 2}), path), "(5, 2, 2) f32", "C from 1 to 4");
  CHECK_SAYS(io::save_image(ones({3}), path), "(3,) f32");
  CHECK_SAYS(io::save_image(scalar(1), path), "() f32");
  CHECK_SAYS(io::save_image(ones({3, 0, 2}), path), "one pixel or more");
  CHECK_SAYS(io::save_image(ones({2, 2}, i64), path), "i64", "x.to(f32) / 255");
  Tensor holed = ones({3, 2, 2});
  holed.set({1, 0, 1}, std::nan(""));
  CHECK_SAYS(io::save_image(holed, path), "a NaN has no colour", "NaN in channel 1, row 0, column 1");
  CHECK_SAYS(io::save_image(x, folder / "a.jpg"), "the end of the name says no format", "a.jpg", ".png, .pgm or .ppm");
  CHECK_SAYS(io::save_image(x, ""), "the end of the name");
  CHECK_SAYS(io::save_image(x, folder / "a.pgm"), "a .pgm has another number of channels", "3 channels",
             "1, which is grey");
  CHECK_SAYS(io::save_image(ones({2, 2}), folder / "a.ppm"), "3: red, green and blue");
  CHECK_SAYS(io::save_image(x, folder / "no/where/a.png"), "save_image", "io/image.cpp");
  CHECK(std::filesystem::is_empty(folder.str()));
}

TEST_CASE("make_grid lays pictures out as torchvision does") {
  const Tensor x = arange(1, 11, 1, f32).reshape({5, 1, 1, 2});
  CHECK(equal(io::make_grid(x, {.columns = 2, .padding = 1, .pad_value = 0.5}),
              tensor({{{0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5},
                       {0.5, 1, 2, 0.5, 3, 4, 0.5},
                       {0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5},
                       {0.5, 5, 6, 0.5, 7, 8, 0.5},
                       {0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5},
                       {0.5, 9, 10, 0.5, 0.5, 0.5, 0.5},
                       {0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5}}})));
  CHECK(io::make_grid(ones({3, 3, 4, 5}, f64)).shape() == Shape{3, 8, 23});  // one row of three
  CHECK(io::make_grid(ones({3, 3, 4, 5}, f64)).dtype() == f64);
  CHECK(equal(io::make_grid(x, {.columns = 1, .padding = 0}), x.reshape({1, 5, 2})));
  CHECK_SAYS(io::make_grid(ones({3, 4, 5})), "make_grid: these are no pictures", "(3, 4, 5)", "(N, C, H, W)",
             "io/image.cpp");
  CHECK_SAYS(io::make_grid(ones({0, 1, 2, 2})), "one pixel or more");
  CHECK_SAYS(io::make_grid(Tensor()), "undefined");
  CHECK_SAYS(io::make_grid(x, {.columns = 0}), "columns is out of range", "0", "1 to");
  CHECK_SAYS(io::make_grid(x, {.padding = -1}), "padding is out of range");
}

TEST_CASE("a picture replaces a file as a whole, through a link, or not at all") {
  namespace fs = std::filesystem;
  const TempDir folder;
  io::save_image(ones({2, 2}), folder / "a.pgm");
  fs::create_symlink("a.pgm", folder / "link.pgm");
  io::save_image(zeros({2, 2}), folder / "link.pgm");
  CHECK(fs::is_symlink(folder / "link.pgm"));
  CHECK(equal(io::load_image(folder / "a.pgm"), zeros({1, 2, 2})));
  CHECK_SAYS(io::save_image(full({2, 2}, std::nan("")), folder / "a.pgm"), "a NaN has no colour");
  CHECK(equal(io::load_image(folder / "a.pgm"), zeros({1, 2, 2})));
  fs::create_directory(folder / "b.pgm");
  CHECK_SAYS(io::save_image(ones({2, 2}), folder / "b.pgm"), "save_image", "b.pgm", "io/image.cpp");
  CHECK(std::distance(fs::directory_iterator(folder.str()), fs::directory_iterator()) == 3);
}
