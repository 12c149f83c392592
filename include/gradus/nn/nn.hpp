// Networks: modules, layers, initialisers, and ways to look at them.
#pragma once

#include <gradus/nn/checkpoint.hpp>
#include <gradus/nn/generate.hpp>
#include <gradus/nn/init.hpp>
#include <gradus/nn/language.hpp>
#include <gradus/nn/layers.hpp>
#include <gradus/nn/load_into.hpp>
#include <gradus/nn/metrics.hpp>
#include <gradus/nn/module.hpp>
#include <gradus/nn/sequential.hpp>
#include <gradus/nn/summary.hpp>
