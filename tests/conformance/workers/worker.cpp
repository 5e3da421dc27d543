// A worker in another language: speaks the protocol of conformance/PROTOCOL.md, and pools as conformance/SPECIFICATION.md says.
// C++17 and its standard library; written from these two documents, and from nothing else of roikit.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <limits>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include <unistd.h>

// ---------------------------------------------------------------------------------------------------------------- JSON

struct Json {
    std::string text;  // of a string; of a number or a word, as it stands
    std::vector<Json> items;
    std::map<std::string, Json> fields;

    const Json &at(const std::string &name) const { return fields.at(name); }
    double number() const { return std::stod(text); }
};

struct Parser {
    const std::string &line;
    size_t i = 0;

    char next() {
        while (std::isspace((unsigned char)line.at(i))) i++;
        return line[i];
    }

    std::string string() {
        std::string text;
        for (i++; line.at(i) != '"'; i++) {
            if (line[i] == '\\') i++;  // names of this protocol have no escapes that stand for something else
            text += line.at(i);
        }
        i++;
        return text;
    }

    Json value() {
        Json json;
        const char first = next();
        if (first == '"') {
            json.text = string();
        } else if (first == '{' || first == '[') {
            const char last = first == '{' ? '}' : ']';
            for (i++; next() != last;) {
                if (line[i] == ',') {
                    i++;
                } else if (first == '[') {
                    json.items.push_back(value());
                } else {
                    const std::string name = string();
                    next();
                    i++;  // the colon
                    json.fields[name] = value();
                }
            }
            i++;
        } else {
            while (i < line.size() && !std::strchr(",]} \n", line[i])) json.text += line[i++];
        }
        return json;
    }
};

// -------------------------------------------------------------------------------------------------------------- Arrays

struct Array {
    std::string type;  // "float32", "float64"
    std::vector<int64_t> shape;
    std::string bytes;  // in C order

    size_t size() const {
        size_t n = 1;
        for (int64_t length : shape) n *= (size_t)length;
        return n;
    }
};

Array from_npy(const std::string &file, const std::string &type) {
    if (file.compare(0, 6, "\x93NUMPY") != 0) throw std::runtime_error("not .npy");
    const bool first_version = file.at(6) == 1;
    const auto byte = [&](size_t at) { return (size_t)(unsigned char)file.at(at); };
    const size_t start = first_version ? 10 : 12;
    size_t length = byte(8) | byte(9) << 8;
    if (!first_version) length |= byte(10) << 16 | byte(11) << 24;
    const std::string header = file.substr(start, length);
    if (header.find("'fortran_order': False") == std::string::npos) throw std::runtime_error("not in C order");
    Array array{type, {}, file.substr(start + length)};
    std::istringstream shape(header.substr(header.find("'shape': (") + 10));
    for (int64_t n; shape >> n;) {
        array.shape.push_back(n);
        shape.ignore();  // a comma
    }
    return array;
}

std::string to_npy(const Array &array) {
    std::string header = "{'descr': '" + std::string(array.type == "float64" ? "<f8" : "<f4") + "', 'fortran_order': False, 'shape': (";
    for (int64_t length : array.shape) header += std::to_string(length) + ", ";
    header += "), }";
    header += std::string(64 - (10 + header.size() + 1) % 64, ' ') + "\n";
    std::string file = "\x93NUMPY";
    file += {1, 0, (char)(header.size() & 255), (char)(header.size() >> 8)};
    return file + header + array.bytes;
}

// ------------------------------------------------------------------------------------------------------------ RoIAlign

struct Call {
    int bins_y, bins_x, ratio_y, ratio_x;
    double scale_y, scale_x;
    bool is_max, channels_last, aligned;
};

template <typename T>
struct Sample {
    bool inside;
    int64_t low, high;
    T weight_low, weight_high;
};

