// What each optimizer has done in a step, as text with the numbers of that step. Observers show it; tests/optim holds
// it against the update. Names on the left are those of the state; p is the parameter, g its gradient.
#include <cmath>

#include <gradus/optim/optim.hpp>

#include "tensor/format.hpp"
#include "tensor/number.hpp"

namespace gradus::optim {
namespace {

std::string n(double x) { return gradus::detail::number_text(x, 6); }

// Assignments, one behind the other.
class Lines {
 public:
  template <class... Args>
  Lines& add(fmt::format_string<Args...> text, Args&&... args) {
    text_ += (text_.empty() ? "" : "   ") + formatted(text, std::forward<Args>(args)...);
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Names what is descended: g itself, or d of g, of its sign and of an L2 penalty.
std::string descended(Lines& lines, bool maximize, double decay) {
  if (!maximize && decay == 0) return "g";
  const std::string penalty = decay == 0 ? "" : formatted(" + {} p", n(decay));
  lines.add("d = {}g{}", maximize ? "-" : "", penalty);
  return "d";
}
template <class Options>
std::string descended(Lines& lines, const Options& o) {
  bool decoupled = false;
  double decay = 0;
  if constexpr (requires { o.weight_decay; }) decay = o.weight_decay;
  if constexpr (requires { o.decoupled_weight_decay; }) decoupled = o.decoupled_weight_decay;
  if (decoupled && decay != 0) lines.add("p ← {} p", n(1 - o.lr * decay));
  return descended(lines, o.maximize, decoupled ? 0 : decay);
}

void average(Lines& lines, const char* name, const std::string& of, double beta) {
  lines.add("{} ← {} {} + {} {}", name, n(beta), name, n(1 - beta), of);
}

template <class Options>
std::string root(const char* of, const Options& o) {
  return o.eps_inside_root ? formatted("sqrt({} + {})", of, n(o.eps)) : formatted("(sqrt({}) + {})", of, n(o.eps));
}

double count(const State& s) { return static_cast<double>(s.step); }

template <class Options>
std::string adam(const State& s, const Options& o, bool decoupled) {
  Lines lines;
  if (decoupled && o.weight_decay != 0) lines.add("p ← {} p", n(1 - o.lr * o.weight_decay));
  const std::string d = descended(lines, o.maximize, decoupled ? 0 : o.weight_decay);
  average(lines, "exp_avg", d, o.betas[0]);
  average(lines, "exp_avg_sq", d + "²", o.betas[1]);
  const char* size = "exp_avg_sq";
  if (o.amsgrad) {
    size = "max_exp_avg_sq";
    lines.add("max_exp_avg_sq ← max(max_exp_avg_sq, exp_avg_sq)");
  }
  const std::string first = n(1 - std::pow(o.betas[0], count(s))), second = n(1 - std::pow(o.betas[1], count(s)));
  if (o.eps_before_correction)
    return lines.add("p ← p - {} sqrt({}) (exp_avg / {}) / (sqrt({}) + {})", n(o.lr), second, first, size, n(o.eps))
        .text();
  return lines.add("p ← p - {} (exp_avg / {}) / (sqrt({} / {}) + {})", n(o.lr), first, size, second, n(o.eps)).text();
}

}  // namespace

std::string SGD::formula(const State& s, const Tensor&, const SGDOptions& o) const {
  Lines lines;
  const std::string d = descended(lines, o);
  if (o.momentum == 0) return lines.add("p ← p - {} {}", n(o.lr), d).text();
  if (s.step == 1)
    lines.add("momentum_buffer ← {}", d);
  else if (o.dampening == 0)
    lines.add("momentum_buffer ← {} momentum_buffer + {}", n(o.momentum), d);
  else
    lines.add("momentum_buffer ← {} momentum_buffer + {} {}", n(o.momentum), n(1 - o.dampening), d);
  if (o.nesterov) return lines.add("p ← p - {} ({} + {} momentum_buffer)", n(o.lr), d, n(o.momentum)).text();
  return lines.add("p ← p - {} momentum_buffer", n(o.lr)).text();
}

std::string Adam::formula(const State& s, const Tensor&, const AdamOptions& o) const { return adam(s, o, false); }
std::string AdamW::formula(const State& s, const Tensor&, const AdamWOptions& o) const { return adam(s, o, true); }

std::string Adamax::formula(const State& s, const Tensor&, const AdamaxOptions& o) const {
  Lines lines;
  const std::string d = descended(lines, o);
  average(lines, "exp_avg", d, o.betas[0]);
  lines.add("exp_inf ← max({} exp_inf, |{}| + {})", n(o.betas[1]), d, n(o.eps));
  return lines.add("p ← p - {} (exp_avg / {}) / exp_inf", n(o.lr), n(1 - std::pow(o.betas[0], count(s)))).text();
}

std::string NAdam::formula(const State& s, const Tensor&, const NAdamOptions& o) const {
  Lines lines;
  const std::string d = descended(lines, o);
  average(lines, "exp_avg", d, o.betas[0]);
  average(lines, "exp_avg_sq", d + "²", o.betas[1]);
  const auto mu = [&](double t) { return o.betas[0] * (1 - 0.5 * std::pow(0.96, t * o.momentum_decay)); };
  const double now = mu(count(s)), next = mu(count(s) + 1);
  lines.add("mu_product ← {} mu_product", n(now));
  lines.add("ahead = {} {} / (1 - mu_product) + {} exp_avg / (1 - {} mu_product)", n(1 - now), d, n(next), n(next));
  lines.add("p ← p - {} ahead / (sqrt(exp_avg_sq / {}) + {})", n(o.lr), n(1 - std::pow(o.betas[1], count(s))),
            n(o.eps));
  return lines.text();
}

std::string RAdam::formula(const State& s, const Tensor&, const RAdamOptions& o) const {
  Lines lines;
  const std::string d = descended(lines, o);
  average(lines, "exp_avg", d, o.betas[0]);
  average(lines, "exp_avg_sq", d + "²", o.betas[1]);
  const double decay = std::pow(o.betas[1], count(s)), first = 1 - std::pow(o.betas[0], count(s));
  const double limit = 2 / (1 - o.betas[1]) - 1, rho = limit - 2 * count(s) * decay / (1 - decay);
  if (!(rho > 5)) return lines.add("p ← p - {} exp_avg / {}", n(o.lr), n(first)).text();
  const double r = std::sqrt((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho));
  lines.add("p ← p - {} {} (exp_avg / {}) sqrt({}) / (sqrt(exp_avg_sq) + {})", n(o.lr), n(r), n(first), n(1 - decay),
            n(o.eps));
  return lines.text();
}

std::string Adagrad::formula(const State& s, const Tensor&, const AdagradOptions& o) const {
  Lines lines;
  const std::string d = descended(lines, o);
  lines.add("sum ← sum + {}²", d);
  const std::string rate = n(o.lr / (1 + (count(s) - 1) * o.lr_decay));
  return lines.add("p ← p - {} {} / {}", rate, d, root("sum", o)).text();
}

std::string Adadelta::formula(const State&, const Tensor&, const AdadeltaOptions& o) const {
  Lines lines;
  const std::string d = descended(lines, o);
  average(lines, "square_avg", d + "²", o.rho);
  lines.add("x = {} sqrt(acc_delta + {}) / sqrt(square_avg + {})", d, n(o.eps), n(o.eps));
  average(lines, "acc_delta", "x²", o.rho);
  return lines.add("p ← p - {} x", n(o.lr)).text();
}

std::string RMSprop::formula(const State&, const Tensor&, const RMSpropOptions& o) const {
  Lines lines;
  const std::string d = descended(lines, o);
  average(lines, "square_avg", d + "²", o.alpha);
  if (o.centered) average(lines, "grad_avg", d, o.alpha);
  const char* size = o.centered ? "square_avg - grad_avg²" : "square_avg";
  if (o.momentum == 0) return lines.add("p ← p - {} {} / {}", n(o.lr), d, root(size, o)).text();
  lines.add("momentum_buffer ← {} momentum_buffer + {} / {}", n(o.momentum), d, root(size, o));
  return lines.add("p ← p - {} momentum_buffer", n(o.lr)).text();
}

std::string Rprop::formula(const State&, const Tensor&, const RpropOptions& o) const {
  Lines lines;
  const std::string d = descended(lines, o);
  lines.add("turned = {} prev < 0", d);
  lines.add("size = {} step_size where turned, else ({} step_size where {} prev > 0, else step_size)", n(o.etas[0]),
            n(o.etas[1]), d);
  lines.add("step_size ← min(max(size, {}), {})", n(o.step_sizes[0]), n(o.step_sizes[1]));
  lines.add("prev ← 0 where turned, else {}", d);
  return lines.add("p ← p - sign(prev) step_size").text();
}

std::string ASGD::formula(const State& s, const Tensor&, const ASGDOptions& o) const {
  Lines lines;
  const std::string d = descended(lines, o);
  const double share = 1 / std::max(1.0, count(s) - 1 - o.t0);
  lines.add("p ← (1 - {} eta) p - eta {}", n(o.lambd), d);
  if (share == 1)
    lines.add("ax ← p");
  else
    lines.add("ax ← ax + {} (p - ax)", n(share));
  return lines.add("eta ← {}", n(o.lr / std::pow(1 + o.lambd * o.lr * count(s), o.alpha))).text();
}

std::string Lion::formula(const State&, const Tensor&, const LionOptions& o) const {
  Lines lines;
  const std::string d = descended(lines, o);
  lines.add("p ← p - {} sign({} exp_avg + {} {})", n(o.lr), n(o.betas[0]), n(1 - o.betas[0]), d);
  average(lines, "exp_avg", d, o.betas[1]);
  return lines.text();
}

std::string Muon::formula(const State& s, const Tensor& p, const MuonOptions& o) const {
  Lines lines;
  if (p.dim() < 2) {
    if (o.weight_decay != 0) lines.add("p ← {} p", n(1 - o.lr * o.adam_ratio * o.weight_decay));
    const std::string d = descended(lines, o.maximize, 0);
    average(lines, "exp_avg", d, o.adam_betas[0]);
    average(lines, "exp_avg_sq", d + "²", o.adam_betas[1]);
    lines.add("p ← p - {} (exp_avg / {}) / (sqrt(exp_avg_sq / {}) + {})", n(o.lr * o.adam_ratio),
              n(1 - std::pow(o.adam_betas[0], count(s))), n(1 - std::pow(o.adam_betas[1], count(s))), n(o.eps));
    return lines.text();
  }
  const std::string d = descended(lines, o);
  average(lines, "momentum_buffer", d, o.momentum);
  std::string m = "momentum_buffer";
  if (o.nesterov) {
    m = "m";
    lines.add("m = {} momentum_buffer + {} {}", n(o.momentum), n(1 - o.momentum), d);
  }
  const double rows = static_cast<double>(p.size(0)),
               columns =
                   static_cast<double>(std::max<std::int64_t>(1, p.numel() / std::max<std::int64_t>(1, p.size(0))));
  return lines
      .add("p ← p - {} orthogonalize({}, {})", n(o.lr * std::sqrt(std::max(1.0, rows / columns))), m, o.ns_steps)
      .text();
}

std::string ScheduleFreeAdamW::formula(const State& s, const Tensor&, const ScheduleFreeAdamWOptions& o) const {
  Lines lines;
  const double t = count(s), beta = o.betas[0];
  const double rate = o.warmup_steps > 0 ? o.lr * std::min(1.0, t / static_cast<double>(o.warmup_steps)) : o.lr;
  const std::string d = descended(lines, o.maximize, 0);
  average(lines, "exp_avg_sq", d + "²", o.betas[1]);
  lines.add("step = {} / (sqrt(exp_avg_sq / {}) + {}){}", d, n(1 - std::pow(o.betas[1], t)), n(o.eps),
            o.weight_decay == 0 ? "" : formatted(" + {} p", n(o.weight_decay)));
  lines.add("x = (p - {} z) / {}", n(1 - beta), n(beta)).add("z ← z - {} step", n(rate));
  lines.add("lr_max ← max(lr_max, {})", n(rate)).add("weight = {} lr_max²", n(std::pow(t, o.r)));
  lines.add("weight_sum ← weight_sum + weight").add("c = weight / weight_sum");
  return lines.add("p ← {} ((1 - c) x + c z) + {} z", n(beta), n(1 - beta)).text();
}

// These move all parameters at once: the line says how, and cannot be computed from one parameter's numbers.

std::string LBFGS::formula(const State&, const Tensor&, const LBFGSOptions& o) const {
  return formatted("p ← p - t H⁻¹ g, with H⁻¹ from the last {} changes of p and g, and t {}", o.history_size,
                   o.line_search_fn == LineSearch::none ? "= " + n(o.lr) : std::string("from a line search"));
}

std::string Newton::formula(const State&, const Tensor&, const NewtonOptions& o) const {
  const std::string damped = o.damping == 0 ? "H⁻¹" : formatted("(H + {} I)⁻¹", n(o.damping));
  return formatted("p ← p - {} {} g, with H the Hessian of all parameters", n(o.lr), damped);
}

std::string NewtonCG::formula(const State&, const Tensor&, const NewtonCGOptions& o) const {
  return formatted("p ← p + t d, with (H + λ I) d = -g by conjugate gradients, and t = {} halved until the loss falls",
                   n(o.lr));
}

}  // namespace gradus::optim
