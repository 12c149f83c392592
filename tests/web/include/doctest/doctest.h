// doctest takes it that WASI has no exceptions. Here it has them, so doctest does not see the name of the system; what it
// includes does, before.
#pragma GCC system_header

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cctype>
#include <cfloat>
#include <climits>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <exception>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <utility>
#include <vector>

#pragma push_macro("__wasi__")
#undef __wasi__
#include_next <doctest/doctest.h>
#pragma pop_macro("__wasi__")
