export { type EventFile, type EventFileOptions, openEventFile, type Summaries } from "./event-file.js";
export type { GraphNode } from "./graph.js";
export { type ProjectorEmbedding, writeProjector } from "./projector.js";
export { drawSprite, type ImageBatch, type Sprite } from "./sprite.js";
