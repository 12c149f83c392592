// Saving and loading.
#pragma once

#include <gradus/io/image.hpp>
#include <gradus/io/numpy.hpp>
#include <gradus/io/onnx.hpp>
#include <gradus/io/read.hpp>
#include <gradus/io/safetensors.hpp>
#include <gradus/io/state_dict.hpp>
#include <gradus/io/writable.hpp>