template <typename T>
struct Axis {
    int64_t count;                             // samples per bin
    std::vector<std::vector<Sample<T>>> bins;  // of each bin

    // RA-1 to RA-7, where `low` and `high` are corners of the box in image pixels.
    Axis(T low, T high, T scale, int ratio, int bin_count, int64_t pixels, bool aligned) {
        const T shift = aligned ? (T)0.5 : (T)0;
        const T start = low * scale - shift, end = high * scale - shift;
        T extent = end - start;
        if (!std::isfinite(extent)) throw std::invalid_argument("a box that is too large");
        if (!aligned && extent < (T)1) extent = (T)1;
        const T bin = extent / (T)bin_count;
        count = std::max<int64_t>(ratio > 0 ? ratio : (int64_t)std::ceil(bin), 0);
        bins.resize((size_t)bin_count);
        for (int p = 0; p < bin_count; p++)
            for (int64_t i = 0; i < count; i++) {
                T y = start + (T)p * bin + ((T)i + (T)0.5) * bin / (T)count;
                Sample<T> sample{y >= (T)-1 && y <= (T)pixels, 0, 0, 0, 0};
                y = std::min(std::max(y, (T)0), (T)(pixels - 1));
                sample.low = (int64_t)y;
                sample.high = std::min(sample.low + 1, pixels - 1);
                sample.weight_high = y - (T)sample.low;
                sample.weight_low = (T)1 - sample.weight_high;
                bins[(size_t)p].push_back(sample);
            }
    }
};

// RA-8 and RA-9 for one bin of one channel: `at(y, x)` is a pixel.
template <typename T, typename At>
T pool(const std::vector<Sample<T>> &ys, const std::vector<Sample<T>> &xs, bool is_max, At at) {
    T sum = 0, best = 0;
    bool first = true;
    for (const Sample<T> &y : ys)
        for (const Sample<T> &x : xs) {
            T value = 0;
            if (y.inside && x.inside)
                value = y.weight_low * x.weight_low * at(y.low, x.low) + y.weight_low * x.weight_high * at(y.low, x.high) +
                        y.weight_high * x.weight_low * at(y.high, x.low) + y.weight_high * x.weight_high * at(y.high, x.high);
            sum += value;
            if (first || value > best) best = value;
            first = false;
        }
    return is_max || first ? best : sum / (T)(ys.size() * xs.size());
}

template <typename T>
Array roi_align(const Array &input, const Array &boxes, const Call &call) {
    if (input.shape.size() != 4) throw std::invalid_argument("maps have four dimensions");
    if (boxes.shape.size() != 2 || boxes.shape[1] != 5) throw std::invalid_argument("boxes have five numbers");
    if (call.bins_y < 0 || call.bins_x < 0) throw std::invalid_argument("a negative number of bins");
    const auto &s = input.shape;
    const int64_t images = s[0], rois = boxes.shape[0];
    const int64_t channels = s[call.channels_last ? 3 : 1], height = s[call.channels_last ? 1 : 2], width = s[call.channels_last ? 2 : 3];
    const T *maps = (const T *)input.bytes.data(), *box = (const T *)boxes.bytes.data();
    Array output{input.type, {rois, channels, call.bins_y, call.bins_x}, ""};
    if (call.channels_last) output.shape = {rois, call.bins_y, call.bins_x, channels};
    output.bytes.resize(output.size() * sizeof(T));
    T *out = (T *)&output.bytes[0];
    for (int64_t k = 0; k < rois; k++, box += 5) {
        for (int corner = 0; corner < 5; corner++)
            if (!std::isfinite(box[corner])) throw std::invalid_argument("a box that is not finite");
        const T image = std::trunc(box[0]);
        if (image < 0 || image >= (T)images) throw std::invalid_argument("no such image");
        const Axis<T> y(box[2], box[4], (T)call.scale_y, call.ratio_y, call.bins_y, height, call.aligned);
        const Axis<T> x(box[1], box[3], (T)call.scale_x, call.ratio_x, call.bins_x, width, call.aligned);
        for (int64_t c = 0; c < channels; c++)
            for (int p = 0; p < call.bins_y; p++)
                for (int q = 0; q < call.bins_x; q++) {
                    const auto at = [&](int64_t i, int64_t j) {
                        const int64_t n = (int64_t)image;
                        return call.channels_last ? maps[((n * height + i) * width + j) * channels + c]
                                                  : maps[((n * channels + c) * height + i) * width + j];
                    };
                    const int64_t where = call.channels_last ? ((k * call.bins_y + p) * call.bins_x + q) * channels + c
                                                             : ((k * channels + c) * call.bins_y + p) * call.bins_x + q;
                    out[where] = pool<T>(y.bins[(size_t)p], x.bins[(size_t)q], call.is_max, at);
                }
    }
    return output;
}

