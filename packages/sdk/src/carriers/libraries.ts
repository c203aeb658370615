import { grpc } from './http/grpc.ts';
import { http } from './http/http.ts';
import { undici } from './http/undici.ts';
import { mysql2 } from './sql/mysql2.ts';
import { pg } from './sql/pg.ts';
import { ioredis } from './stores/ioredis.ts';
import { mongodb } from './stores/mongodb.ts';
import { redis } from './stores/redis.ts';
import type { TracedLibrary } from './traced-library.ts';

/** All that is traced by itself, by the name under which the start-up line has it. */
export const LIBRARIES: Readonly<Record<string, TracedLibrary>> = {
  http,
  undici,
  grpc,
  pg,
  mysql2,
  redis,
  ioredis,
  mongodb,
};

/** The packages that are patched while they are loaded. */
export const HOOKED_PACKAGES: readonly string[] = Object.values(LIBRARIES).flatMap(
  ({ packages }) => packages,
);
