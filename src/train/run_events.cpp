// From the lines of a run log to what they say.
#include "tensor/format.hpp"
#include "train/run_lines.hpp"

namespace gradus::train::run_log {
namespace {

// A value as people read it: a text without its quotes.
std::string shown(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Texts texts(const Json& object) {
  Texts all;
  if (!object.is_object()) throw BadLine{"a member is not an object"};
  for (const auto& [name, value] : object.items()) all.emplace_back(name, shown(value));
  return all;
}

// The members that a reader of an older log may miss are all but these: format and version.
std::uint64_t seed_of(const Members& in) {
  const Json* seed = in.find("seed");
  return seed != nullptr && seed->is_number_integer() ? seed->get<std::uint64_t>() : 0;
}

// A PNG file in base 64 goes into a page as it is: nothing else may pass.
bool is_png(const std::string& text) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
  return text.starts_with("iVBORw0KGgo") && text.find_first_not_of(letters) == text.npos;
}

}  // namespace

void LineReader::start(const Json& line) {
  const Members in(line);
  if (in.text_or("ev") != "run" || in.text_or("format") != "gradus-run") throw BadLine{"line 1 is not that of a run"};
  Start& s = to_.start;
  s.version = static_cast<int>(std::clamp<std::int64_t>(in.integer("version"), -1, 1'000'000));
  if (s.version > newest_version) return;
  s.library = in.text_or("library");
  s.program = in.text_or("program");
  s.isa = in.text_or("isa");
  s.blas = in.text_or("blas");
  s.time = in.integer_or("time", 0);
  s.threads = in.integer_or("threads", 0);
  s.batch = in.integer_or("batch", 0);
  s.seed = seed_of(in);
  s.epochs = in.integer_or("epochs", 0);
  s.batches = in.integer_or("batches", 0);
  s.every = in.integer_or("every", 0);
  if (const Json* net = in.find("net")) {
    const Members n(*net);
    s.net = n.text_or("type");
    s.parameters = n.integer_or("parameters", 0);
    for (const Json& layer : n.list("layers")) {
      const Members l(layer);
      s.layers.push_back({l.text_or("name"), l.text_or("type"), l.text_or("details")});
    }
    for (const Json& tensor : n.list("tensors")) {
      const Members t(tensor);
      s.tensors.push_back({t.text_or("name"), shown(t.list("shape")), t.flag_or("trained", true) ? "" : "fixed"});
    }
  }
  if (const Json* optimizer = in.find("optimizer")) {
    const Members o(*optimizer);
    s.optimizer = o.text_or("type");
    for (const Json& group : o.list("groups")) s.groups.push_back(texts(group));
  }
  if (const Json* settings = in.find("settings")) s.settings = texts(*settings);
}

std::size_t LineReader::name(const std::string& text) {
  const auto [at, fresh] = names_.emplace(text, to_.names.size());
  if (fresh) to_.names.push_back(text);
  return at->second;
}

std::vector<UnitSample> LineReader::units(const Members& in) {
  std::vector<UnitSample> all;
  const Json* units = in.find("units");
  if (units == nullptr) return all;
  if (!units->is_object()) throw BadLine{"'units' is not an object"};
  for (const auto& [layer, value] : units->items()) {
    const Members one(value);
    all.push_back({name(layer), one.number_or_nan("dead"), one.number_or_nan("saturated")});
  }
  return all;
}

std::shared_ptr<const Sample> LineReader::sample(const Members& in) {
  auto s = std::make_shared<Sample>();
  s->grad_norm = in.number_or_nan("grad_norm");
  s->update_ratio = in.number_or_nan("update_ratio");
  s->items_per_second = in.number_or_nan("items_per_second");
  s->clipped = in.flag_or("clipped", false);
  if (const Json* parameters = in.find("parameters")) {
    if (!parameters->is_object()) throw BadLine{"'parameters' is not an object"};
    for (const auto& [key, value] : parameters->items()) {
      const Members p(value);
      s->parameters.push_back(
          {name(key), p.number_or_nan("grad_norm"), p.number_or_nan("norm"), p.number_or_nan("update_ratio")});
    }
  }
  s->units = units(in);
  return s;
}

void LineReader::step(const Members& in) {
  Step s{.step = in.integer("step"), .epoch = in.integer_or("epoch", 0)};
  s.loss = in.number("loss");
  s.accuracy = in.number_or_nan("accuracy");
  s.lr = in.number_or_nan("lr");
  if (in.find("batch") != nullptr) s.batch = std::strtoull(in.text("batch").c_str(), nullptr, 16);
  if (in.find("metrics") != nullptr) s.metrics = std::make_shared<const Metrics>(in.numbers("metrics"));
  if (const Json* measured = in.find("sample")) s.sample = sample(Members(*measured));
  to_.steps.push_back(std::move(s));
}

void LineReader::epoch(const Members& in) {
  Epoch e{.epoch = in.integer("epoch"), .step = in.integer("step"), .items = in.integer_or("items", 0)};
  e.loss = in.number_or_nan("loss");
  e.accuracy = in.number_or_nan("accuracy");
  e.lr = in.number_or_nan("lr");
  e.seconds = in.number_or_nan("seconds");
  e.metrics = in.numbers("metrics");
  e.units = units(in);
  to_.epochs.push_back(std::move(e));
}

void LineReader::diagnosis(const Members& in) {
  Diagnosis d{.step = in.integer_or("step", 0), .code = in.text("code"), .layer = in.text_or("layer")};
  d.evidence = in.text_or("evidence");
  d.advice = in.text_or("advice");
  d.numbers = in.numbers("numbers");
  d.loc = in.place("loc");
  to_.diagnoses.push_back(std::move(d));
}

void LineReader::confusion(const Members& in) {
  Confusion c{.step = in.integer_or("step", 0)};
  for (const Json& name : in.list("classes")) c.classes.push_back(shown(name));
  for (const Json& row : in.list("counts")) {
    if (!row.is_array()) throw BadLine{"'counts' is not a list of lists"};
    std::vector<std::int64_t>& counts = c.counts.emplace_back();
    for (const Json& count : row) counts.push_back(integer_of(count, "counts"));
    if (counts.size() != c.classes.size()) throw BadLine{"a row of 'counts' is not one number for each class"};
  }
  if (c.counts.size() != c.classes.size()) throw BadLine{"'counts' is not one row for each class"};
  to_.confusion = std::move(c);
}

void LineReader::worst(const Members& in) {
  std::vector<Example> all;
  for (const Json& one : in.list("examples")) {
    const Members e(one);
    Example example{.index = e.integer_or("index", 0)};
    if (const Json* truth = e.find("truth")) example.truth = shown(*truth);
    if (const Json* guess = e.find("guess")) example.guess = shown(*guess);
    example.loss = e.number_or_nan("loss");
    example.sure = e.number_or_nan("sure");
    example.picture = e.text_or("picture");
    if (!is_png(example.picture)) example.picture.clear();
    for (const Json& number : e.list("numbers")) example.numbers.push_back(number_of(number, "numbers"));
    all.push_back(std::move(example));
  }
  to_.worst = std::move(all);
}

void LineReader::add(const Json& line) {
  const Members in(line);
  const std::string ev = in.text("ev");
  if (ev == "step") return step(in);
  if (ev == "epoch") return epoch(in);
  if (ev == "diagnosis") return diagnosis(in);
  if (ev == "confusion") return confusion(in);
  if (ev == "worst") return worst(in);
  if (ev == "layer") {
    to_.layers.push_back({in.text("layer"), in.text_or("op"), in.integer_or("units", 0), in.place("loc")});
  } else if (ev == "text") {
    to_.texts.push_back({in.integer_or("step", 0), in.text("name"), in.text_or("text")});
  } else if (ev == "resume") {
    to_.resumes.push_back({in.integer("step"), in.integer_or("epoch", 0), in.integer_or("time", 0)});
    to_.end.reset();
  } else if (ev == "end") {
    to_.end =
        End{in.integer_or("steps", 0), in.integer_or("epochs", 0), in.number_or_nan("seconds"), in.flag_or("ok", true)};
  } else {
    ++to_.unknown;
  }
}

}  // namespace gradus::train::run_log
