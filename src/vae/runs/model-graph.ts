import type { LayersModel } from "@tensorflow/tfjs-layers";
import type { Model } from "../models/model.js";
import type { GraphNode } from "../tensorboard/index.js";

type Layer = LayersModel["layers"][number];

/**
 * Describes the layers of a model's networks as a graph. A node between encoder and decoder represents the code, which
 * is the input of the decoder.
 */
export function describeGraph(model: Model): GraphNode[] {
  const code: GraphNode = {
    name: CODE,
    op: model.hasLatentPosterior ? "Sample" : "Identity",
    inputs: model.encoder.outputLayers.map((layer) => `encoder/${layer.name}`),
    shape: [null, model.configuration.zDim],
  };
  const { encoder, decoder, others = [] } = model.parts;
  return [
    ...layerNodes("encoder", encoder.model),
    code,
    ...layerNodes("decoder", decoder.model, CODE),
    ...others.flatMap((network) => layerNodes(network.name, network.model)),
  ];
}

const CODE = "code";

/** @param input name of the node whose output is the input of the network */
function layerNodes(name: string, network: LayersModel, input?: string): GraphNode[] {
  return network.layers.map((layer) => {
    const before = layer.inboundNodes.flatMap((node) =>
      node.inboundLayers.map((from: Layer) => `${name}/${from.name}`),
    );
    return {
      name: `${name}/${layer.name}`,
      op: layer.getClassName(),
      inputs: before.length === 0 && input !== undefined ? [input] : [...new Set(before)],
      shape: [layer.outputShape].flat(1) as (number | null)[],
      numbers: { parameters: layer.countParams() },
    };
  });
}
