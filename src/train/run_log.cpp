// The numbers of a run as JSON Lines and as rows of a table.
#include "train/run_log.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <filesystem>

#include <gradus/machine.hpp>
#include <gradus/threads.hpp>

#include "io/xxh64.hpp"
#include "nn/visitors.hpp"
#include "study/trace/json.hpp"

namespace gradus::train {
namespace {

using study::json_number;
using study::json_string;

// An object, member by member.
class Object {
 public:
  Object& raw(std::string_view key, std::string_view json) {
    text_ += text_.size() > 1 ? "," : "";
    text_ += json_string(key);
    text_ += ':';
    text_ += json;
    return *this;
  }
  Object& text(std::string_view key, std::string_view value) { return raw(key, json_string(value)); }
  Object& integer(std::string_view key, std::int64_t value) { return raw(key, std::to_string(value)); }
  Object& number(std::string_view key, double value) { return raw(key, json_number(value)); }
  Object& known(std::string_view key, double value) { return std::isnan(value) ? *this : number(key, value); }
  Object& flag(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }
  std::string str() const { return text_ + '}'; }

 private:
  std::string text_ = "{";
};

Object event(const char* kind) {
  Object line;
  line.text("ev", kind);
  return line;
}

std::string list(const std::vector<std::string>& parts) { return fmt::format("[{}]", fmt::join(parts, ",")); }

std::string metrics_json(const Metrics& metrics) {
  Object object;
  for (const auto& [name, value] : metrics) object.number(name, value);
  return object.str();
}

// The layers of a network, and its tensors.
struct Lister : nn::PathVisitor {
  bool enter(const char* name, nn::ModuleBase& m) override {
    Object layer;
    layer.text("name", path(name)).text("type", m.type()).text("details", m.description());
    layers.push_back(layer.str());
    return PathVisitor::enter(name, m);
  }
  std::vector<std::string> layers;
};

// Seconds since 1970.
std::int64_t now() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(since).count();
}

std::string program() {
  std::error_code trouble;
  return std::filesystem::read_symlink("/proc/self/exe", trouble).string();
}

std::string units_json(const std::vector<UnitReport>& units) {
  Object object;
  for (const UnitReport& u : units) {
    Object one;
    one.known("dead", u.dead).known("saturated", u.saturated);
    if (u.examples > 0) one.integer("examples", u.examples);
    object.raw(u.layer, one.str());
  }
  return object.str();
}

std::string sample_json(const StepReport& step, double items_per_second) {
  Object object;
  object.known("grad_norm", step.grad_norm).flag("clipped", step.clipped).known("update_ratio", step.update_ratio);
  object.known("items_per_second", items_per_second);
  Object parameters;
  for (const ParameterReport& p : step.parameters) {
    Object one;
    one.known("grad_norm", p.grad_norm).known("norm", p.norm).known("update_ratio", p.update_ratio);
    parameters.raw(p.name, one.str());
  }
  object.raw("parameters", parameters.str());
  if (!step.units.empty()) object.raw("units", units_json(step.units));
  return object.str();
}

std::string cell(double value) { return std::isnan(value) ? "" : fmt::format("{}", value); }

}  // namespace

std::string net_json(const nn::ModuleBase& net, Loc where) {
  Lister lister;
  const_cast<nn::ModuleBase&>(net).visit(lister);
  std::vector<std::string> tensors;
  for (const nn::NamedParameter& p : net.named_parameters(where)) {
    Object one;
    one.text("name", p.name).raw("shape", study::json_list(p.value.shape())).flag("trained", p.value.requires_grad());
    tensors.push_back(one.str());
  }
  Object object;
  object.text("type", net.type()).integer("parameters", net.parameter_count());
  object.raw("layers", list(lister.layers)).raw("tensors", list(tensors));
  return object.str();
}

std::string optimizer_json(const char* type, const std::vector<detail::OptionTexts>& groups) {
  std::vector<std::string> objects;
  for (const detail::OptionTexts& group : groups) {
    Object object;
    for (const auto& [name, json] : group.all) object.raw(name, json);
    objects.push_back(object.str());
  }
  return Object().text("type", type).raw("groups", list(objects)).str();
}

