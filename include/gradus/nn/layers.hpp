// The layers, each under PyTorch's name, with its defaults and the names of its state.
#pragma once

#include <gradus/nn/activation.hpp>
#include <gradus/nn/attention.hpp>
#include <gradus/nn/conv.hpp>
#include <gradus/nn/embedding.hpp>
#include <gradus/nn/linear.hpp>
#include <gradus/nn/norm.hpp>
#include <gradus/nn/position.hpp>
#include <gradus/nn/recurrent.hpp>
#include <gradus/nn/standardize.hpp>
#include <gradus/nn/upsample.hpp>