// -------------------------------------------------------------------------------------------------------- Conversation

void say(const std::string &fields, const std::vector<std::pair<std::string, Array>> &arrays = {}) {
    std::string parts, data;
    for (const auto &[name, array] : arrays) {
        const std::string file = to_npy(array);
        parts += (parts.empty() ? "" : ", ") + ("{\"name\": \"" + name + "\", \"dtype\": \"" + array.type + "\", \"bytes\": ") +
                 std::to_string(file.size()) + "}";
        data += file;
    }
    std::cout << "{" << fields << ", \"arrays\": [" << parts << "]}\n" << data << std::flush;
}

void answer(const Json &message, std::map<std::string, Array> &arrays) {
    if (message.fields.count("operation") && message.at("operation").text != "forward")
        return say("\"type\": \"unsupported\", \"reason\": \"gradients\"");
    if (message.at("memory").text != "contiguous") return say("\"type\": \"unsupported\", \"reason\": \"strides\"");
    const auto pair = [&](const char *name, int i) { return message.at(name).items.at((size_t)i).number(); };
    const Call call{(int)pair("output_size", 0), (int)pair("output_size", 1), (int)pair("sampling_ratio", 0), (int)pair("sampling_ratio", 1),
                    pair("spatial_scale", 0), pair("spatial_scale", 1), message.at("mode").text == "max",
                    message.at("layout").text == "NHWC", message.at("dialect").text == "torchvision-aligned"};
    try {
        const auto make = [&] {
            const bool is_double = arrays.at("input").type == "float64";
            return (is_double ? roi_align<double> : roi_align<float>)(arrays.at("input"), arrays.at("boxes"), call);
        };
        const Array once = make(), again = make();
        const std::string same = once.bytes == again.bytes ? "true" : "false";
        say("\"type\": \"output\", \"repeatable\": " + same + ", \"wrote_outside\": false, \"changed_input\": false", {{"output", once}});
    } catch (const std::exception &error) {
        say("\"type\": \"raised\", \"error\": \"invalid_argument: " + std::string(error.what()) + "\"");
    }
}

int main() {
    std::ios::sync_with_stdio(false);
    say("\"type\": \"ready\", \"protocol\": 2, \"description\": {\"version\": \"1.0 (C++17)\", \"homepage\": \"\", "
        "\"dialects\": [\"torchvision\", \"torchvision-aligned\"], \"modes\": [\"avg\", \"max\"], "
        "\"dtypes\": [\"float32\", \"float64\"], \"layouts\": [\"NCHW\", \"NHWC\"]}");
    for (std::string line; std::getline(std::cin, line);) {
        const Json message = Parser{line}.value();
        std::map<std::string, Array> arrays;
        for (const Json &part : message.at("arrays").items) {
            std::string file((size_t)part.at("bytes").number(), '\0');
            std::cin.read(&file[0], (std::streamsize)file.size());
            arrays[part.at("name").text] = from_npy(file, part.at("dtype").text);
        }
        answer(message, arrays);
    }
}
