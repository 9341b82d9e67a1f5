"""Prints as JSON what TensorBoard finds in a log folder: python read.py FOLDER"""

import io
import json
import sys

from google.protobuf import text_format
from PIL import Image
from tensorboard.backend.event_processing import plugin_event_multiplexer
from tensorboard.compat.proto.graph_pb2 import GraphDef
from tensorboard.plugins.graph.metadata import RUN_GRAPH_NAME
from tensorboard.plugins.projector import projector_plugin
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig
from tensorboard.util import tensor_util

folder = sys.argv[1]
multiplexer = plugin_event_multiplexer.EventMultiplexer(tensor_size_guidance={name: 0 for name in ("scalars", "histograms", "images")}).AddRunsFromDirectory(folder)
multiplexer.Reload()


def value_of(event):
    tensor = event.tensor_proto
    if tensor.string_val:
        width, height, *pictures = tensor.string_val
        return {"width": int(width), "height": int(height), "size": Image.open(io.BytesIO(pictures[0])).size}
    shape = [dimension.size for dimension in tensor.tensor_shape.dim]
    return {"shape": shape, "values": tensor_util.make_ndarray(tensor).tolist()}


runs = {}
for run in multiplexer.Runs():
    accumulator = multiplexer.GetAccumulator(run)
    runs[run] = {
        tag: {
            "plugin": accumulator.SummaryMetadata(tag).plugin_data.plugin_name,
            "events": [{"step": event.step, **value_of(event)} for event in accumulator.Tensors(tag)],
        }
        for tag in accumulator.Tags()["tensors"]
        if tag != RUN_GRAPH_NAME
    }
# The plugin of the tab Graphs reads this tag.
graphs = {
    run: [
        {"name": node.name, "op": node.op, "input": list(node.input)}
        for event in multiplexer.Tensors(run, RUN_GRAPH_NAME)
        for node in GraphDef.FromString(event.tensor_proto.string_val[0]).node
    ]
    for run in multiplexer.Runs()
    if RUN_GRAPH_NAME in multiplexer.GetAccumulator(run).Tags()["tensors"]
}

with open(f"{folder}/projector_config.pbtxt") as file:
    config = text_format.Parse(file.read(), ProjectorConfig())
projector = []
for embedding in config.embeddings:
    tensor = projector_plugin._read_tensor_tsv_file(f"{folder}/{embedding.tensor_path}")
    sprite = Image.open(f"{folder}/{embedding.sprite.image_path}").size if embedding.sprite.image_path else None
    projector.append(
        {
            "name": embedding.tensor_name,
            "tensor": tensor.tolist(),
            "shape": list(embedding.tensor_shape),
            "sprite": sprite,
            "tile": list(embedding.sprite.single_image_dim),
        }
    )
json.dump({"runs": runs, "graphs": graphs, "projector": projector}, sys.stdout)
