// Training, above layers, optimizers, data and files.
#pragma once
