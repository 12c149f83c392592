// Training, above layers, optimizers, data and files.
#pragma once

#include <gradus/train/checkpoint.hpp>
#include <gradus/train/find_lr.hpp>
#include <gradus/train/fit.hpp>
#include <gradus/train/interrupt.hpp>
#include <gradus/train/live_line.hpp>
#include <gradus/train/model.hpp>
#include <gradus/train/monitor.hpp>
#include <gradus/train/nets.hpp>
#include <gradus/train/read_run.hpp>
#include <gradus/train/summary_writer.hpp>
