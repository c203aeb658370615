import { createHmac } from 'node:crypto';

/** Headers of a message as Standard Webhooks 1.0 says; each secret signs. */
export const signedHeaders = (
  id: string,
  timestampSeconds: number,
  body: string,
  secrets: readonly Buffer[],
): Readonly<Record<string, string>> => {
  const signed = `${id}.${timestampSeconds}.${body}`;
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': secrets
      .map((secret) => `v1,${createHmac('sha256', secret).update(signed).digest('base64')}`)
      .join(' '),
  };
};
