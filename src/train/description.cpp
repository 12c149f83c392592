// What a network is for, as texts in its file and back. Lists are JSON, for names may hold any character.
#include <gradus/train/model.hpp>

#include <algorithm>

#include "io/json.hpp"
#include "tensor/format.hpp"
#include "tensor/number.hpp"

namespace gradus::train {
namespace {

using io::Json;

constexpr std::pair<data::Categories, const char*> categories_names[] = {
    {data::Categories::refuse, "refuse"}, {data::Categories::index, "index"}, {data::Categories::one_hot, "one_hot"}};
constexpr std::pair<data::Missing, const char*> missing_names[] = {
    {data::Missing::refuse, "refuse"}, {data::Missing::drop, "drop"}, {data::Missing::mean, "mean"}};
constexpr std::pair<Task, const char*> task_names[] = {{Task::classify, "classify"}, {Task::regress, "regress"}};

template <class Names, class Value>
const char* name_of(const Names& names, Value value) {
  return std::ranges::find(names, value, [](const auto& pair) { return pair.first; })->second;
}

std::string text_of(const Json& json, Loc where) try { return json.dump(); } catch (const Json::type_error&) {
  throw Error("save_model",
              {.wrong = "a name of a class or a column is not UTF-8, and cannot be saved",
               .advice = "convert the training file: iconv -f latin1 -t utf-8 old.csv > new.csv"},
              where);
}

Json json_of(const std::vector<data::Feature>& features) {
  Json list = Json::array();
  for (const data::Feature& f : features) {
    Json feature{{"name", f.name}};
    if (f.words.empty()) feature["mean"] = f.mean;
    if (!f.words.empty()) feature["words"] = f.words;
    list.push_back(feature);
  }
  return list;
}

Json json_of_csv(const Description& about) {
  Json csv{{"separator", std::string(1, about.separator)}};
  if (about.decimal) csv["decimal"] = std::string(1, about.decimal);
  return csv;
}

// The texts of a file, read one by one.
class Reader {
 public:
  Reader(const io::Metadata& texts, Loc where) : texts_(texts), where_(where) {}

  bool has(const char* key) const { return texts_.contains(key); }
  const std::string& text(const char* key) const {
    if (const auto at = texts_.find(key); at != texts_.end()) return at->second;
    throw Error("describe",
                {.wrong = formatted("does not say '{}' in its metadata", key),
                 .expected = "a file that gradus train --save or train::save_model wrote"},
                where_);
  }
  [[noreturn]] void refuse(const char* key, std::string_view why) const {
    const std::string& value = text(key);
    throw Error("describe",
                {.wrong = formatted("its metadata says {} = '{}{}': {}", key, value.substr(0, 60),
                                    value.size() > 60 ? "…" : "", why)},
                where_);
  }

  std::int64_t count(const char* key) const {
    const auto n = detail::parse_integer(text(key));
    if (!n || *n < 0) refuse(key, "not a number of them");
    return *n;
  }
  // "(1, 8, 8)"
  Shape shape(const char* key) const {
    std::string numbers;
    for (const char c : text(key))
      if (c != '(' && c != ')' && c != ' ') numbers += c;
    Shape shape;
    for (const std::string_view part : detail::split(numbers)) {
      if (part.empty()) continue;
      const auto size = detail::parse_integer(part);
      if (!size || *size < 1 || shape.size() == max_dims - 1) refuse(key, "not a shape of examples");
      shape.push_back(*size);
    }
    return shape;
  }
  template <class Names>
  auto one_of(const char* key, const Names& names) const {
    const std::string& word = text(key);
    for (const auto& [value, name] : names)
      if (word == name) return value;
    std::string known;
    for (const auto& [value, name] : names) known += (known.empty() ? "" : ", ") + std::string(name);
    refuse(key, formatted("this version knows {}", known));
  }
  template <class Value>
  Value json(const char* key) const try {
    return io::parse_json(text(key)).get<Value>();
  } catch (const Json::exception&) { refuse(key, "damaged"); }

