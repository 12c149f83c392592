// Lines of a trace as JSON: numbers with the fewest digits that give them back, and a reader for the files of
// strangers.
#include "study/trace/json.hpp"

#include <cmath>
#include <limits>
#include <span>

#include "io/json.hpp"
#include "io/xxh64.hpp"
#include "tensor/number.hpp"

namespace gradus::study {

namespace {

template <class T>
void append(std::string& to, T value) {
  if constexpr (std::is_floating_point_v<T>) {
    const char* word = nullptr;
    if (std::isnan(value)) word = "\"nan\"";
    if (std::isinf(value)) word = value < 0 ? "\"-inf\"" : "\"inf\"";
    if (value == 0 && std::signbit(value)) word = "-0.0";  // "-0" would be read as an integer
    if (word) {
      to += word;
      return;
    }
  }
  if constexpr (std::is_floating_point_v<T>)
    to += detail::number_text(value);
  else
    to += std::to_string(value);
}

template <class T>
void append_all(std::string& to, std::span<const T> values) {
  to += '[';
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i) to += ',';
    append(to, values[i]);
  }
  to += ']';
}

// How many bytes a UTF-8 sequence with this first byte has; 0 for a byte that cannot be the first.
std::size_t length_by(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xC2) return 0;
  if (first < 0xE0) return 2;
  if (first < 0xF0) return 3;
  return first < 0xF5 ? 4 : 0;
}

// How many bytes the UTF-8 sequence at the head of `s` has; 0 if there is no valid one.
std::size_t sequence_length(std::string_view s) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  const unsigned char first = byte(0);
  const std::size_t n = length_by(first);
  if (n == 0 || s.size() < n) return 0;
  for (std::size_t i = 1; i < n; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  const bool overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  const bool surrogate = first == 0xED && byte(1) > 0x9F, beyond = first == 0xF4 && byte(1) > 0x8F;
  return overlong || surrogate || beyond ? 0 : n;
}

template <class T>
std::string summary(const std::vector<T>& all, bool& nonfinite) {
  double min = detail::infinity, max = -min, sum = 0, squares = 0;
  std::int64_t nan = 0, inf = 0, zero = 0, finite = 0;
  for (const T value : all) {
    const double x = static_cast<double>(value);
    zero += x == 0;
    if (std::isfinite(x)) {
      min = std::min(min, x);
      max = std::max(max, x);
      sum += x;
      squares += x * x;
      ++finite;
    } else {
      (std::isnan(x) ? nan : inf) += 1;
    }
  }
  nonfinite = nonfinite || nan || inf;
  std::string text = "\"stats\":{";
  const double n = static_cast<double>(finite), mean = sum / n;
  double spread = 0;  // a second pass: the difference of squares would cancel
  for (const T value : all)
    if (const double x = static_cast<double>(value); std::isfinite(x)) spread += (x - mean) * (x - mean);
  const auto put = [&](const char* name, double v) {
    text += '"' + std::string(name) + "\":" + (finite ? json_number(v) : "null") + ',';
  };
  put("min", min);
  put("max", max);
  put("mean", mean);
  put("std", std::sqrt(spread / n));
  put("norm", std::sqrt(squares));
  text += "\"nan\":" + std::to_string(nan) + ",\"inf\":" + std::to_string(inf) + ",\"zero\":" + std::to_string(zero);
  text += "},\"head\":";
  const std::size_t shown = std::min<std::size_t>(16, all.size());
  append_all<T>(text, {all.data(), shown});
  text += ",\"tail\":";
  append_all<T>(text, {all.data() + (all.size() - shown), shown});
  return text;
}

// XXH64 of the numbers as they lie in memory, row by row.
template <class T>
std::string hash(const std::vector<T>& all) {
  return io::hex(io::xxh64({reinterpret_cast<const char*>(all.data()), all.size() * sizeof(T)}));
}

template <class T>
void append_tensor(std::string& to, const std::vector<T>& all, std::int64_t limit, bool& nonfinite) {
  if (limit == hashes_only) {
    for (const T x : all) nonfinite = nonfinite || !std::isfinite(static_cast<double>(x));
    to += "\"hash\":\"" + hash(all) + '"';
    return;
  }
  if (static_cast<std::int64_t>(all.size()) > limit) {
    to += summary(all, nonfinite);
    return;
  }
  for (const T x : all) nonfinite = nonfinite || !std::isfinite(static_cast<double>(x));
  to += "\"data\":";
  append_all<T>(to, all);
}

}  // namespace

std::string json_number(double value) {
  std::string text;
  append(text, value);
  return text;
}

std::string json_list(const Shape& sizes) {
  std::string text;
  append_all<std::int64_t>(text, {sizes.begin(), sizes.end()});
  return text;
}

std::string json_tensor(const Tensor& x, std::int64_t limit, bool& nonfinite) {
  std::string text = "{\"dtype\":\"" + std::string(name(x.dtype())) + "\",\"shape\":" + json_list(x.shape()) + ',';
  if (x.dtype() == f32)
    append_tensor(text, x.to_vector<float>(), limit, nonfinite);
  else if (x.dtype() == f64)
    append_tensor(text, x.to_vector<double>(), limit, nonfinite);
  else  // true and false are 1 and 0
    append_tensor(text, x.to_vector<std::int64_t>(), limit, nonfinite);
  return text + '}';
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t n = sequence_length(text);
    const char c = text[0];
    if (n == 0) {
      out += "\xEF\xBF\xBD";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      constexpr char hex[] = "0123456789abcdef";
      out += "\\u00";
      out += hex[c >> 4];
      out += hex[c & 15];
    } else {
      out += text.substr(0, n);
    }
    text.remove_prefix(n ? n : 1);
  }
  return out + '"';
}

