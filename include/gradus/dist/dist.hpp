// Training on many processes and machines. Link gradus::dist, which is a library of its own.
#pragma once

#include <gradus/dist/batches.hpp>
#include <gradus/dist/cost_model.hpp>
#include <gradus/dist/data_parallel.hpp>
#include <gradus/dist/group.hpp>
#include <gradus/dist/sync_batch_norm.hpp>
