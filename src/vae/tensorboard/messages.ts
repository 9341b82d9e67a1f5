import protobuf from "protobufjs";

/**
 * Definitions of the protobuf messages that this package writes to TensorBoard's event files. The field numbers come
 * from event.proto, summary.proto, histogram.proto, graph.proto, node_def.proto, attr_value.proto and
 * tensor_shape.proto (github.com/tensorflow/tensorboard, tensorboard/compat/proto).
 */
const DEFINITIONS = `
  syntax = "proto3";
  message Event {
    double wall_time = 1;
    int64 step = 2;
    oneof what {
      string file_version = 3;
      bytes graph_def = 4;
      Summary summary = 5;
      SessionLog session_log = 7;
    }
  }
  message SessionLog {
    enum SessionStatus {
      STATUS_UNSPECIFIED = 0;
      START = 1;
    }
    SessionStatus status = 1;
  }
  message Summary {
    message Image {
      int32 height = 1;
      int32 width = 2;
      int32 colorspace = 3;
      bytes encoded_image_string = 4;
    }
    message Value {
      string tag = 1;
      oneof value {
        float simple_value = 2;
        Image image = 4;
        HistogramProto histo = 5;
      }
    }
    repeated Value value = 1;
  }
  message HistogramProto {
    double min = 1;
    double max = 2;
    double num = 3;
    double sum = 4;
    double sum_squares = 5;
    repeated double bucket_limit = 6 [packed = true];
    repeated double bucket = 7 [packed = true];
  }
  message GraphDef {
    repeated NodeDef node = 1;
  }
  message NodeDef {
    string name = 1;
    string op = 2;
    repeated string input = 3;
    map<string, AttrValue> attr = 5;
  }
  message AttrValue {
    oneof value {
      int64 i = 3;
      ListValue list = 1;
    }
    message ListValue {
      repeated TensorShapeProto shape = 7;
    }
  }
  message TensorShapeProto {
    repeated Dim dim = 2;
    message Dim {
      int64 size = 1;
    }
  }
`;

/** Numbers of values in consecutive intervals. */
export interface Histogram {
  min: number;
  max: number;
  num: number;
  sum: number;
  sumSquares: number;
  /** Upper ends of the intervals. The first interval begins at `min`. */
  bucketLimit: number[];
  bucket: number[];
}

/** One value of a summary. Exactly one of the last three fields is set. */
export interface SummaryValue {
  tag: string;
  simpleValue?: number;
  /** An image. `colorspace` is the number of channels: 1 gray, 2 gray and alpha, 3 RGB, 4 RGBA. */
  image?: { height: number; width: number; colorspace: number; encodedImageString: Uint8Array };
  histo?: Histogram;
}

/** An event. Exactly one of the last four fields is set. */
export interface TensorBoardEvent {
  /** Seconds since 1970. */
  wallTime: number;
  step: number;
  fileVersion?: string;
  /** An encoded {@link GraphMessage}. */
  graphDef?: Uint8Array;
  summary?: { value: SummaryValue[] };
  /** Status 1 means that a run begins or is resumed at this step. */
  sessionLog?: { status: 1 };
}

const { root } = protobuf.parse(DEFINITIONS);
/** Encodes and decodes a {@link TensorBoardEvent}. */
export const EventMessage = root.lookupType("Event");
/** Encodes the nodes of a graph. */
export const GraphMessage = root.lookupType("GraphDef");

export function encodeEvent(event: TensorBoardEvent): Uint8Array {
  return EventMessage.encode(EventMessage.create({ ...event })).finish();
}
