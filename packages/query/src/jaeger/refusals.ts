import type { Problem } from '../api/problem.ts';

/** How each generation of Jaeger's API says no. */

/** `{"data":null,…,"errors":[{"code":404,"msg":"trace not found"}]}` */
export const firstRefusal = ({ status, detail }: Problem): unknown => ({
  ...ENVELOPE,
  data: null,
  errors: [{ code: status, msg: detail }],
});

/** `{"error":{"httpCode":404,"message":"No traces found"}}` */
export const thirdRefusal = ({ status, detail }: Problem): unknown => ({
  error: { httpCode: status, message: detail },
});

/** What every answer of the first generation holds beside `data`. */
export const ENVELOPE = { total: 0, limit: 0, offset: 0, errors: null } as const;
