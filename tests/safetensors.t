#!/bin/sh
# safetensors.t - other readers open our files: 20 lines of Python that know only the layout, with numpy where it is.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"

compile=${COMPILE:-cc -std=c11 -D_POSIX_C_SOURCE=200809L}
# shellcheck disable=SC2086
$compile -o "$tmp/golden" "$here/safetensors.c" ${LDLIBS:--ljansson -lm} || exit
t 'writes the golden file' 0 '' '' "$tmp/golden" "$tmp/golden.st"
t 'writes it again, the same' 0 '' '' "$tmp/golden" "$tmp/again.st"
t 'equal content is equal bytes' 0 '' '' cmp "$tmp/golden.st" "$tmp/again.st"

cat >"$tmp/read.py" <<'END'
import json, struct, sys
try:
    import numpy
except ImportError:
    numpy = None
kinds = {"F64": "d", "F32": "f", "I64": "q", "U8": "B"}
with open(sys.argv[1], "rb") as f:
    (length,) = struct.unpack("<Q", f.read(8))
    header = json.loads(f.read(length))
    data = f.read()
for key, value in header.pop("__metadata__").items():
    if key != "weir.xxh3":
        print(key, repr(value))
for name, tensor in header.items():
    begin, end = tensor["data_offsets"]
    kind = "<" + kinds[tensor["dtype"]]
    if numpy:
        values = numpy.frombuffer(data[begin:end], kind).reshape(tensor["shape"]).ravel().tolist()
    else:
        values = [v for (v,) in struct.iter_unpack(kind, data[begin:end])]
    print(ascii(name), tensor["shape"], values)
END
expected="architecture 'hash 1, dense 2 softmax'
seed '1'
a\\b 'x\\ty\\n'
'0.bias' [] [0.5]
'0.weight' [2, 2] [1.0, -2.5, 0.0, 4.0]
'none' [0, 8] []
'frozen \"\\xe9\"' [3] [7, 0, 255]"
if command -v python3 >/dev/null; then
	t 'Python reads it' 0 "$expected" '' python3 "$tmp/read.py" "$tmp/golden.st"
else
	skip 'Python reads it' 'no python3'
fi
done_testing
