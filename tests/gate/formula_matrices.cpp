// The functions of lines that take matrices or work along an axis, and those of special functions, in plain numbers.
#include "gate/formula_functions.hpp"

namespace formula {

namespace {

using Matrix = std::vector<std::vector<double>>;

double determinant(const Matrix& m) {
  if (m.empty()) return 1;
  double sum = 0;
  for (std::size_t j = 0; j < m.size(); ++j) sum += m[0][j] * cofactor(m, 0, j);
  return sum;
}

}  // namespace

double cofactor(const std::vector<std::vector<double>>& m, std::size_t i, std::size_t j) {
  Matrix minor = m;
  minor.erase(minor.begin() + static_cast<std::ptrdiff_t>(i));
  for (auto& row : minor) row.erase(row.begin() + static_cast<std::ptrdiff_t>(j));
  return ((i + j) % 2 ? -1 : 1) * determinant(minor);
}

namespace {

// f(matrix) gives a matrix in its place, for each of a batch.
Array each_matrix(const Array& x, const std::function<Matrix(const Matrix&)>& f) {
  const std::size_t n = static_cast<std::size_t>(x.size(-1));
  if (x.size(-2) != x.size(-1)) throw Wrong("not square matrices");
  Array y = x;
  for (std::size_t first = 0; n > 0 && first < x.v.size(); first += n * n) {
    Matrix m(n, std::vector<double>(n));
    for (std::size_t k = 0; k < n * n; ++k) m[k / n][k % n] = x.v[first + k];
    const Matrix to = f(m);
    for (std::size_t k = 0; k < n * n; ++k) y.v[first + k] = to[k / n][k % n];
  }
  return y;
}

Matrix cofactors(const Matrix& m) {
  Matrix c = m;
  for (std::size_t i = 0; i < m.size(); ++i)
    for (std::size_t j = 0; j < m.size(); ++j) c[i][j] = cofactor(m, i, j);
  return c;
}

Matrix inverse(const Matrix& m) {
  const double d = determinant(m);
  Matrix y = cofactors(m);
  for (std::size_t i = 0; i < m.size(); ++i)
    for (std::size_t j = i; j < m.size(); ++j) {
      std::swap(y[i][j], y[j][i]);
      y[i][j] /= d;
      if (i != j) y[j][i] /= d;
    }
  return y;
}

Matrix cholesky(const Matrix& m) {
  Matrix l(m.size(), std::vector<double>(m.size()));
  for (std::size_t j = 0; j < m.size(); ++j)
    for (std::size_t i = j; i < m.size(); ++i) {
      double rest = m[i][j];
      for (std::size_t k = 0; k < j; ++k) rest -= l[i][k] * l[j][k];
      l[i][j] = i == j ? std::sqrt(rest) : rest / l[j][j];
    }
  return l;
}

Array determinants(const Array& x) {
  Array first = each_matrix(x, [](const Matrix& m) {
    Matrix y = m;
    y[0][0] = determinant(m);
    return y;
  });
  Array y = Array::zeros({x.shape.begin(), x.shape.end() - 2});
  const std::size_t each = static_cast<std::size_t>(x.size(-1) * x.size(-2));
  for (std::size_t k = 0; k < y.v.size(); ++k) y.v[k] = first.v.at(k * each);
  return y;
}

// For each line along the axis: f(numbers of a, of b) in its place.
Array each_line(const Array& a, const Array& b, int axis,
                const std::function<std::vector<double>(const std::vector<double>&, const std::vector<double>&)>& f) {
  Array y = a;
  const std::size_t along = static_cast<std::size_t>(axis);
  const std::size_t n = static_cast<std::size_t>(a.shape.at(along));
  each_place(a.shape, [&](Sizes at, std::size_t) {
    if (at[along] != 0) return;
    std::vector<double> p, q;
    for (std::size_t k = 0; k < n; ++k) {
      at[along] = static_cast<std::int64_t>(k);
      p.push_back(a.v[read_at(a, at)]);
      q.push_back(b.v[read_at(b, at)]);
    }
    const std::vector<double> to = f(p, q);
    for (std::size_t k = 0; k < n; ++k) {
      at[along] = static_cast<std::int64_t>(k);
      y.v[read_at(y, at)] = to[k];
    }
  });
  return y;
}

// The sum over h >= k of g[h] times the product of x[0] … x[h] without x[k].
std::vector<double> products_without(const std::vector<double>& g, const std::vector<double>& x) {
  std::vector<double> y(x.size());
  for (std::size_t k = 0; k < x.size(); ++k)
    for (std::size_t h = k; h < x.size(); ++h) {
      double product = g[h];
      for (std::size_t j = 0; j <= h; ++j) product *= j == k ? 1 : x[j];
      y[k] += product;
    }
  return y;
}

std::vector<double> running(const std::vector<double>& x, const std::vector<double>&) {
  std::vector<double> y;
  for (const double v : x) y.push_back(y.empty() ? v : y.back() * v);
  return y;
}

// x at the index's places; and whether no later place along the axis has the same index.
Array gathered(const Array& x, const Array& index, int axis) {
  Array y = index;
  each_place(index.shape, [&](Sizes at, std::size_t k) {
    at[static_cast<std::size_t>(axis)] = std::llround(index.v[k]);
    y.v[k] = x.v[read_at(x, at)];
  });
  return y;
}
Array last(const Array& index, int axis) {
  return each_line(index, index, axis, [](const std::vector<double>& list, const std::vector<double>&) {
    std::vector<double> y;
    for (auto at = list.begin(); at != list.end(); ++at) y.push_back(std::find(at + 1, list.end(), *at) == list.end());
    return y;
  });
}

// The n-th derivative of digamma by its series, whose tail is nearly an integral.
double polygamma(int n, double x) {
  constexpr int terms = 20000;
  const double end = x + terms, s = n + 1;
  double sum = 0;
  for (int k = terms; k-- > 0;) sum += n == 0 ? -1 / (x + k) : std::pow(x + k, -s);
  if (n == 0) return sum + std::log(end) - 1 / (2 * end) - 1 / (12 * end * end);
  sum += std::pow(end, 1 - s) / (s - 1) + std::pow(end, -s) / 2 + s * std::pow(end, -s - 1) / 12;
  return (n % 2 ? 1 : -1) * std::tgamma(s) * sum;
}

// Along a new first axis; along the last one.
Array joined(const std::vector<Array>& parts, bool stack) {
  Sizes shape = parts[0].shape;
  const auto many = static_cast<std::int64_t>(parts.size());
  stack ? void(shape.insert(shape.begin(), many)) : void(shape.back() *= many);
  Array y = Array::zeros(shape);
  each_place(shape, [&](Sizes at, std::size_t i) {
    std::size_t k = 0;
    if (stack) {
      k = static_cast<std::size_t>(at[0]);
      at.erase(at.begin());
    } else {
      k = static_cast<std::size_t>(at.back() / parts[0].shape.back());
      at.back() %= parts[0].shape.back();
    }
    y.v[i] = parts[k].v[read_at(parts[k], at)];
  });
  return y;
}

}  // namespace

std::optional<Array> array_function(const std::string& n, const std::vector<Array>& parts,
                                    const std::vector<int>& axes) {
  if (n == "stack" || n == "concat") return joined(parts, n == "stack");
  const Array& x = parts.at(0);
  if (n == "cholesky") return each_matrix(x, cholesky);
  if (n == "inverse") return each_matrix(x, inverse);
  if (n == "cofactors") return each_matrix(x, cofactors);
  if (n == "det") return determinants(x);
  if (n == "gather") return gathered(x, parts.at(1), axes.at(0));
  if (n == "last") return last(x, axes.at(0));
  if (n == "cumprod") return each_line(x, x, axes.at(0), running);
  if (n == "cumprod'") return each_line(x, parts.at(1), axes.at(0), products_without);
  if (n == "atan2") return map(x, parts.at(1), [](double a, double b) { return std::atan2(a, b); });
  if (n == "polygamma") return map(x, parts.at(1), [](double k, double v) { return polygamma(int(k), v); });
  return std::nullopt;
}

}  // namespace formula
