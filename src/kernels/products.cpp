// The table of matrix products: its classes, its text, and where it comes from.
#include "products.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>

#include "isa.hpp"
#include "parallel.hpp"
#include "settings.hpp"

namespace gradus::kernels {
namespace {

template <int n>
int interval(const Index (&bounds)[n], Index size) {
  int i = 0;
  while (i < n && size > bounds[i]) ++i;
  return i;
}

#include "products_default.inl"

ProductTable make_table() {
  ProductTable table{};
#ifdef GRADUS_HAVE_CBLAS
  const std::string_view isa = active().isa;
  for (const DefaultProducts& shipped : kDefaultProducts)
    if (isa == shipped.isa)
      for (const int dtype : {0, 1})
        for (int i = 0; i < kProductClasses; ++i) {
          const char digit = shipped.digits[dtype][i / kProductDepths];
          const int bits = digit <= '9' ? digit - '0' : digit - 'a' + 10;
          table.own[dtype][i] = (bits >> (i % kProductDepths) & 1) == 1;
        }
  products_setting(table);
#else
  for (auto& of_dtype : table.own)
    for (bool& own : of_dtype) own = true;
#endif
  return table;
}

}  // namespace

int product_index(bool ta, bool tb, Index m, Index n, Index k) {
  const int rows = interval(kProductRowBounds, m), cols = interval(kProductRowBounds, n);
  const int layout = 2 * (ta ? 1 : 0) + (tb ? 1 : 0);
  return ((layout * kProductRows + rows) * kProductRows + cols) * kProductDepths + interval(kProductDepthBounds, k);
}

ProductClass product_class(int index) {
  const int k = index % kProductDepths, n = index / kProductDepths % kProductRows,
            m = index / kProductDepths / kProductRows % kProductRows,
            layout = index / kProductDepths / kProductRows / kProductRows;
  return {layout >= 2, layout % 2 == 1, m, n, k};
}

Index typical_rows(int interval) {
  constexpr Index sizes[kProductRows] = {1, 3, 10, 32, 96, 512};
  return sizes[interval];
}
Index typical_depth(int interval) {
  constexpr Index sizes[kProductDepths] = {9, 32, 128, 784};
  return sizes[interval];
}

std::string write_products(const ProductTable& table) {
  std::ostringstream text;
  for (const int dtype : {0, 1})
    for (int i = 0; i < kProductClasses; i += kProductDepths) {
      const ProductClass c = product_class(i);
      text << (dtype ? "f64 " : "f32 ") << (c.ta ? 'T' : 'N') << (c.tb ? 'T' : 'N') << ' ' << c.m << ' ' << c.n << ' ';
      for (int k = 0; k < kProductDepths; ++k) text << (table.own[dtype][i + k] ? '1' : '0');
      text << '\n';
    }
  return text.str();
}

bool read_products(const std::string& text, ProductTable& table) {
  std::istringstream in(text);
  ProductTable read{};
  std::string line;
  int lines = 0;
  while (std::getline(in, line)) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string dtype, layout, bits, more;
    int m = -1, n = -1;
    words >> dtype >> layout >> m >> n >> bits;
    if (words.fail() || words >> more) return false;
    const bool known = (dtype == "f32" || dtype == "f64") && layout.size() == 2 &&
                       layout.find_first_not_of("NT") == layout.npos && m >= 0 && m < kProductRows && n >= 0 &&
                       n < kProductRows && bits.size() == kProductDepths && bits.find_first_not_of("01") == bits.npos;
    if (!known || ++lines > 2 * kProductClasses / kProductDepths) return false;
    const int first = ((2 * (layout[0] == 'T') + (layout[1] == 'T')) * kProductRows + m) * kProductRows + n;
    for (int k = 0; k < kProductDepths; ++k)
      read.own[dtype == "f64"][first * kProductDepths + k] = bits[static_cast<std::size_t>(k)] == '1';
  }
  if (lines != 2 * kProductClasses / kProductDepths) return false;
  table = read;
  return true;
}

Setting products_setting(ProductTable& table) {
  Setting setting{"GRADUS_PRODUCTS", nullptr, nullptr};
  const char* path = std::getenv("GRADUS_PRODUCTS");
  if (!path || !*path) return setting;
  setting.text = path;
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!read_products(text, table)) setting.expected = "a file that gradus bench --products has written";
  return setting;
}

ProductTable& products() {
  static ProductTable table = make_table();
  return table;
}

bool own_product(int bytes, bool ta, bool tb, Index m, Index n, Index k) {
  static const ProductTable& table = products();
  return table.own[bytes == 8][product_index(ta, tb, m, n, k)] || deterministic();
}

}  // namespace gradus::kernels
