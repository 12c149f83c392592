// The operations of special functions, order, selection and linear algebra, called with a kit's operands.
#include "verify/call.hpp"

namespace gradus::tool {
namespace {

template <Tensor (*f)(Arg, Axes, bool)>
Results along_one(KitCall& c) {
  return f(c["x"], Axes{c.get<int>("dim")}, false);
}

constexpr KnownOperation list[] = {
    {"floor", unary<floor>},
    {"ceil", unary<ceil>},
    {"round", unary<round>},
    {"log2", unary<log2>},
    {"asin", unary<asin>},
    {"acos", unary<acos>},
    {"atan", unary<atan>},
    {"sinh", unary<sinh>},
    {"cosh", unary<cosh>},
    {"lgamma", unary<lgamma>},
    {"digamma", unary<digamma>},
    {"isnan", unary<isnan>},
    {"isfinite", unary<isfinite>},
    {"polygamma", [](KitCall& c) -> Results { return polygamma(c.get<std::int64_t>("n"), c["x"]); }},
    {"remainder", binary<remainder>},
    {"atan2", binary<atan2>},
    {"logical_and", binary<logical_and>},
    {"logical_or", binary<logical_or>},

    {"cumprod", axis<cumprod>},
    {"sort", [](KitCall& c) -> Results { return sort(c["x"], c.get<int>("dim"), c.get("descending", false)); }},
    {"topk",
     [](KitCall& c) -> Results {
       return topk(c["x"], c.get<std::int64_t>("k"), c.get<int>("dim"), c.get("largest", true));
     }},
    {"scatter", [](KitCall& c) -> Results { return scatter(c["x"], c.get<int>("dim"), c["index"], c["src"]); }},
    {"masked_select", [](KitCall& c) -> Results { return masked_select(c["x"], c["mask"]); }},
    {"index", [](KitCall& c) -> Results { return c["x"][c["index"]]; }},
    {"bincount", [](KitCall& c) -> Results { return bincount(c["x"], c.get<std::int64_t>("minlength", 0)); }},
    {"diag", triangle<diag>},
    {"diagonal",
     [](KitCall& c) -> Results {
       return diagonal(c["x"], c.get<std::int64_t>("offset", 0), c.get<int>("dim1"), c.get<int>("dim2"));
     }},
    {"trace", unary<trace>},
    {"outer", binary<outer>},
    {"cross", [](KitCall& c) -> Results { return cross(c["x"], c["y"], c.get("dim", -1)); }},
    {"any", along_one<any>},
    {"all", along_one<all>},
    {"norm",
     [](KitCall& c) -> Results {
       return norm(c["x"], c.get<double>("p"), c.get<Axes>("dims", {}), c.get("keepdim", false));
     }},
    {"pack_tril", triangle<pack_tril>},
    {"unpack_tril",
     [](KitCall& c) -> Results {
       return unpack_tril(c["x"], c.get<std::int64_t>("n"), c.get<std::int64_t>("diagonal", 0));
     }},

    {"cholesky", [](KitCall& c) -> Results { return cholesky(c["x"]); }},
    {"inverse", unary<inverse>},
    {"det", unary<det>},
    {"logabsdet", [](KitCall& c) -> Results { return slogdet(c["x"]).logabsdet; }},
    {"slogdet",
     [](KitCall& c) -> Results {
       const auto [sign, logarithm] = slogdet(c["x"]);
       return std::vector<Tensor>{sign, logarithm};
     }},
    {"solve_triangular",
     [](KitCall& c) -> Results {
       return solve_triangular(c["x"], c["y"],
                               {.upper = c.get("upper", false),
                                .left = c.get("left", true),
                                .unitriangular = c.get("unitriangular", false)});
     }},
    {"solve", binary<solve>},
};

}  // namespace

std::span<const KnownOperation> vocabulary_operations() { return list; }

}  // namespace gradus::tool
