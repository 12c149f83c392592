// Writing the program. The loop is that of session.cpp.
#include "program.hpp"

#include <fmt/format.h>

namespace gradus::web {
namespace {

constexpr const char* residual_text = R"(struct Residual : nn::Module<Residual> {
  nn::Sequential inner;
  explicit Residual(nn::Sequential layers) : inner(std::move(layers)) {}
  Tensor forward(Arg x) const { return x + inner(x); }
  void fields(auto& v) { v("inner", inner); }
};

)";

std::string init_text(const std::string& how) {
  if (how == "default") return "";
  const std::string function =
      how == "kaiming" || how == "xavier" || how == "normal" ? how + (how == "normal" ? "_" : "_normal_") : how + "_";
  return fmt::format("  for (auto& [name, p] : net.named_parameters())\n    if (p.dim() >= 2) nn::init::{}(p);\n",
                     function);
}

std::string step_text(const TrainingSpec& t) {
  const std::string loss = loss_code(t.loss);
  const std::string clip = t.clip > 0 ? fmt::format("optim::clip_grad_norm(net, {});\n", t.clip) : "";
  switch (optimizer_kind(t.optimizer).step) {
    case StepCall::loss:
      return fmt::format("      last = opt.step([&] {{ return {}; }});\n", loss);
    case StepCall::closure:
      return fmt::format(
          "      last = opt.step([&] {{\n        opt.zero_grad();\n        Tape tape;\n        const Tensor loss = "
          "{};\n"
          "        tape.backward(loss);\n{}        return loss.item();\n      }});\n",
          loss, clip.empty() ? "" : "        " + clip);
    case StepCall::plain:
      break;
  }
  return fmt::format(
      "      opt.zero_grad();\n      Tape tape;\n      const Tensor loss = {};\n      tape.backward(loss);\n{}"
      "      opt.step();\n      last = loss.item();\n",
      loss, clip.empty() ? "" : "      " + clip);
}

std::string schedule_text(const TrainingSpec& t) {
  if (t.schedule == "none") return "";
  const ScheduleKind& kind = schedule_kind(t.schedule);
  return fmt::format("  optim::Scheduler schedule(opt, optim::{}{{{}}});\n", kind.type, kind.code(t.schedule_options));
}

}  // namespace

std::string program_of(const Session& session, std::int64_t steps) {
  const Spec& spec = session.spec();
  const TrainingSpec& t = spec.training;
  const Network& network = const_cast<Session&>(session).network();
  const OptimizerKind& optimizer = optimizer_kind(t.optimizer);
  std::string text = "#include <gradus/gradus.hpp>\n\n#include <cstdio>\n\nusing namespace gradus;\n\n";
  if (!session.data().function.empty()) text += session.data().function + '\n';
  if (network.code.find("Residual(") != std::string::npos) text += residual_text;
  text += "int main() {\n";
  text += fmt::format("  manual_seed({});\n", spec.data.seed);
  text += session.data().code;
  text += fmt::format("  nn::Sequential net{{{}}};\n", network.code);
  text += init_text(spec.net.init);
  text += fmt::format("  optim::{} opt(net, {{{}}});\n", optimizer.type, optimizer.code(t.options));
  text += schedule_text(t);
  text += fmt::format("  const auto batches = data::batches(train, {{.size = {}, .shuffle = true{}}});\n", t.batch,
                      batch_options(spec).drop_last ? ", .drop_last = true" : "");
  text += "  double last = 0;\n";
  text += fmt::format("  for (int step = 0; step < {};) {{\n    for (auto [x, y] : batches) {{\n", steps);
  text += step_text(t);
  if (t.schedule != "none") text += "      schedule.step();\n";
  text += fmt::format("      if (++step == {}) break;\n    }}\n  }}\n", steps);
  text += fmt::format("  std::printf(\"step {}: loss %.9g\\n\", last);\n", steps);
  if (session.data().classes)
    text += "  std::printf(\"accuracy on the test part: %.1f %%\\n\", 100 * accuracy(net, test));\n";
  return text + "}\n";
}

}  // namespace gradus::web
