import { type Notices, noticesTo } from '../settings/notices.ts';

/** Notices, with what was said kept in order. */
export const heardNotices = (): { notices: Notices; heard: string[] } => {
  const heard: string[] = [];
  return { notices: noticesTo((line) => heard.push(line), 'info'), heard };
};