void JsonLine::key(const char* name) { text_ += ",\"" + std::string(name) + "\":"; }

JsonLine& JsonLine::integer(const char* name, std::int64_t value) {
  key(name);
  append(text_, value);
  return *this;
}
JsonLine& JsonLine::number(const char* name, double value) {
  key(name);
  append(text_, value);
  return *this;
}
JsonLine& JsonLine::flag(const char* name, bool value) { return text(name, value ? "true" : "false"); }
JsonLine& JsonLine::null(const char* name) { return text(name, "null"); }
JsonLine& JsonLine::string(const char* name, std::string_view value) { return text(name, json_string(value)); }
JsonLine& JsonLine::text(const char* name, std::string_view json) {
  key(name);
  text_ += json;
  return *this;
}
JsonLine& JsonLine::integers(const char* name, const std::vector<int>& values) {
  key(name);
  append_all<int>(text_, values);
  return *this;
}
JsonLine& JsonLine::loc(Loc where) {
  key("loc");
  text_ += "{\"file\":" + json_string(where.file_name()) + ",\"line\":" + std::to_string(where.line()) + '}';
  return *this;
}
JsonLine& JsonLine::tensor(const char* name, const Tensor& x, std::int64_t limit) {
  return text(name, json_tensor(x, limit, nonfinite_));
}

// ---- reading ----

namespace {

constexpr std::size_t deepest = 8, most_members = 10'000;

// "nan", "inf", "-inf"
bool is_number(const std::string& text, double& number) {
  if (text == "nan")
    number = std::numeric_limits<double>::quiet_NaN();
  else if (text == "inf" || text == "-inf")
    number = text[0] == '-' ? -HUGE_VAL : HUGE_VAL;
  else
    return false;
  return true;
}

class Builder : public nlohmann::json_sax<io::Json> {
 public:
  explicit Builder(JsonValue& to) : top_(to) {}
  std::string why;

  bool null() override {
    if (in_list()) return refuse("a list holds something other than numbers");
    return put() != nullptr;
  }
  bool boolean(bool flag) override {
    if (in_list()) return refuse("a list holds something other than numbers");
    JsonValue* v = put();
    if (!v) return false;
    v->kind = JsonValue::Kind::flag;
    v->flag = flag;
    return true;
  }
  bool number_integer(number_integer_t n) override { return put_number(static_cast<double>(n), true, n); }
  bool number_unsigned(number_unsigned_t n) override {
    const bool fits = n <= static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max());
    return put_number(static_cast<double>(n), fits, fits ? static_cast<std::int64_t>(n) : 0);
  }
  bool number_float(number_float_t n, const string_t&) override { return put_number(n, false, 0); }
  bool string(string_t& text) override {
    double number = 0;
    if (in_list()) return is_number(text, number) ? put_number(number, false, 0) : refuse("a list holds texts");
    JsonValue* v = put();
    if (!v) return false;
    v->kind = JsonValue::Kind::text;
    is_number(text, v->number);
    v->text = std::move(text);
    return true;
  }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override {
    if (in_list() || stack_.size() >= deepest) return refuse("objects are nested too deeply");
    JsonValue* v = stack_.empty() ? &top_ : put();
    if (!v) return false;
    v->kind = JsonValue::Kind::object;
    stack_.push_back(v);
    return true;
  }
  bool key(string_t& name) override {
    name_ = std::move(name);
    return true;
  }
  bool end_object() override { return end(); }
  // A list holds numbers. Only "names" holds texts: it becomes an object whose members have no names.
  bool start_array(std::size_t) override {
    if (stack_.empty() || in_list()) return refuse("a list of lists");
    const bool texts = name_ == "names";
    JsonValue* v = put();
    if (!v) return false;
    v->kind = texts ? JsonValue::Kind::object : JsonValue::Kind::list;
    name_.clear();
    stack_.push_back(v);
    return true;
  }
  bool end_array() override { return end(); }
  bool parse_error(std::size_t at, const std::string&, const io::Json::exception&) override {
    return refuse("not JSON at character " + std::to_string(at));
  }

 private:
  bool in_list() const { return !stack_.empty() && stack_.back()->kind == JsonValue::Kind::list; }
  bool end() {
    stack_.pop_back();
    return true;
  }
  bool refuse(std::string reason) {
    if (why.empty()) why = std::move(reason);
    return false;
  }
  // A new member of the innermost object; null if there are too many. Members of one object do not move while a pointer
  // to one of them is on the stack: it is the last.
  JsonValue* put() {
    if (stack_.empty()) return &top_;
    if (++members_ > most_members) {
      refuse("more than " + std::to_string(most_members) + " members");
      return nullptr;
    }
    stack_.back()->members.push_back({std::move(name_), {}});
    return &stack_.back()->members.back().value;
  }
  bool put_number(double number, bool integral, std::int64_t integer) {
    if (in_list()) {
      stack_.back()->list.push_back(number);
      return true;
    }
    JsonValue* v = put();
    if (!v) return false;
    v->kind = JsonValue::Kind::number;
    v->number = number;
    v->integral = integral;
    v->integer = integer;
    return true;
  }
  JsonValue& top_;
  std::vector<JsonValue*> stack_;
  std::string name_;
  std::size_t members_ = 0;
};

}  // namespace

const JsonValue* JsonValue::find(std::string_view name) const {
  for (const JsonMember& m : members)
    if (m.name == name) return &m.value;
  return nullptr;
}

bool parse_line(std::string_view line, JsonValue& to, std::string& why) {
  Builder builder(to);
  const bool good = io::Json::sax_parse(line, &builder);
  if (good && to.kind == JsonValue::Kind::object) return true;
  why = builder.why.empty() ? "not a JSON object" : builder.why;
  return false;
}

}  // namespace gradus::study
