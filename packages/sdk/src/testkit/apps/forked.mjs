process.send(`${process.env.TRACEPARENT} ${process.env.TRACESTATE}`, () => process.disconnect());
