#include "trace/json.hpp"

#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

namespace gradus::tool::trace {

namespace {

constexpr std::size_t deepest = 8;

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

class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Builder(Value& to) : top_(to) {}
  std::string wrong;

  bool null() override {
    if (in_list()) return refuse("a list of something else than numbers");
    return put(), true;
  }
  bool boolean(bool flag) override {
    if (in_list()) return refuse("a list of something else than numbers");
    Value& v = put();
    v.kind = Value::Kind::flag, v.flag = flag;
    return true;
  }
  bool number_integer(number_integer_t n) override { return put_number(static_cast<double>(n), true, n); }
  bool number_unsigned(number_unsigned_t n) override {
    return put_number(static_cast<double>(n), true, static_cast<std::int64_t>(n));
  }
  bool number_float(number_float_t n, const string_t&) override { return put_number(n, false, 0); }
  bool string(string_t& text) override {
    double number = 0;
    if (in_list()) return is_number(text, number) ? put_number(number, false, 0) : refuse("a list of texts");
    Value& v = put();
    v.kind = Value::Kind::text;
    is_number(text, v.number);
    v.text = std::move(text);
    return true;
  }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override {
    if (in_list() || stack_.size() >= deepest) return refuse("nested too deep");
    Value& v = stack_.empty() ? top_ : put();
    v.kind = Value::Kind::object;
    stack_.push_back(&v);
    return true;
  }
  bool key(string_t& name) override { return name_ = std::move(name), true; }
  bool end_object() override { return stack_.pop_back(), true; }
  bool start_array(std::size_t) override {
    if (stack_.empty() || in_list()) return refuse("a list of lists");
    Value& v = put();
    v.kind = Value::Kind::list;
    stack_.push_back(&v);
    return true;
  }
  bool end_array() override { return stack_.pop_back(), true; }
  bool parse_error(std::size_t at, const std::string&, const nlohmann::json::exception&) override {
    return refuse("not JSON at character " + std::to_string(at));
  }

 private:
  bool in_list() const { return !stack_.empty() && stack_.back()->kind == Value::Kind::list; }
  bool refuse(std::string why) {
    if (wrong.empty()) wrong = std::move(why);
    return false;
  }
  // Members of one object are never moved while a pointer to one of them is on the stack: it is the last.
  Value& put() {
    if (stack_.empty()) return top_;
    stack_.back()->members.push_back({std::move(name_), {}});
    return stack_.back()->members.back().value;
  }
  bool put_number(double number, bool integral, std::int64_t integer) {
    if (in_list()) return stack_.back()->list.push_back(number), true;
    Value& v = put();
    v.kind = Value::Kind::number, v.number = number, v.integral = integral, v.integer = integer;
    return true;
  }
  Value& top_;
  std::vector<Value*> stack_;
  std::string name_;
};

}  // namespace

const Value* Value::find(std::string_view name) const {
  for (const auto& [key, value] : members)
    if (key == name) return &value;
  return nullptr;
}

bool parse(std::string_view line, Value& to, std::string& wrong) {
  Builder builder(to);
  const bool good = nlohmann::json::sax_parse(line.begin(), line.end(), &builder);
  if (good && to.kind == Value::Kind::object) return true;
  wrong = builder.wrong.empty() ? "not a JSON object" : builder.wrong;
  return false;
}

}  // namespace gradus::tool::trace
