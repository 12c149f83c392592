// Training, above layers, optimizers, data and files.
#pragma once

#include <gradus/train/checkpoint.hpp>
#include <gradus/train/interrupt.hpp>
#include <gradus/train/model.hpp>
#include <gradus/train/nets.hpp>
