// Tensors as numpy prints them: nested brackets, one width for all numbers, … in the middle of long axes.

#include <algorithm>
#include <cmath>
#include <ostream>
#include <string_view>

#include "tensor/format.hpp"
#include "tensor/impl.hpp"
#include "tensor/number.hpp"

namespace gradus {
namespace {

constexpr int decimals = 4, edge = 3, line_width = 100;
constexpr std::int64_t shown_whole = 1000;

// The elements along one axis that are printed: all, or three at each end.
struct Window {
  std::int64_t size;
  bool shortened;
  bool gap_after(std::int64_t i) const { return shortened && i + 1 == edge; }
  std::int64_t next(std::int64_t i) const { return gap_after(i) ? size - edge : i + 1; }
};

Window window(const Tensor& x, int axis) {
  const std::int64_t size = x.shape()[axis];
  return {size, x.numel() > shown_whole && size > 2 * edge};
}

template <class T, class F>
void for_shown(const Tensor& x, const T* p, int axis, F& f) {
  if (axis == x.dim()) return f(*p);
  const Window w = window(x, axis);
  for (std::int64_t i = 0; i < w.size; i = w.next(i)) for_shown(x, p + i * x.strides()[axis], axis + 1, f);
}

void trim_zeros(std::string& s) {
  while (s.back() == '0') s.pop_back();
}

// 1.2346 among ordinary numbers; 1.2346e-05 where some are very large or small, or their sizes differ much.
bool needs_exponent(const std::vector<double>& numbers) {
  double low = detail::infinity, high = 0;
  for (double v : numbers)
    if (std::isfinite(v) && v != 0) {
      low = std::min(low, std::abs(v));
      high = std::max(high, std::abs(v));
    }
  return high != 0 && (high >= 1e8 || low < 1e-4 || high / low > 1000);
}

// Without exponents: zeros at the end become blanks, so that the points are aligned.
std::vector<std::string> fixed_texts(const std::vector<double>& numbers) {
  std::vector<std::string> texts;
  std::size_t fraction = 0;  // the longest
  for (double v : numbers) {
    std::string s = std::isnan(v) ? "nan" : formatted("{:.{}f}", v, decimals);
    if (std::isfinite(v)) {
      trim_zeros(s);
      fraction = std::max(fraction, s.size() - s.find('.') - 1);
    }
    texts.push_back(std::move(s));
  }
  for (std::size_t i = 0; i < texts.size(); ++i)
    if (std::isfinite(numbers[i])) texts[i].append(fraction - (texts[i].size() - texts[i].find('.') - 1), ' ');
  return texts;
}

// With exponents: as many decimals as the longest needs.
std::vector<std::string> exponent_texts(const std::vector<double>& numbers) {
  int needed = 0;
  for (double v : numbers) {
    if (!std::isfinite(v)) continue;
    std::string mantissa = formatted("{:.{}e}", v, decimals);
    mantissa.resize(mantissa.find('e'));
    trim_zeros(mantissa);
    needed = std::max(needed, static_cast<int>(mantissa.size() - mantissa.find('.') - 1));
  }
  std::vector<std::string> texts;
  for (double v : numbers) texts.push_back(std::isnan(v) ? "nan" : formatted("{:#.{}e}", v, needed));
  return texts;
}

std::vector<std::string> texts_of(const Tensor& x) {
  return detail::visit(x.dtype(), [&]<class T>() {
    const T* first = detail::data<T>(x);
    if constexpr (std::is_floating_point_v<T>) {
      std::vector<double> numbers;
      auto add = [&](T v) { numbers.push_back(v); };
      for_shown(x, first, 0, add);
      return needs_exponent(numbers) ? exponent_texts(numbers) : fixed_texts(numbers);
    } else {
      std::vector<std::string> texts;
      auto add = [&](T v) { texts.push_back(formatted("{}", v)); };
      for_shown(x, first, 0, add);
      return texts;
    }
  });
}

// Puts brackets, gaps and line breaks around texts of one width.
class Layout {
 public:
  Layout(const Tensor& x, const std::vector<std::string>& texts) : x_(x), text_(texts.begin()) {
    for (const std::string& s : texts) width_ = std::max(width_, s.size());
  }

  std::string str() && {
    axis(0);
    return std::move(out_);
  }

 private:
  void axis(int a) {
    const bool last = a + 1 == x_.dim();
    const Window w = window(x_, a);
    out_ += '[';
    for (std::int64_t i = 0; i < w.size; i = w.next(i)) {
      if (i > 0) separate(a);
      if (last) {
        number();
      } else {
        axis(a + 1);
      }
      if (!w.gap_after(i)) continue;
      separate(a);
      out_ += "…";
    }
    out_ += ']';
  }

  void number() {
    if (out_.size() - line_ + width_ > line_width) new_line(1, x_.dim());
    out_.append(width_ - text_->size(), ' ');
    out_ += *text_++;
  }

  void separate(int a) {
    if (a + 1 == x_.dim()) {
      out_ += ' ';
    } else {
      new_line(x_.dim() - a - 1, a + 1);
    }
  }

  void new_line(int lines, int indent) {
    while (out_.back() == ' ') out_.pop_back();
    out_.append(static_cast<std::size_t>(lines), '\n');
    line_ = out_.size();
    out_.append(static_cast<std::size_t>(indent), ' ');
  }

  const Tensor& x_;
  std::vector<std::string>::const_iterator text_;
  std::size_t width_ = 0, line_ = 0;  // of a number; where the line began
  std::string out_;
};

}  // namespace

std::string to_string(const Tensor& x) {
  if (!x.defined()) return "undefined";
  if (x.dim() == 0) return is_floating(x.dtype()) ? detail::number_text(x.detach().item(), 6) : texts_of(x).front();
  std::string s = x.numel() ? Layout(x, texts_of(x)).str() : "[]";
  if (x.dtype() == f32 && x.numel() && x.numel() <= shown_whole) return s;
  const bool one_line = s.find('\n') == std::string::npos;
  return formatted("{}{}{} {}", s, one_line ? "  " : "\n", name(x.dtype()), to_string(x.shape()));
}

std::ostream& operator<<(std::ostream& out, const Tensor& x) { return out << to_string(x); }

}  // namespace gradus
