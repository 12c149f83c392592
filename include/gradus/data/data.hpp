// Datasets, batches and readers.
#pragma once

#include <gradus/data/batches.hpp>
#include <gradus/data/dataset.hpp>
#include <gradus/data/readers.hpp>
