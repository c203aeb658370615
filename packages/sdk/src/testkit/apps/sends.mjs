// In one run, with baggage: calls to LISTED and OTHER (the same server by two names) in every way there is.
import { get } from 'node:http';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { context, propagation } from '@opentelemetry/api';
import { run } from '@whence/sdk';

const { LISTED, OTHER } = process.env;
const identity = (bytes) => bytes;

const got = (...request) =>
  new Promise((resolve, reject) => {
    get(...request, (response) => response.resume().on('end', resolve)).on('error', reject);
  });

const called = (host, metadata) =>
  new Promise((resolve, reject) => {
    const client = new Client(host, credentials.createInsecure());
    client.makeUnaryRequest('/fx.Rates/Convert', identity, identity, Buffer.from('?'), metadata, (error) => {
      client.close();
      if (error === null) resolve();
      else reject(error);
    });
  });

const baggage = propagation.createBaggage({ owner: { value: 'anna' } });
await context.with(propagation.setBaggage(context.active(), baggage), () =>
  run({ job: 'sends' }, async () => {
    for (const [name, base] of Object.entries({ listed: LISTED, other: OTHER })) {
      await got(`${base}/http/${name}`);
      await (await fetch(`${base}/fetch/${name}`)).text();
    }
    await (await fetch(`${LISTED}/away?to=${OTHER}/redirected/other`)).text();
    await (await fetch(`${OTHER}/away?to=${LISTED}/redirected/listed`)).text();
    const listed = new URL(LISTED);
    await got({ host: listed.hostname, port: listed.port, path: 'http://third.example/proxied/http?x=1' });

    const byHand = {
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      'Txn-Token': 'by.hand.it',
    };
    await (await fetch(`${LISTED}/by-hand/fetch`, { headers: byHand })).text();
    await got(`${LISTED}/by-hand/http`, { headers: { ...byHand } });
    await (await fetch(`${OTHER}/by-hand/other`, { headers: byHand })).text();

    const metadata = new Metadata();
    metadata.set('order', '7');
    await called(process.env.GRPC_LISTED, metadata);
    await called(process.env.GRPC_OTHER, metadata);
    process.stdout.write(JSON.stringify(metadata.getMap()));
  }),
);
