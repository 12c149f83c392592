// The environment's settings that kernels read. Kernels do not throw: a value that is not valid counts as unset here,
// and the floor above refuses it at the first use.
#pragma once

namespace gradus::kernels {

struct Setting {
  const char* name;      // of the variable
  const char* text;      // its value; null: unset, as an empty one is
  const char* expected;  // what its value must be, if it is not valid; else null
};

Setting threads_setting(int& threads);  // GRADUS_NUM_THREADS: sets threads if the value is valid

struct ProductTable;
Setting products_setting(ProductTable& table);  // GRADUS_PRODUCTS: a file; sets the table if it is valid

struct Kernels;
Setting isa_setting(const Kernels*& kernels);  // GRADUS_ISA: sets kernels if the value is valid

}  // namespace gradus::kernels
