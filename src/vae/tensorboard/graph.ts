import { GraphMessage } from "./messages.js";

/** An operation in a graph, such as a layer of a network. */
export interface GraphNode {
  /** Slashes make groups, which the page shows as one box until it is opened. */
  readonly name: string;
  /** What it does, such as `Dense`. */
  readonly op: string;
  /** Names of the nodes whose outputs it takes. */
  readonly inputs: readonly string[];
  /** Shape of its output; null for the number of images. */
  readonly shape: readonly (number | null)[];
  /** Numbers by name, shown when the node is selected. */
  readonly numbers?: Readonly<Record<string, number>> | undefined;
}

/** The graph as TensorBoard reads it. */
export function encodeGraph(nodes: readonly GraphNode[]): Uint8Array {
  const node = nodes.map(({ name, op, inputs, shape, numbers = {} }) => ({
    name,
    op,
    input: inputs,
    attr: {
      ...Object.fromEntries(Object.entries(numbers).map(([key, i]) => [key, { i }])),
      // The page writes these shapes on the edges.
      _output_shapes: { list: { shape: [{ dim: shape.map((size) => ({ size: size ?? -1 })) }] } },
    },
  }));
  return GraphMessage.encode(GraphMessage.fromObject({ node })).finish();
}
