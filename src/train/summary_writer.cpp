// Event messages, by the field numbers of TensorFlow's event.proto, summary.proto and graph.proto.
#include <gradus/train/summary_writer.hpp>

#include <gradus/ops.hpp>

#ifdef GRADUS_HAVE_PROTOZERO

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <protozero/pbf_writer.hpp>
#include <vector>

#include "io/png.hpp"
#include "tensor/impl.hpp"
#include "train/event_file.hpp"

namespace gradus::train {

using protozero::pbf_writer;

namespace {

[[noreturn]] void refuse(std::string wrong, std::string got, std::string expected, Loc where) {
  throw Error("SummaryWriter", {.wrong = std::move(wrong), .got = std::move(got), .expected = std::move(expected)},
              gradus::detail::user_line(where));
}

std::string file_name() {
  static std::atomic<int> count = 0;
  char host[256] = "localhost";
  gethostname(host, sizeof(host) - 1);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  return "events.out.tfevents." + std::to_string(seconds) + '.' + host + '.' + std::to_string(getpid()) + '.' +
         std::to_string(count++);
}

double wall_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// A name in TensorFlow's graph: letters, digits and _.-/ only.
std::string graph_name(std::string name) {
  for (char& c : name) {
    if (c == '.') c = '/';
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && std::strchr("_-/", c) == nullptr) c = '_';
  }
  return name;
}

}  // namespace

struct SummaryWriter::File {
  std::string path, buffer;
  std::FILE* file = nullptr;

  ~File() {
    if (file == nullptr) return;
    std::fwrite(buffer.data(), 1, buffer.size(), file);
    std::fclose(file);
  }

  void flush(Loc where) {
    const bool whole = std::fwrite(buffer.data(), 1, buffer.size(), file) == buffer.size();
    buffer.clear();
    if (!whole || std::fflush(file) != 0)
      refuse("the file cannot be written", path + ": " + std::strerror(errno), "", where);
  }

  void write(const std::string& message, Loc where) {
    buffer += record(message);
    if (buffer.size() >= 65536) flush(where);
  }

  // An Event with a Summary of one Value, whose own fields `fill` adds.
  template <class Fill>
  void value(const std::string& tag, std::int64_t step, Loc where, const Fill& fill) {
    std::string message;
    {
      pbf_writer event(message);
      event.add_double(1, wall_time());
      event.add_int64(2, step);
      pbf_writer summary(event, 5);
      pbf_writer one(summary, 1);
      one.add_string(1, tag);
      fill(one);
    }
    write(message, where);
  }
};

SummaryWriter::SummaryWriter(const std::string& log_dir, Loc where) : file_(std::make_unique<File>()) {
  std::error_code trouble;
  std::filesystem::create_directories(log_dir, trouble);
  file_->path = (std::filesystem::path(log_dir) / file_name()).string();
  file_->file = std::fopen(file_->path.c_str(), "wbx");
  if (file_->file == nullptr) {
    refuse("a file in this folder cannot be made", log_dir + ": " + std::strerror(errno), "a folder to write in",
           where);
  }
  std::string message;
  {
    pbf_writer event(message);
    event.add_double(1, wall_time());
    event.add_string(3, "brain.Event:2");
  }
  file_->write(message, where);
  flush(where);
}

void SummaryWriter::add_scalar(const std::string& tag, double value, std::int64_t step, Loc where) {
  file_->value(tag, step, where, [&](pbf_writer& to) { to.add_float(2, static_cast<float>(value)); });
}

void SummaryWriter::add_histogram(const std::string& tag, const Tensor& x, std::int64_t step, int bins, Loc where) {
  gradus::detail::check_defined(x, "add_histogram", where);
  if (bins < 1) refuse("a histogram needs bins", std::to_string(bins), "1 or more", where);
  std::vector<double> numbers = x.to_vector(where);
  std::erase_if(numbers, [](double v) { return !std::isfinite(v); });
  if (numbers.empty()) refuse("no number of '" + tag + "' is finite", "shape " + to_string(x.shape()), "", where);
  const auto [low, high] = std::minmax_element(numbers.begin(), numbers.end());
  const double least = *low;
  const double width = *high > least ? (*high - least) / bins : 1;
  std::vector<double> limits;
  for (int i = 1; i <= bins; ++i) limits.push_back(i == bins && *high > least ? *high : least + i * width);
  std::vector<double> counts(limits.size());
  double sum = 0;
  double squares = 0;
  for (const double v : numbers) {
    const auto bin = static_cast<std::size_t>((v - least) / width);
    counts[std::min(bin, counts.size() - 1)] += 1;
    sum += v;
    squares += v * v;
  }
  file_->value(tag, step, where, [&](pbf_writer& to) {
    pbf_writer histogram(to, 5);
    histogram.add_double(1, least);
    histogram.add_double(2, *high);
    histogram.add_double(3, static_cast<double>(numbers.size()));
    histogram.add_double(4, sum);
    histogram.add_double(5, squares);
    histogram.add_packed_double(6, limits.begin(), limits.end());
    histogram.add_packed_double(7, counts.begin(), counts.end());
  });
}

