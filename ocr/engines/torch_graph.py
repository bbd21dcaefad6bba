"""Runs an ONNX graph with torch, for machines with a GPU that have torch but no CUDA build of onnxruntime.

Only the operators that PP-OCR's exported models use are known; another one is named in the error. Shapes stay
on the CPU, so that nothing waits for the GPU between the first operator and the last.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
import torch.nn.functional as F  # noqa: N812
from onnx import numpy_helper

from kobunko.errors import UsageError

Attributes = dict[str, Any]


class TorchGraph:
    """A model on a device ("gpu:0", "cpu"), called like PaddleX's runners: one array in, a list of arrays out."""

    def __init__(self, path: Path, device: str) -> None:
        self._device = torch.device(device.replace("gpu", "cuda"))
        graph = onnx.load(path).graph
        self._nodes = [(node, _attributes(node)) for node in graph.node]
        if unknown := sorted({node.op_type for node in graph.node} - set(_OPERATORS)):
            raise UsageError(
                f"torch cannot run {path}: operators {', '.join(unknown)} are not known. Use another engine."
            )
        constants = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
        scales = {name for node in graph.node if node.op_type == "Resize" for name in node.input[1:]}
        # Shapes and places stay NumPy arrays on the CPU.
        self._constants = {
            name: value if value.dtype.kind == "i" or name in scales else torch.tensor(value, device=self._device)
            for name, value in constants.items()
        }
        self._input = next(item.name for item in graph.input if item.name not in constants)
        self._outputs = [item.name for item in graph.output]
        self._last_use = {name: number for number, node in enumerate(graph.node) for name in node.input}

    def __call__(self, x: Sequence[np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
        (array,) = x if isinstance(x, (list, tuple)) else (x,)
        with torch.inference_mode():
            values: dict[str, Any] = self._constants | {self._input: torch.from_numpy(array).to(self._device)}
            for number, (node, attributes) in enumerate(self._nodes):
                arguments = [values[name] if name else None for name in node.input]
                values[node.output[0]] = _OPERATORS[node.op_type](attributes, *arguments)
                for name in node.input:
                    if self._last_use.get(name) == number and name not in self._outputs:
                        values.pop(name, None)  # memory of a page at full size is large
            return [values[name].float().cpu().numpy() for name in self._outputs]

    def close(self) -> None:
        """PaddleX closes its runners."""


def _attributes(node: Any) -> Attributes:
    return {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}


def _conv(a: Attributes, x: Any, weight: Any, bias: Any = None) -> Any:
    x, padding = _padded(x, a, 0.0)
    return F.conv2d(x, weight, bias, a.get("strides", 1), padding, a.get("dilations", 1), a.get("group", 1))


def _conv_transpose(a: Attributes, x: Any, weight: Any, bias: Any = None) -> Any:
    padding = a.get("pads", [0, 0])[:2]
    return F.conv_transpose2d(x, weight, bias, a["strides"], padding, 0, a.get("group", 1), a.get("dilations", 1))


def _max_pool(a: Attributes, x: Any) -> Any:
    x, padding = _padded(x, a, float("-inf"))
    return F.max_pool2d(x, a["kernel_shape"], a.get("strides", 1), padding, ceil_mode=bool(a.get("ceil_mode")))


def _average_pool(a: Attributes, x: Any) -> Any:
    x, padding = _padded(x, a, 0.0)
    return F.avg_pool2d(
        x, a["kernel_shape"], a.get("strides", 1), padding, bool(a.get("ceil_mode")), bool(a.get("count_include_pad"))
    )


def _padded(x: Any, a: Attributes, value: float) -> tuple[Any, list[int]]:
    """The image padded where its sides differ, and the padding that is left to the operator."""
    if a.get("auto_pad") == b"SAME_UPPER":
        steps = zip(x.shape[2:], a["kernel_shape"], a.get("strides", [1, 1]), strict=True)
        total = [max(0, (-(-size // step) - 1) * step + kernel - size) for size, kernel, step in steps]
        pads = [total[0] // 2, total[1] // 2, total[0] - total[0] // 2, total[1] - total[1] // 2]
    else:
        pads = a.get("pads", [0, 0, 0, 0])
    if pads[:2] == pads[2:] and value == 0.0:
        return x, list(pads[:2])
    return F.pad(x, (pads[1], pads[3], pads[0], pads[2]), value=value), [0, 0]


def _resize(_: Attributes, x: Any, _roi: Any = None, scales: Any = None, sizes: Any = None) -> Any:
    if sizes is not None:
        return F.interpolate(x, size=[int(size) for size in sizes[2:]], mode="nearest")
    return F.interpolate(x, scale_factor=[float(scale) for scale in scales[2:]], mode="nearest")


def _batch_norm(a: Attributes, x: Any, scale: Any, bias: Any, mean: Any, variance: Any) -> Any:
    return F.batch_norm(x, mean, variance, scale, bias, eps=a["epsilon"])


def _slice(_: Attributes, x: Any, starts: Any, ends: Any, axes: Any = None, steps: Any = None) -> Any:
    places = [slice(None)] * x.ndim
    for number, axis in enumerate(range(len(starts)) if axes is None else axes):
        step = 1 if steps is None else int(steps[number])
        places[axis] = slice(int(starts[number]), int(ends[number]), step)
    return x[tuple(places)]


def _concat(a: Attributes, *items: Any) -> Any:
    if isinstance(items[0], torch.Tensor):
        return torch.cat(items, a["axis"])
    return np.concatenate([np.atleast_1d(item) for item in items])


def _reshape(_: Attributes, x: Any, shape: Any) -> Any:
    return x.reshape([x.shape[number] if size == 0 else int(size) for number, size in enumerate(shape)])


def _squeeze(a: Attributes, x: Any) -> Any:
    return x.squeeze(tuple(a["axes"]))


def _unsqueeze(a: Attributes, x: Any) -> Any:
    for axis in sorted(a["axes"]):
        x = x.unsqueeze(axis) if isinstance(x, torch.Tensor) else np.expand_dims(x, axis)
    return x


def _mean(a: Attributes, x: Any) -> Any:
    return x.mean(dim=tuple(a["axes"]), keepdim=bool(a.get("keepdims", 1)))


def _hard_sigmoid(a: Attributes, x: Any) -> Any:
    return torch.clamp(x * a.get("alpha", 0.2) + a.get("beta", 0.5), 0, 1)


_OPERATORS: dict[str, Callable[..., Any]] = {
    "Add": lambda _, x, y: x + y,
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_norm,
    "Concat": _concat,
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "Div": lambda _, x, y: x / y,
    "Erf": lambda _, x: torch.erf(x),
    "GlobalAveragePool": lambda _, x: x.mean(dim=(2, 3), keepdim=True),
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": lambda _, x: F.hardswish(x),
    "Identity": lambda _, x: x,
    "MatMul": lambda _, x, y: x @ y,
    "MaxPool": _max_pool,
    "Mul": lambda _, x, y: x * y,
    "Pow": lambda _, x, y: x**y,
    "ReduceMean": _mean,
    "Relu": lambda _, x: F.relu(x),
    "Reshape": _reshape,
    "Resize": _resize,
    "Shape": lambda _, x: np.array(x.shape),
    "Sigmoid": lambda _, x: torch.sigmoid(x),
    "Slice": _slice,
    "Softmax": lambda a, x: torch.softmax(x, a.get("axis", -1)),
    "Sqrt": lambda _, x: torch.sqrt(x),
    "Squeeze": _squeeze,
    "Sub": lambda _, x, y: x - y,
    "Transpose": lambda a, x: x.permute(a["perm"]),
    "Unsqueeze": _unsqueeze,
}
