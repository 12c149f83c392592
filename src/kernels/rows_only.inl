// In the place of kernels that a program without images, sequences and attention never calls: nothing.

template <class T>
constexpr decltype(nullptr) lstm = nullptr;
template <class T>
constexpr decltype(nullptr) lstm_vjp = nullptr;
template <class T>
constexpr decltype(nullptr) attention = nullptr;
template <class T>
constexpr decltype(nullptr) attention_vjp = nullptr;
template <class T>
constexpr decltype(nullptr) conv2d = nullptr;
template <class T>
constexpr decltype(nullptr) conv2d_input = nullptr;
template <class T>
constexpr decltype(nullptr) conv2d_weight = nullptr;
template <class T>
constexpr decltype(nullptr) max_pool2d = nullptr;
template <class T>
constexpr decltype(nullptr) max_pool2d_input = nullptr;
template <class T>
constexpr decltype(nullptr) avg_pool2d = nullptr;
template <class T>
constexpr decltype(nullptr) avg_pool2d_input = nullptr;
