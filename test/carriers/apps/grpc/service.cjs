const bytes = (value) => value;
const method = (path, requestStream, responseStream) => ({
  path: `/fx.Rates/${path}`,
  requestStream,
  responseStream,
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
});

exports.RATES = {
  unary: method('unary', false, false),
  clientStream: method('clientStream', true, false),
  serverStream: method('serverStream', false, true),
  bidi: method('bidi', true, true),
};
