// Every operation. All take and return tensors of one dtype (nothing is promoted), throw gradus::Error naming the
// caller's line, and are recorded when a tape is live and an input is on it; all rules are differentiable again, to any
// order.
#pragma once

#include <gradus/ops/conv.hpp>
#include <gradus/ops/elementwise.hpp>
#include <gradus/ops/index.hpp>
#include <gradus/ops/linalg.hpp>
#include <gradus/ops/loss.hpp>
#include <gradus/ops/matmul.hpp>
#include <gradus/ops/nn.hpp>
#include <gradus/ops/pool.hpp>
#include <gradus/ops/random.hpp>
#include <gradus/ops/reduce.hpp>
#include <gradus/ops/shape.hpp>
