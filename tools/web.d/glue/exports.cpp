// What the page calls: one function that takes a request as JSON and answers as JSON. Whatever is thrown is an answer.
#include <fmt/format.h>

#include <exception>
#include <new>

#include "program.hpp"
#include "views.hpp"

namespace gradus::web {
namespace {

std::string request_text, answer_text;
Floats floats;
std::unique_ptr<Session> session;

constexpr const char *trace_file = "/step.jsonl", *weights_file = "/weights.safetensors",
                     *data_file = "/data.safetensors";

Session& started() {
  if (!session) throw Error("playground", {.wrong = "nothing has been started"});
  return *session;
}

Json start(const Json& request) {
  const bool anew = request.value("anew", true) || !session;
  const Spec spec = spec_from(request.at("spec"));
  if (anew || spec.data != session->spec().data || spec.net != session->spec().net) {
    auto made = std::make_unique<Session>(spec);  // the old one stays if this throws
    session = std::move(made);
  } else if (spec.training != session->spec().training) {
    session->retrain(spec.training);
  }
  return describe(*session, floats);
}

Json steps(const Json& request) {
  Json losses = Json::array();
  const int n = request.value("n", 1);
  for (int i = 0; i < n; ++i) {
    started().step();
    losses.push_back(session->last_loss());
  }
  return {{"losses", losses}};
}

Json look_at(const Json& request) {
  return look(started(),
              {.surface = request.value("surface", 0),
               .neurons = request.value("neurons", 0),
               .weights = request.value("weights", false),
               .evaluate = request.value("evaluate", false)},
              floats);
}

Json trace() {
  started();
  const study::Trace recording(trace_file, {.steps = "all", .checks = study::Checks::dir, .values = 4096});
  session->step();
  return {{"file", trace_file}, {"step", session->steps()}};
}

Json save() {
  io::save(weights_file, started().network().net.state_dict());
  return {{"file", weights_file}};
}

Json save_data() {
  const Data& data = started().data();
  io::save(data_file,
           {{"train.x", data.train.x}, {"train.y", data.train.y}, {"test.x", data.test.x}, {"test.y", data.test.y}});
  return {{"file", data_file}};
}

Json load() {
  started().network().net.load_state_dict(io::load(weights_file));
  session->restored();
  return Json::object();
}

Json answer(const Json& request) {
  const std::string what = request.at("do");
  if (what == "catalogue") return catalogue();
  if (what == "start") return start(request);
  if (what == "steps") return steps(request);
  if (what == "look") return look_at(request);
  if (what == "answer") return answers(started(), request.at("x"), floats);
  if (what == "landscape") return landscape_of(started(), request.value("points", 25), floats);
  if (what == "trace") return trace();
  if (what == "program") return {{"text", program_of(started(), started().steps())}};
  if (what == "save") return save();
  if (what == "save_data") return save_data();
  if (what == "load") return load();
  if (what == "data") return {{"text", csv_of(started())}};
  if (what == "weights") return weights_to_json(started());
  if (what == "set_weights") {
    weights_from_json(started(), request.at("weights"));
    return Json::object();
  }
  throw Error("playground", {.wrong = "the request is unknown", .got = what});
}

Json complaint(const char* kind, const std::string& text) { return {{"error", text}, {"kind", kind}}; }

Json answer_or_complaint(const std::string& text) {
  floats.clear();
  try {
    return answer(io::parse_json(text));
  } catch (const Error& e) {
    const Complaint& c = e.complaint();
    Json json = complaint("gradus", e.what());
    json["wrong"] = c.wrong;
    json["got"] = c.got;
    json["expected"] = c.expected;
    json["advice"] = c.advice;
    return json;
  } catch (const std::bad_alloc&) {
    return complaint("memory", "there is not enough memory for this");
  } catch (const std::exception& e) { return complaint("other", e.what()); }
}

}  // namespace
}  // namespace gradus::web

extern "C" {

// Room for a request of so many bytes.
[[gnu::used, gnu::visibility("default")]] char* playground_request(std::size_t bytes) {
  gradus::web::request_text.resize(bytes);
  return gradus::web::request_text.data();
}

// Answers the request: the address of a text that ends with a zero, valid until the next call.
[[gnu::used, gnu::visibility("default")]] const char* playground_answer() {
  using namespace gradus::web;
  answer_text = answer_or_complaint(request_text).dump(-1, ' ', false, Json::error_handler_t::replace);
  return answer_text.c_str();
}

// The numbers that the answer points at.
[[gnu::used, gnu::visibility("default")]] const float* playground_floats() { return gradus::web::floats.all().data(); }

}  // extern "C"
