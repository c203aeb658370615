const JOB_MAX_LENGTH = 200;
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}]/u;

/** 1 to 200 characters, no control or invisible ones, no blank at either end. */
export const isJobName = (text: string): boolean =>
  text !== '' && text.length <= JOB_MAX_LENGTH && text.trim() === text && !HIDDEN.test(text);