void SummaryWriter::add_image(const std::string& tag, const Tensor& image, std::int64_t step, Loc where) {
  gradus::detail::check_defined(image, "add_image", where);
  const Shape& shape = image.shape();
  const int channels = shape.size() == 3 ? static_cast<int>(shape[0]) : 1;
  const bool fits = (shape.size() == 2 || shape.size() == 3) && (channels == 1 || channels == 3) && image.numel() > 0;
  if (!fits) refuse("this is not an image", "shape " + to_string(shape), "(H, W), (1, H, W) or (3, H, W)", where);
  const std::vector<double> numbers = image.to_vector(where);
  const double scale = is_floating(image.dtype()) ? 255 : 1;
  const std::size_t count = numbers.size() / static_cast<std::size_t>(channels);
  std::string pixels;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t c = 0; c < static_cast<std::size_t>(channels); ++c) {
      const double v = std::round(numbers[c * count + i] * scale);
      pixels += static_cast<char>(static_cast<unsigned char>(v > 0 ? std::min(v, 255.0) : 0));  // NaN is black
    }
  }
  const auto height = static_cast<std::uint32_t>(shape[shape.size() - 2]);
  const auto width = static_cast<std::uint32_t>(shape[shape.size() - 1]);
  file_->value(tag, step, where, [&](pbf_writer& to) {
    pbf_writer message(to, 4);
    message.add_int32(1, static_cast<std::int32_t>(height));
    message.add_int32(2, static_cast<std::int32_t>(width));
    message.add_int32(3, channels);
    message.add_bytes(4, io::png(width, height, channels, pixels));
  });
}

void SummaryWriter::add_text(const std::string& tag, const std::string& text, std::int64_t step, Loc where) {
  file_->value(tag, step, where, [&](pbf_writer& to) {
    {
      pbf_writer metadata(to, 9);
      pbf_writer plugin(metadata, 1);
      plugin.add_string(1, "text");
    }
    pbf_writer tensor(to, 8);
    tensor.add_int32(1, 7);  // DT_STRING
    {
      pbf_writer shape(tensor, 2);
      pbf_writer axis(shape, 2);
      axis.add_int64(1, 1);
    }
    tensor.add_bytes(8, text);
  });
}

void SummaryWriter::add_graph(const Tape& tape, Loc where) {
  std::string graph;
  {
    pbf_writer to(graph);
    std::vector<std::string> names;
    std::map<std::string, int> used;
    for (int i = 0; i < tape.size(); ++i) {
      const NodeView node = tape[i];
      const bool computed = !node.is_leaf() && !node.is_constant();
      const std::string own = computed ? node.name() : node.leaf().name();
      std::string name = graph_name(own.empty() ? std::string(node.name()) : own);
      if (!node.scope().empty()) name = graph_name(node.scope()) + '/' + name;
      if (const int before = used[name]++; before > 0) name += '_' + std::to_string(before);
      names.push_back(name);
      pbf_writer message(to, 1);
      message.add_string(1, name);
      message.add_string(2, computed ? node.name() : node.is_leaf() ? "Parameter" : "Const");
      for (const int in : node.inputs()) {
        if (in >= 0 && in < i && computed) message.add_string(3, names[static_cast<std::size_t>(in)]);
      }
      pbf_writer attribute(message, 5);  // a map's entry
      attribute.add_string(1, "_output_shapes");
      pbf_writer value(attribute, 2);
      pbf_writer list(value, 1);
      pbf_writer shape(list, 7);
      for (const std::int64_t size : node.shape()) {
        pbf_writer axis(shape, 2);
        axis.add_int64(1, size);
      }
    }
    pbf_writer versions(to, 4);
    versions.add_int32(1, 22);
  }
  std::string message;
  {
    pbf_writer event(message);
    event.add_double(1, wall_time());
    event.add_bytes(4, graph);
  }
  file_->write(message, where);
}

void SummaryWriter::flush(Loc where) { file_->flush(where); }

}  // namespace gradus::train

#else

namespace gradus::train {

struct SummaryWriter::File {
  std::string path;
};

SummaryWriter::SummaryWriter(const std::string&, Loc where) {
  throw Error("SummaryWriter",
              {.wrong = "this Gradus was built without protozero, which writes event files",
               .advice = "install libprotozero-dev and build again; a log of JSON Lines needs nothing"},
              where);
}
void SummaryWriter::add_scalar(const std::string&, double, std::int64_t, Loc) {}
void SummaryWriter::add_histogram(const std::string&, const Tensor&, std::int64_t, int, Loc) {}
void SummaryWriter::add_image(const std::string&, const Tensor&, std::int64_t, Loc) {}
void SummaryWriter::add_text(const std::string&, const std::string&, std::int64_t, Loc) {}
void SummaryWriter::add_graph(const Tape&, Loc) {}
void SummaryWriter::flush(Loc) {}

}  // namespace gradus::train

#endif

namespace gradus::train {

SummaryWriter::~SummaryWriter() = default;
SummaryWriter::SummaryWriter(SummaryWriter&&) noexcept = default;
SummaryWriter& SummaryWriter::operator=(SummaryWriter&&) noexcept = default;
const std::string& SummaryWriter::path() const { return file_->path; }

}  // namespace gradus::train
