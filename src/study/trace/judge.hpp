// Does a derivative agree with the differences of a function along a line?
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace gradus::study {

enum class Agreement { ok, kink, bad };
const char* name(Agreement a);

struct Judgement {
  Agreement verdict = Agreement::ok;
  double analytic = 0, numeric = 0;
  double error = 0;  // |analytic - numeric| / max(|analytic|, |numeric|)
  double h = 0;      // the step of the central difference
};

// A function of a step along some direction, weighted: phi(t) = sum over j of weights[j] f(t)[j].
struct AlongLine {
  std::function<std::vector<double>(double)> f;
  std::vector<double> here;  // f(0)
  std::vector<double> weights;
  bool single = false;  // f is computed in f32
};

// `analytic(weights)` is what the rule says of phi's slope at 0. Two calls of f are enough where all is well. At a kink
// the slopes on the two sides of 0 differ in some f[j]; if analytic can be called again with those weights 0
// (`separable`), the rest must still agree. `bad` only if the differences settle on another value. If nothing can be
// said, `why` gets the reason.
Judgement judge(const AlongLine& line, const std::function<double(const std::vector<double>&)>& analytic,
                bool separable, std::string& why);

}  // namespace gradus::study
