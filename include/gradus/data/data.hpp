// Datasets, batches and readers; augmentation, folds, prefetching; text.
#pragma once

#include <gradus/data/augment.hpp>
#include <gradus/data/batches.hpp>
#include <gradus/data/dataset.hpp>
#include <gradus/data/folds.hpp>
#include <gradus/data/images.hpp>
#include <gradus/data/prefetch.hpp>
#include <gradus/data/readers.hpp>
#include <gradus/data/source.hpp>
#include <gradus/data/tokenizer.hpp>
#include <gradus/data/windows.hpp>
