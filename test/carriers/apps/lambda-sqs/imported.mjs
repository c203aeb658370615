import { far } from './far-record.cjs';

export const handler = async (event) => far(event);
