// SQL in a run, through pg as an ES module imports it. Says what the server was sent.

import { run } from '@whence/sdk';
import pg from 'pg';
import queries from './queries.cjs';

await queries.ask(pg, run);