  std::vector<data::Feature> features(const char* key) const try {
    std::vector<data::Feature> features;
    for (const Json& item : io::parse_json(text(key))) {
      data::Feature& f = features.emplace_back();
      f.name = item.at("name").get<std::string>();
      if (item.contains("words")) f.words = item.at("words").get<std::vector<std::string>>();
      if (item.contains("mean")) f.mean = item.at("mean").get<double>();
    }
    return features;
  } catch (const Json::exception&) { refuse(key, "damaged"); }

  char character(const char* key, const char* field, char standard) const {
    const auto fields = json<std::map<std::string, std::string>>(key);
    const auto at = fields.find(field);
    if (at == fields.end()) return standard;
    if (at->second.size() != 1) refuse(key, "damaged");
    return at->second.front();
  }

 private:
  const io::Metadata& texts_;
  Loc where_;
};

// As Gradus 0.1 wrote them: a line each.
std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> list;
  for (const std::string_view line : detail::split(text, '\n')) list.emplace_back(line);
  return text.empty() ? std::vector<std::string>() : list;
}

constexpr const char* keys[] = {"gradus",      "model",    "task",       "net",     "input", "classes",
                                "class_names", "features", "categories", "missing", "label", "csv"};

}  // namespace

std::string Description::class_name(std::int64_t i) const {
  const bool named = i >= 0 && i < std::ssize(encoding.classes);
  return named ? encoding.classes[static_cast<std::size_t>(i)] : std::to_string(i);
}

std::string Description::answer_name() const {
  const bool is_name = !encoding.label.empty() && !detail::parse_integer(encoding.label);
  if (is_name) return encoding.label;
  return task == Task::regress ? "value" : "class";
}

io::Metadata metadata(const Description& about, Loc where) {
  io::Metadata texts = about.more;
  texts["gradus"] = GRADUS_VERSION;
  texts["model"] = "2";
  texts["task"] = name_of(task_names, about.task);
  texts["net"] = about.net;
  texts["input"] = to_string(about.input);
  texts["classes"] = std::to_string(about.classes);
  texts["class_names"] = text_of(about.encoding.classes, where);
  if (!about.encoding.features.empty()) {
    texts["features"] = text_of(json_of(about.encoding.features), where);
    texts["categories"] = name_of(categories_names, about.encoding.categories);
    texts["missing"] = name_of(missing_names, about.encoding.missing);
    texts["label"] = text_of(about.encoding.label, where);
    texts["csv"] = text_of(json_of_csv(about), where);
  }
  return texts;
}

Description describe(const io::Metadata& texts, Loc where) {
  const Reader from(texts, where);
  Description about;
  if (from.has("task") && from.text("task") == "text") from.refuse("task", "gradus sample takes networks for texts");
  about.net = from.text("net");
  about.input = from.shape("input");
  about.classes = from.count("classes");
  const bool by_0_1 = !from.has("task");  // which knew classes only
  if (!by_0_1) about.task = from.one_of("task", task_names);
  if (about.task == Task::regress && about.classes != 0) from.refuse("classes", "a regression has none");
  if (about.task == Task::classify && about.classes < 2) from.refuse("classes", "a classifier has two or more");
  data::Encoding& encoding = about.encoding;
  if (from.has("class_names")) {
    encoding.classes = by_0_1 ? lines(from.text("class_names")) : from.json<std::vector<std::string>>("class_names");
    const bool agree = encoding.classes.empty() || std::ssize(encoding.classes) == about.classes;
    if (!agree) from.refuse("class_names", formatted("{} classes", about.classes));
  }
  if (from.has("features")) {
    encoding.features = from.features("features");
    encoding.categories = from.one_of("categories", categories_names);
    encoding.label = from.json<std::string>("label");
  }
  if (from.has("missing")) encoding.missing = from.one_of("missing", missing_names);
  if (from.has("csv")) {
    about.separator = from.character("csv", "separator", ',');
    about.decimal = from.character("csv", "decimal", 0);
  }
  for (const auto& [key, text] : texts) {
    const bool is_known = std::ranges::any_of(keys, [&](const char* known) { return key == known; });
    if (!is_known) about.more[key] = text;
  }
  return about;
}

}  // namespace gradus::train
