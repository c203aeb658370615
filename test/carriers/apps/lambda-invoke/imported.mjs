import { farWork } from '../far-work.cjs';

export const handler = async () => farWork();
