// The numbers of an ONNX weight, in any of the ways in which onnx.proto3 stores them.
#ifdef GRADUS_HAVE_PROTOZERO
#include "show/onnx_tensor.hpp"

#include <bit>
#include <cstring>

#include "io/half.hpp"

namespace gradus::tool {
namespace {

constexpr const char* dtypes[] = {"UNDEFINED", "FLOAT",  "UINT8",     "INT8",       "UINT16",  "INT16",
                                  "INT32",     "INT64",  "STRING",    "BOOL",       "FLOAT16", "DOUBLE",
                                  "UINT32",    "UINT64", "COMPLEX64", "COMPLEX128", "BFLOAT16"};

template <class T>
double plain(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return static_cast<double>(value);
}

double half(const char* from) {
  std::uint16_t bits;
  std::memcpy(&bits, from, sizeof bits);
  return io::from_half(bits);
}

double brain(const char* from) {
  std::uint16_t bits;
  std::memcpy(&bits, from, sizeof bits);
  return io::from_brain(bits);
}

// How numbers lie in raw_data, by type.
struct Raw {
  int type;
  std::size_t bytes;
  double (*number)(const char*);
};
constexpr Raw raws[] = {{1, 4, plain<float>},
                        {2, 1, plain<std::uint8_t>},
                        {3, 1, plain<std::int8_t>},
                        {4, 2, plain<std::uint16_t>},
                        {5, 2, plain<std::int16_t>},
                        {6, 4, plain<std::int32_t>},
                        {7, 8, plain<std::int64_t>},
                        {9, 1, plain<std::uint8_t>},
                        {10, 2, half},
                        {11, 8, plain<double>},
                        {12, 4, plain<std::uint32_t>},
                        {13, 8, plain<std::uint64_t>},
                        {16, 2, brain}};

// Repeated numbers come packed, or one by one.
template <class Range, class Single>
void read_numbers(protozero::pbf_reader& from, const Range& packed, const Single& single, std::vector<double>& to) {
  if (from.wire_type() == protozero::pbf_wire_type::length_delimited) {
    for (const auto value : packed()) to.push_back(static_cast<double>(value));
  } else {
    to.push_back(static_cast<double>(single()));
  }
}

}  // namespace

std::string onnx_dtype(int type) {
  return type >= 0 && type < static_cast<int>(std::size(dtypes)) ? dtypes[type] : "type " + std::to_string(type);
}

OnnxTensor::OnnxTensor(protozero::pbf_reader from) {
  std::vector<double> sizes;
  while (from.next()) {
    switch (from.tag()) {
      case 1:
        read_numbers(
            from, [&] { return from.get_packed_int64(); }, [&] { return from.get_int64(); }, sizes);
        break;
      case 2:
        type_ = from.get_int32();
        break;
      case 4:
        read_numbers(
            from, [&] { return from.get_packed_float(); }, [&] { return from.get_float(); }, listed_);
        break;
      case 5:
        read_numbers(
            from, [&] { return from.get_packed_int32(); }, [&] { return from.get_int32(); }, listed_);
        break;
      case 7:
        read_numbers(
            from, [&] { return from.get_packed_int64(); }, [&] { return from.get_int64(); }, listed_);
        break;
      case 8:
        shown_.name = std::string(from.get_view());
        break;
      case 9:
        raw_ = from.get_view();
        break;
      case 10:
        read_numbers(
            from, [&] { return from.get_packed_double(); }, [&] { return from.get_double(); }, listed_);
        break;
      case 11:
        read_numbers(
            from, [&] { return from.get_packed_uint64(); }, [&] { return from.get_uint64(); }, listed_);
        break;
      case 14:
        elsewhere_ = from.get_enum() != 0;
        break;
      default:
        from.skip();
    }
  }
  shown_.dtype = onnx_dtype(type_);
  for (const double size : sizes) shown_.shape.push_back(size < 0 ? 0 : static_cast<std::uint64_t>(size));
  shown_.bytes = raw_.size();
}

ShownTensor OnnxTensor::shown() const {
  ShownTensor t = shown_;
  t.statistics = measure();
  return t;
}

std::optional<Statistics> OnnxTensor::measure() const {
  const Raw* raw = nullptr;
  for (const Raw& r : raws) {
    if (r.type == type_) raw = &r;
  }
  std::uint64_t count = 1;
  for (const std::uint64_t size : shown_.shape) {
    if (__builtin_mul_overflow(count, size, &count)) return std::nullopt;
  }
  if (!raw || elsewhere_) return std::nullopt;
  const bool is_raw = raw_.size() > 0;
  if (count != (is_raw ? raw_.size() / raw->bytes : listed_.size())) return std::nullopt;
  Sums sums;
  const bool as_bits = !is_raw && (type_ == 10 || type_ == 16);  // 16-bit floats are listed as integers
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    if (is_raw) {
      sums.add(raw->number(raw_.data() + i * raw->bytes));
    } else if (as_bits) {
      const auto bits = static_cast<std::uint16_t>(listed_[i]);
      sums.add(type_ == 10 ? io::from_half(bits) : io::from_brain(bits));
    } else {
      sums.add(listed_[i]);
    }
  }
  return sums.finish();
}

}  // namespace gradus::tool
#endif
