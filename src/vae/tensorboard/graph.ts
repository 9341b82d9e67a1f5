import { GraphMessage } from "./messages.js";

/** An operation in a graph, such as a layer of a network. */
export interface GraphNode {
  /** Name. Slashes make groups, which TensorBoard shows as one box until it is opened. */
  readonly name: string;
  /** Kind of operation, such as `Dense`. */
  readonly op: string;
  /** Names of the nodes whose outputs are the inputs of this node. */
  readonly inputs: readonly string[];
  /** Shape of the output; null for the number of images. */
  readonly shape: readonly (number | null)[];
  /** Numbers by name, which are shown when the node is selected. */
  readonly numbers?: Readonly<Record<string, number>> | undefined;
}

/** Encodes a graph for TensorBoard. */
export function encodeGraph(nodes: readonly GraphNode[]): Uint8Array {
  const node = nodes.map(({ name, op, inputs, shape, numbers = {} }) => ({
    name,
    op,
    input: inputs,
    attr: {
      ...Object.fromEntries(Object.entries(numbers).map(([key, i]) => [key, { i }])),
      // TensorBoard shows these shapes on the edges.
      _output_shapes: { list: { shape: [{ dim: shape.map((size) => ({ size: size ?? -1 })) }] } },
    },
  }));
  return GraphMessage.encode(GraphMessage.fromObject({ node })).finish();
}
