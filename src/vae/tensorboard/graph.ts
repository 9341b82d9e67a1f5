import { GraphMessage } from "./messages.js";

/** An operation in a graph, such as a layer of a network. */
export interface GraphNode {
  /**
   * Name. Nodes whose names begin with the same part before a slash form a group. TensorBoard shows a group as one box
   * until the user opens the box.
   */
  readonly name: string;
  /** Kind of operation, such as `Dense`. */
  readonly op: string;
  /** Names of the nodes whose outputs are the inputs of this node. */
  readonly inputs: readonly string[];
  /** Shape of the output. The dimension that counts the images is null. */
  readonly shape: readonly (number | null)[];
  /** Numbers with their names, which TensorBoard shows when the node is selected. */
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
