/**
 * Which carriers are those of requests that come in from outside, and not of messages or of whatever else is extracted
 * in this process. An instrumentation tells of a request's headers right before it extracts from them.
 */
export const requestArrives = (headers: object): void => {
  arriving = headers;
};

let arriving: object | undefined;

export const isArrivingRequest = (carrier: unknown): boolean => {
  if (typeof carrier !== 'object' || carrier === null) return false;
  if (carrier === arriving) {
    arriving = undefined;
    return true;
  }
  return isGrpcMetadata(carrier);
};

/** Nothing but a gRPC server extracts from these. */
const isGrpcMetadata = (carrier: object): boolean =>
  typeof (carrier as { getMap?: unknown }).getMap === 'function';
