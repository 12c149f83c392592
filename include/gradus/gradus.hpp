// Gradus: tensors, a tape, and the chain rule walked backwards over it; layers, optimizers and data on top.
#pragma once

#include <gradus/curvature.hpp>
#include <gradus/data/data.hpp>
#include <gradus/derivatives.hpp>
#include <gradus/error.hpp>
#include <gradus/gradcheck.hpp>
#include <gradus/io/io.hpp>
#include <gradus/machine.hpp>
#include <gradus/nn/nn.hpp>
#include <gradus/observe.hpp>
#include <gradus/op.hpp>
#include <gradus/ops.hpp>
#include <gradus/optim/optim.hpp>
#include <gradus/profile.hpp>
#include <gradus/study/study.hpp>
#include <gradus/tape.hpp>
#include <gradus/tensor.hpp>
#include <gradus/threads.hpp>
#include <gradus/train/train.hpp>
