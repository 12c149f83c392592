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

// A function of a step along some direction, its result weighed by `weights`: phi(t) = sum over j of weights[j]
// f(t)[j].
struct AlongLine {
  std::function<std::vector<double>(double)> f;
  std::vector<double> here;  // f(0)
  std::vector<double> weights;
  bool single = false;  // f is computed in f32
};

// `analytic(weights)` is what the rule says of phi's slope at 0. Two calls of f suffice where all is well. Where the
// slopes on the two sides of 0 disagree in some f[j], the rest must still agree if analytic can be asked again with
// those weights 0 (`separable`). An empty text in `why`, else why nothing can be said.
Judgement judge(const AlongLine& line, const std::function<double(const std::vector<double>&)>& analytic,
                bool separable, std::string& why);

}  // namespace gradus::study
