/** The two encodings of OTLP. */
export type OtlpEncoding = 'application/x-protobuf' | 'application/json';

const BRACE = 0x7b;
const BLANKS: readonly number[] = [0x20, 0x09, 0x0a, 0x0d];

/** Of a request that is well formed: with an opening brace no OTLP message in protobuf begins. */
export const encodingOf = (request: Uint8Array): OtlpEncoding =>
  request.find((byte) => !BLANKS.includes(byte)) === BRACE ? 'application/json' : 'application/x-protobuf';