std::string run_line(const std::string& net, const std::string& optimizer, const RunPlan& plan,
                     const std::vector<std::pair<std::string, std::string>>& settings) {
  Object mine;
  for (const auto& [name, value] : settings) mine.text(name, value);
  Object line = event("run");
  line.text("format", "gradus-run").integer("version", 1).text("library", GRADUS_VERSION).text("program", program());
  line.integer("time", now());
  line.text("isa", instruction_set()).integer("threads", num_threads()).text("blas", blas());
  line.raw("net", net).raw("optimizer", optimizer).integer("batch", plan.batch);
  line.raw("seed", std::to_string(default_generator().seed()));
  line.integer("epochs", plan.epochs).integer("batches", plan.batches).integer("every", plan.every);
  line.raw("settings", mine.str());
  return line.str() + '\n';
}

std::string layer_line(const Sampler::Layer& layer) {
  Object place;
  place.text("file", layer.where.file_name()).integer("line", layer.where.line());
  Object line = event("layer");
  line.text("layer", layer.name).text("op", layer.op).integer("units", layer.units).raw("loc", place.str());
  return line.str() + '\n';
}

// Every step has one: written without the detours of Object.
std::string step_line(const StepReport& step, double items_per_second) {
  std::string line = "{\"ev\":\"step\",\"step\":" + std::to_string(step.step);
  line += ",\"epoch\":" + std::to_string(step.epoch) + ",\"loss\":" + json_number(step.loss);
  line += ",\"lr\":" + json_number(step.lr);
  if (!std::isnan(step.accuracy)) line += ",\"accuracy\":" + json_number(step.accuracy);
  if (!step.metrics.empty()) line += ",\"metrics\":" + metrics_json(step.metrics);
  if (step.batch != 0) line += ",\"batch\":\"" + io::hex(step.batch) + '"';
  if (step.sampled) line += ",\"sample\":" + sample_json(step, items_per_second);
  return line + "}\n";
}

std::string epoch_line(const EpochReport& epoch) {
  Object line = event("epoch");
  line.integer("epoch", epoch.epoch).integer("step", epoch.step).number("loss", epoch.loss);
  line.known("accuracy", epoch.accuracy).number("lr", epoch.lr).number("seconds", epoch.seconds);
  line.integer("items", epoch.items);
  if (!epoch.metrics.empty()) line.raw("metrics", metrics_json(epoch.metrics));
  if (!epoch.units.empty()) line.raw("units", units_json(epoch.units));
  return line.str() + '\n';
}

std::string diagnosis_line(const Diagnosis& d) {
  Object line = event("diagnosis");
  line.integer("step", d.step).text("code", d.code);
  if (!d.layer.empty()) line.text("layer", d.layer);
  line.text("evidence", d.evidence).text("advice", d.advice);
  if (!d.numbers.empty()) line.raw("numbers", metrics_json(d.numbers));
  if (d.at.line > 0) line.raw("loc", Object().text("file", d.at.file).integer("line", d.at.line).str());
  return line.str() + '\n';
}

std::string text_line(std::int64_t step, std::string_view name, std::string_view text) {
  return event("text").integer("step", step).text("name", name).text("text", text).str() + '\n';
}

std::string resume_line(std::int64_t step, std::int64_t epoch) {
  Object line = event("resume");
  line.integer("step", step).integer("epoch", epoch).integer("time", now());
  return line.str() + '\n';
}

std::string end_line(std::int64_t steps, std::int64_t epochs, double seconds, bool ok) {
  Object line = event("end");
  line.integer("steps", steps).integer("epochs", epochs).number("seconds", seconds).flag("ok", ok);
  return line.str() + '\n';
}

std::string csv_header() {
  return "ev,step,epoch,loss,accuracy,lr,grad_norm,update_ratio,items_per_second,seconds,val_loss,val_accuracy\n";
}

std::string csv_row(const StepReport& s, double items_per_second) {
  const bool sampled = s.sampled;
  return fmt::format("step,{},{},{},{},{},{},{},{},,,\n", s.step, s.epoch, s.loss, cell(s.accuracy), s.lr,
                     sampled ? cell(s.grad_norm) : "", sampled ? cell(s.update_ratio) : "",
                     sampled ? cell(items_per_second) : "");
}

std::string csv_row(const EpochReport& e) {
  return fmt::format("epoch,{},{},{},{},{},,,{},{:.3f},{},{}\n", e.step, e.epoch, e.loss, cell(e.accuracy), e.lr,
                     cell(static_cast<double>(e.items) / e.seconds), e.seconds, cell(find(e.metrics, "val_loss")),
                     cell(find(e.metrics, "val_accuracy")));
}

}  // namespace gradus::train
