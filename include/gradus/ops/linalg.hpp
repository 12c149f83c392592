// Deprecated since 0.2: include matmul.hpp, conv.hpp or pool.hpp.
#pragma once
#include <gradus/ops/conv.hpp>
#include <gradus/ops/matmul.hpp>
#include <gradus/ops/pool.hpp>
