// save_image, load_image and make_grid. PNG is libpng's work where it is there.
#include <gradus/io/image.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstring>

#ifdef GRADUS_HAVE_PNG
#include <png.h>
#endif

#include <gradus/ops.hpp>
#include <gradus/tape.hpp>

#include "io/file.hpp"
#include "io/png.hpp"
#include "io/pnm.hpp"
#include "tensor/format.hpp"
#include "tensor/impl.hpp"
#include "tensor/number.hpp"

namespace gradus::io {
namespace {

constexpr std::int64_t largest_side = 1 << 20;  // of what is written; libpng's own limit is near it

// Eight bits for each number, pixel by pixel.
struct Pixels {
  std::int64_t channels, height, width;
  std::string bytes;
};

Pixels pixels_of(const Tensor& x, Loc where) {
  constexpr const char* what = "save_image";
  detail::check_defined(x, what, where);
  const int axes = x.dim();
  if (axes < 2 || axes > 3 || !is_floating(x.dtype()) || x.numel() == 0 || (axes == 3 && x.size(0) > 4) ||
      x.size(-1) > largest_side || x.size(-2) > largest_side)
    throw Error(what,
                {.wrong = "this is no picture",
                 .got = formatted("{} {}", to_string(x.shape()), name(x.dtype())),
                 .expected = "(H, W) or (C, H, W), C from 1 to 4, one pixel or more; f32 or f64",
                 .advice = axes == 4                ? "io::make_grid(x) makes one picture of several"
                           : is_floating(x.dtype()) ? ""
                                                    : "bytes as numbers from 0 to 1: x.to(f32) / 255"},
                where);
  Pixels p{axes == 3 ? x.size(0) : 1, x.size(-2), x.size(-1), {}};
  const std::vector<double> numbers = x.detach().to_vector();
  p.bytes.resize(numbers.size());
  const std::int64_t area = p.height * p.width;
  for (std::int64_t i = 0; i < x.numel(); ++i) {
    const std::int64_t channel = i / area, pixel = i % area;
    const double value = numbers[static_cast<std::size_t>(i)];
    if (std::isnan(value))
      throw Error(what,
                  {.wrong = "a NaN has no colour",
                   .got = formatted("NaN in channel {}, row {}, column {}", channel, pixel / p.width, pixel % p.width),
                   .expected = "numbers from 0 to 1"},
                  where);
    p.bytes[static_cast<std::size_t>(pixel * p.channels + channel)] =
        static_cast<char>(static_cast<unsigned char>(std::floor(std::clamp(value, 0.0, 1.0) * 255 + 0.5)));
  }
  return p;
}

std::string ending(const std::string& path) {
  const auto dot = path.rfind('.');
  std::string end = dot == path.npos ? "" : path.substr(dot);
  std::ranges::transform(end, end.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return end;
}

#ifdef GRADUS_HAVE_PNG

constexpr std::array<png_uint_32, 4> formats{PNG_FORMAT_GRAY, PNG_FORMAT_GA, PNG_FORMAT_RGB, PNG_FORMAT_RGBA};

// Frees what libpng holds, however the scope is left.
struct Png {
  png_image image{};
  Png() { image.version = PNG_IMAGE_VERSION; }
  ~Png() { png_image_free(&image); }
  Png(const Png&) = delete;
  Png& operator=(const Png&) = delete;
};

std::string as_png(const Pixels& p, Loc where) {
  Png png;
  png.image.width = static_cast<png_uint_32>(p.width);
  png.image.height = static_cast<png_uint_32>(p.height);
  png.image.format = formats[static_cast<std::size_t>(p.channels - 1)];
  const auto fail = [&] {
    throw Error("save_image", {.wrong = "libpng cannot write this picture", .got = png.image.message}, where);
  };
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png.image);  // never too small, so it is compressed once
  std::string bytes(size, '\0');
  if (!png_image_write_to_memory(&png.image, bytes.data(), &size, 0, p.bytes.data(), 0, nullptr)) fail();
  bytes.resize(size);
  return bytes;
}

Tensor read_png(std::string_view bytes, const FileErrors& errors, Loc where) {
  Png png;
  const auto fail = [&] { errors.fail({.wrong = "the PNG is damaged", .got = std::string(png.image.message)}); };
  if (!png_image_begin_read_from_memory(&png.image, bytes.data(), bytes.size())) fail();
  const bool colour = png.image.format & PNG_FORMAT_FLAG_COLOR, alpha = png.image.format & PNG_FORMAT_FLAG_ALPHA;
  const std::int64_t channels = (colour ? 3 : 1) + (alpha ? 1 : 0);
  png.image.format = formats[static_cast<std::size_t>(channels - 1)];
  const std::int64_t width = png.image.width, height = png.image.height;
  // Deflate makes at most 1,032 bytes of one, and a pixel takes a bit at least.
  const double most = 8.0 * 1032 * static_cast<double>(bytes.size());
  if (static_cast<double>(width) * static_cast<double>(height) > most)
    errors.fail({.wrong = "there are fewer pixels than the header says",
                 .got = formatted("{} bytes", bytes.size()),
                 .expected = formatted("{} by {} pixels", width, height)});
  std::vector<unsigned char> pixels(PNG_IMAGE_SIZE(png.image));
  if (!png_image_finish_read(&png.image, nullptr, pixels.data(), 0, nullptr)) fail();
  std::vector<float> all(pixels.size());
  const std::int64_t area = width * height;
  for (std::int64_t i = 0; i < area * channels; ++i)
    all[static_cast<std::size_t>(i % channels * area + i / channels)] =
        static_cast<float>(pixels[static_cast<std::size_t>(i)]) / 255;
  return from_data(std::span<const float>(all), {channels, height, width}, where);
}

#else

std::string as_png(const Pixels& p, Loc where) {
  if (p.channels == 2 || p.channels == 4)
    throw Error("save_image",
                {.wrong = "this build of Gradus cannot write alpha: it was made without libpng",
                 .got = formatted("{} channels", p.channels),
                 .advice = "install libpng (Debian: libpng-dev) and build again"},
                where);
  return png(static_cast<std::uint32_t>(p.width), static_cast<std::uint32_t>(p.height), static_cast<int>(p.channels),
             p.bytes);
}

Tensor read_png(std::string_view, const FileErrors& errors, Loc) {
  errors.fail({.wrong = "this build of Gradus cannot read PNG: it was made without libpng",
               .advice = "install libpng (Debian: libpng-dev) and build again; PGM and PPM need nothing"});
}

#endif

}  // namespace

void save_image(const Tensor& x, const std::string& path, Loc where) {
  where = detail::user_line(where);
  const Pixels p = pixels_of(x, where);
  const std::string end = ending(path);
  const bool pgm = end == ".pgm", ppm = end == ".ppm";
  if (!pgm && !ppm && end != ".png")
    throw Error("save_image",
                {.wrong = "the end of the name says no format that can be written",
                 .got = formatted("{:?}", path),
                 .expected = ".png, .pgm or .ppm"},
                where);
  if ((pgm && p.channels != 1) || (ppm && p.channels != 3))
    throw Error("save_image",
                {.wrong = formatted("a {} has another number of channels", end),
                 .got = formatted("{} channels", p.channels),
                 .expected = pgm ? "1, which is grey" : "3: red, green and blue",
                 .advice = "a .png takes 1 to 4"},
                where);
  const std::string bytes =
      pgm || ppm ? formatted("P{}\n{} {}\n255\n", pgm ? 5 : 6, p.width, p.height) + p.bytes : as_png(p, where);
  AtomicFile file(path, "save_image", where);
  file.write(bytes.data(), bytes.size());
  file.commit();
}

Tensor load_image(const std::string& path, Loc where) {
  where = detail::user_line(where);
  const InputFile file(path, "load_image", where);
  std::string bytes(file.size(), '\0');
  file.read(0, bytes.data(), bytes.size());
  if (bytes.starts_with("\x89PNG")) return read_png(bytes, file, where);
  if (bytes.size() > 2 && bytes[0] == 'P' && (bytes[1] == '2' || bytes[1] == '3' || bytes[1] == '5' || bytes[1] == '6'))
    return read_pnm(bytes, file, where);
  file.fail({.wrong = "this is no picture that can be read",
             .got = bytes.empty() ? "an empty file" : formatted("a file that begins with {:?}", bytes.substr(0, 4)),
             .expected = "PNG, PGM or PPM",
             .advice = bytes.starts_with("\xff\xd8") ? "this is a JPEG; ImageMagick: convert a.jpg a.png" : ""});
}

Tensor make_grid(const Tensor& pictures, const GridOptions& o, Loc where) {
  constexpr const char* what = "make_grid";
  where = detail::user_line(where);
  detail::check_defined(pictures, what, where);
  if (pictures.dim() != 4 || pictures.numel() == 0)
    throw Error(what,
                {.wrong = "these are no pictures",
                 .got = to_string(pictures.shape()),
                 .expected = "(N, C, H, W), one pixel or more"},
                where);
  for (const auto& [name, value, least] : {std::tuple("columns", o.columns, 1), std::tuple("padding", o.padding, 0)})
    if (value < least || value > largest_side)
      throw Error(what,
                  {.wrong = formatted("{} is out of range", name),
                   .got = formatted("{}", value),
                   .expected = formatted("{} to {}", least, largest_side)},
                  where);
  const NoRecord pause;
  const std::int64_t n = pictures.size(0), height = pictures.size(2), width = pictures.size(3);
  const std::int64_t columns = std::min(n, o.columns), rows = (n + columns - 1) / columns;
  const Shape shape{pictures.size(1), rows * (height + o.padding) + o.padding,
                    columns * (width + o.padding) + o.padding};
  Tensor all = full(shape, o.pad_value, pictures.dtype(), where);
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t top = i / columns * (height + o.padding) + o.padding,
                       left = i % columns * (width + o.padding) + o.padding;
    slice(slice(all, 1, {top, top + height}), 2, {left, left + width}).copy_(select(pictures.detach(), 0, i));
  }
  return all;
}

}  // namespace gradus::io
